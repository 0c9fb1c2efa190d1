#ifndef PROXY_TRANSPORT_ADMISSION_H_
#define PROXY_TRANSPORT_ADMISSION_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "absl/time/time.h"
#include "proxy/transport/address_rates.h"
#include "proxy/transport/socket_address.h"

namespace sluice::transport {

// Of a proxy; zero is "no limit".
struct ConnectionLimits {
  uint64_t max_connections = 0;
  // New connections of one client address: on average, and in one burst.
  double connections_per_second = 0;
  // Denials of one client address, likewise; see session::DenialLimitInterface.
  double denials_per_second = 0;
  // Connections that are not let in yet, each event loop having its share; see
  // YieldingConnections.
  uint64_t max_pending = 0;
  absl::Duration pending_grace = absl::Seconds(1);
  // Connections that were let in without a token, shared likewise.
  uint64_t max_anonymous = 0;
};

// Counts the connections of all event loops and says who may come in. Any
// thread.
class Admission {
 public:
  enum class Verdict : uint8_t {
    kAdmitted,
    kTooMany,
    kTooFast,
    kTooManyDenials
  };

  // `clock` is for tests.
  explicit Admission(const ConnectionLimits& limits,
                     AddressRates::Clock clock = AddressRates::SystemClock)
      : limits_(limits),
        rates_(limits.connections_per_second, clock),
        denials_(limits.denials_per_second, clock) {}

  // Each kAdmitted needs a Release().
  Verdict Admit(const SocketAddress& client);
  void Release();
  // Denials of clients, by their addresses.
  AddressRates& denials() { return denials_; }

  uint64_t connections() const {
    return connections_.load(std::memory_order_relaxed);
  }
  // Waits until there are no connections; false if that took too long.
  bool WaitUntilNone(absl::Duration timeout);

 private:
  const ConnectionLimits limits_;
  std::atomic<uint64_t> connections_{0};
  AddressRates rates_;
  AddressRates denials_;
  std::mutex mutex_;
  std::condition_variable none_;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_ADMISSION_H_
