#ifndef TEST_BENCH_LOAD_WORKLOAD_H_
#define TEST_BENCH_LOAD_WORKLOAD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "test/bench/load/connection.h"
#include "test/bench/load/event_loop.h"
#include "test/bench/load/json_object.h"
#include "test/bench/load/measurement.h"
#include "test/bench/load/options.h"

namespace sluice::load {

// What the modes have in common: the loop, the connections' context, and that
// the first failed connection fails the run.
class Workload : public ConnectionObserverInterface {
 public:
  virtual ~Workload() = default;

  // Puts on the load. The result as one line of JSON, or what went wrong.
  virtual absl::StatusOr<std::string> Run() = 0;

 protected:
  // `options` must outlive the workload.
  Workload(const Options& options, ConnectionContext context,
           Measurement measurement);

  // Handles events until `deadline` (NowNanos()), until `done` says so, or
  // until a connection fails, which is the error. Calls `work(now)` before each
  // wait; it returns when it wants to be called again.
  absl::Status Loop(int64_t deadline,
                    const std::function<int64_t(int64_t)>& work,
                    const std::function<bool()>& done);

  // Opens all, few at a time. DeadlineExceeded after half a minute.
  absl::Status OpenAll(const std::vector<Connection*>& connections);

  // Makes a connection with a Client Identifier of its own: `role` and `index`
  // tell it apart in this process.
  std::unique_ptr<Connection> NewConnection(absl::string_view role, int index,
                                            std::string filter);

  // The members with which every result begins.
  JsonObject Head() const;

  const Options& options() const { return options_; }
  Measurement& measurement() { return measurement_; }
  const Measurement& measurement() const { return measurement_; }

  // ConnectionObserverInterface. Those that few modes need do nothing here.
  void OnReady(Connection& connection) override;
  void OnFailed(Connection& connection, const absl::Status& why) override;
  void OnMessage(Connection&, ByteView, int64_t) override {}
  void OnAcknowledged(Connection&) override {}
  void OnDrained(Connection&) override {}

 private:
  const Options& options_;
  EventLoop loop_;
  ConnectionContext context_;
  Measurement measurement_;
  absl::Status failure_;
  size_t ready_ = 0;  // how often OnReady() came
};

}  // namespace sluice::load

#endif  // TEST_BENCH_LOAD_WORKLOAD_H_
