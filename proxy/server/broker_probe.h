#ifndef PROXY_SERVER_BROKER_PROBE_H_
#define PROXY_SERVER_BROKER_PROBE_H_

#include <condition_variable>
#include <mutex>
#include <thread>

#include "absl/time/time.h"
#include "proxy/base/log.h"
#include "proxy/server/field_checks.h"

namespace sluice::server {

// Knows whether the broker can be reached: connects to it every now and then,
// on a thread of its own, and hangs up at once. It only watches; clients are
// served whatever it finds.
class BrokerProbe {
 public:
  struct Options {
    absl::Duration interval = absl::Seconds(2);
    absl::Duration timeout = absl::Seconds(2);  // of one attempt
  };

  // Begins at once. Tells `logger`, which outlives the probe, of each change.
  BrokerProbe(Address address, const Options& options, Logger* logger);
  ~BrokerProbe();
  BrokerProbe(const BrokerProbe&) = delete;
  BrokerProbe& operator=(const BrokerProbe&) = delete;

  // What the latest attempt found; false before there was one. Any thread.
  bool reachable() const;

  // Watches another broker from now on. Any thread.
  void SetAddress(Address address);

  // Waits for an attempt at the present address to end. Any thread.
  void WaitForAttempt();

 private:
  void Run();
  void Report(const Address& address, bool reachable);

  const Options options_;
  Logger& logger_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Address address_;
  bool first_ = true;  // no attempt at this address yet
  bool reachable_ = false;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_BROKER_PROBE_H_
