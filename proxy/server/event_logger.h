#ifndef PROXY_SERVER_EVENT_LOGGER_H_
#define PROXY_SERVER_EVENT_LOGGER_H_

#include "proxy/base/log.h"
#include "proxy/session/session.h"

namespace sluice::server {

// Writes what sessions report to the log, an event a line:
//
//   client_connected  info
//   client_refused    warning  a CONNECT was refused
//   client_denied     warning  a packet was denied
//   client_closed     info
//
// with what is known of listener, client address, Client Identifier, subject
// and token id, topic, reason code and detail. Tokens, proofs and payloads
// never get here. Values that a client chose are cut short: a topic name of 64
// KiB is no reason for a line of 64 KiB.
class EventLogger : public session::ObserverInterface {
 public:
  // `logger` outlives the object.
  explicit EventLogger(Logger* logger) : logger_(*logger) {}

  void OnEvent(const session::Event& event) override;

 private:
  Logger& logger_;
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_EVENT_LOGGER_H_
