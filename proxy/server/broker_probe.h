#ifndef PROXY_SERVER_BROKER_PROBE_H_
#define PROXY_SERVER_BROKER_PROBE_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "proxy/base/address.h"
#include "proxy/base/log.h"
#include "proxy/server/tcp_probe.h"

namespace sluice::server {

// Knows whether the broker can be reached: connects to it every now and then,
// on a thread of its own, and hangs up at once. It only watches; clients are
// served whatever it finds. Its end waits for no attempt, as looking up a name
// may take as long as the resolver likes: the thread then ends by itself.
class BrokerProbe {
 public:
  struct Options {
    absl::Duration interval = absl::Seconds(2);
    absl::Duration timeout = absl::Seconds(2);  // of one attempt
    // OK where somebody accepts connections at an address; for tests.
    std::function<absl::Status(const Address&, absl::Duration timeout)>
        try_to_connect = TryToConnect;
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

 private:
  // What the thread uses, which may outlive the probe.
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    Address address;
    bool first = true;  // no attempt at this address yet
    bool reachable = false;
    Logger* logger;  // null: the probe has ended
  };

  static void Run(const std::shared_ptr<State>& state, const Options& options);

  const std::shared_ptr<State> state_;
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_BROKER_PROBE_H_
