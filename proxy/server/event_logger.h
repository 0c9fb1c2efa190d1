#ifndef PROXY_SERVER_EVENT_LOGGER_H_
#define PROXY_SERVER_EVENT_LOGGER_H_

#include <atomic>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "proxy/base/limited_event.h"
#include "proxy/base/log.h"
#include "proxy/session/event.h"
#include "proxy/transport/transport_observer.h"

namespace sluice::server {

// Writes what sessions and their connections report to the log, an event a
// line:
//
//   handshake_failed  info     TLS; before there is a session
//   client_connected  info
//   client_refused    warning  a CONNECT was refused
//   client_denied     warning  a packet was denied
//   client_closed     info
//
// with what is known of listener, client address, Client Identifier, subject
// and token id, topic, reason code and detail. Tokens, proofs and payloads
// never get here. Values that a client chose are cut short: a topic name of 64
// KiB is no reason for a line of 64 KiB.
//
// What anybody can cause who reaches a listener, failed handshakes, refused
// clients, and what clients without a token do, is a LimitedEvent.
//
// Thread-safe: one serves all event loops.
class EventLogger final : public session::ObserverInterface,
                          public transport::TransportObserverInterface {
 public:
  // `logger` outlives the object.
  explicit EventLogger(Logger* logger, absl::Time (*now)() = absl::Now)
      : logger_(*logger), now_(now) {}
  ~EventLogger() override;

  void OnEvent(const session::Event& event) override;
  void OnHandshakeFailed(absl::string_view listener,
                         absl::string_view client_address,
                         absl::string_view reason) override;

  // Lines that were not written, as there were too many.
  const std::atomic<uint64_t>& suppressed() const { return suppressed_; }

 private:
  // Of an event's lines; null: none.
  LimitedEvent* LimitOf(const session::Event& event);

  Logger& logger_;
  absl::Time (*const now_)();
  std::atomic<uint64_t> suppressed_{0};
  LimitedEvent handshakes_{"handshake_failed", &suppressed_};
  LimitedEvent connections_{"client_connected", &suppressed_};
  LimitedEvent refusals_{"client_refused", &suppressed_};
  LimitedEvent denials_{"client_denied", &suppressed_};
  LimitedEvent ends_{"client_closed", &suppressed_};
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_EVENT_LOGGER_H_
