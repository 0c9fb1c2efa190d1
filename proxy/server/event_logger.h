#ifndef PROXY_SERVER_EVENT_LOGGER_H_
#define PROXY_SERVER_EVENT_LOGGER_H_

#include "absl/strings/string_view.h"
#include "proxy/base/log.h"
#include "proxy/session/session.h"
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
// Thread-safe: one serves all event loops.
class EventLogger final : public session::ObserverInterface,
                          public transport::TransportObserverInterface {
 public:
  // `logger` outlives the object.
  explicit EventLogger(Logger* logger) : logger_(*logger) {}

  void OnEvent(const session::Event& event) override;
  void OnHandshakeFailed(absl::string_view client_address,
                         absl::string_view reason) override;

 private:
  Logger& logger_;
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_EVENT_LOGGER_H_
