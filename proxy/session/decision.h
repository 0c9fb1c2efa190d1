#ifndef PROXY_SESSION_DECISION_H_
#define PROXY_SESSION_DECISION_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/session/client_identity.h"
#include "proxy/session/counters.h"
#include "proxy/session/decision_id.h"

namespace sluice::session {

// Who was or was not let do what, and why. Views live as long as the call, and
// are empty where there is nothing to say.
struct Decision {
  DecisionId id;
  absl::Time time;
  Action action = Action::kConnect;
  Verdict verdict = Verdict::kAllowed;
  uint8_t reason_code = 0;  // in MQTT 5.0 terms
  absl::string_view session_id;
  ClientIdentity client;
  mqtt::ProtocolVersion version = mqtt::ProtocolVersion::kV5;
  absl::string_view topic;  // topic name or filter
  // What decided: the granted filter, "public", or why not. Holds no secret.
  absl::string_view rule;
  // Said by a rule that is not enforced: what is denied was let pass.
  bool shadow = false;
  // How long the policy service was waited for, where it was.
  absl::optional<absl::Duration> latency;

  // Nothing was kept from anybody. There are many of these: where there is not
  // room for all decisions, they give way.
  bool LetPass() const { return verdict == Verdict::kAllowed || shadow; }
};

// Hears of decisions, on the event loops' threads: it must not block.
class DecisionObserverInterface {
 public:
  virtual ~DecisionObserverInterface() = default;
  // Whether anybody wants to know: else decisions need not be told.
  virtual bool IsListening() const = 0;
  virtual void OnDecision(const Decision& decision) = 0;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_DECISION_H_
