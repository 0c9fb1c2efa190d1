#ifndef PROXY_SESSION_EVENT_H_
#define PROXY_SESSION_EVENT_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "proxy/session/client_identity.h"
#include "proxy/session/counters.h"

namespace sluice::session {

// Something worth a line in the log. Views live as long as the call.
struct Event {
  enum class Kind : uint8_t { kConnected, kRefused, kDenied, kClosed };
  Kind kind;
  Action action = Action::kConnect;
  uint8_t reason_code = 0;  // as sent on the wire, in MQTT 5.0 terms
  ClientIdentity client;
  bool has_token = false;    // a good one, shown
  absl::string_view topic;   // kDenied: topic name or filter
  absl::string_view detail;  // for people; holds no secret
};

class ObserverInterface {
 public:
  virtual ~ObserverInterface() = default;
  virtual void OnEvent(const Event& event) = 0;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_EVENT_H_
