#ifndef TEST_BENCH_LOAD_CONNECT_RATE_H_
#define TEST_BENCH_LOAD_CONNECT_RATE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "test/bench/load/histogram.h"
#include "test/bench/load/workload.h"

namespace sluice::load {

// Connections one after another, `connections` at a time: TCP, a full TLS
// handshake, CONNECT until CONNACK, DISCONNECT.
class ConnectRate final : public Workload {
 public:
  ConnectRate(const Options& options, ConnectionContext context,
              Measurement measurement);

  absl::StatusOr<std::string> Run() override;

 private:
  void OnReady(Connection& connection) override;

  // Keeps opening connections until `deadline`.
  absl::Status OpenUntil(int64_t deadline);
  // Lets those that are being opened come to their end. DeadlineExceeded when
  // one does not.
  absl::Status Drain();
  std::string Result(uint64_t connected) const;

  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> free_;
  uint64_t connected_ = 0;
  // Latency is that of the connections opened between these two.
  int64_t measure_from_ = 0;
  int64_t measure_to_ = 0;
  Histogram latency_;
};

}  // namespace sluice::load

#endif  // TEST_BENCH_LOAD_CONNECT_RATE_H_
