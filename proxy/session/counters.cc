#include "proxy/session/counters.h"

namespace sluice::session {

const char* DirectionName(Direction direction) {
  switch (direction) {
    case Direction::kFromClient:
      return "from_client";
    case Direction::kFromBroker:
      return "from_broker";
  }
  return "unknown";
}

const char* ActionName(Action action) {
  switch (action) {
    case Action::kConnect:
      return "connect";
    case Action::kPublish:
      return "publish";
    case Action::kDeliver:
      return "deliver";
    case Action::kSubscribe:
      return "subscribe";
    case Action::kReauthenticate:
      return "reauthenticate";
    case Action::kStoreToken:
      return "store_token";
    case Action::kRecheck:
      return "recheck";
    case Action::kRevoke:
      return "revoke";
  }
  return "unknown";
}

const char* VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllowed:
      return "allowed";
    case Verdict::kDenied:
      return "denied";
    case Verdict::kError:
      return "error";
  }
  return "unknown";
}

ConnectLabels LabelsOf(ConnectOutcome outcome) {
  switch (outcome) {
    case ConnectOutcome::kAccepted:
      return {"accepted", "none"};
    case ConnectOutcome::kNoCredential:
      return {"refused", "no_credential"};
    case ConnectOutcome::kBadMethod:
      return {"refused", "bad_method"};
    case ConnectOutcome::kTokenInvalid:
      return {"refused", "token_invalid"};
    case ConnectOutcome::kProofInvalid:
      return {"refused", "proof_invalid"};
    case ConnectOutcome::kWillDenied:
      return {"refused", "will_denied"};
    case ConnectOutcome::kClientIdInUse:
      return {"refused", "client_id_in_use"};
    case ConnectOutcome::kUnsupportedVersion:
      return {"refused", "unsupported_version"};
    case ConnectOutcome::kMalformed:
      return {"refused", "malformed"};
    case ConnectOutcome::kTimeout:
      return {"refused", "timeout"};
    case ConnectOutcome::kTooManyDenials:
      return {"refused", "too_many_denials"};
    case ConnectOutcome::kTooManyAnonymous:
      return {"refused", "too_many_anonymous"};
    case ConnectOutcome::kPolicyUnavailable:
      return {"error", "policy_unavailable"};
    case ConnectOutcome::kBrokerUnavailable:
      return {"error", "broker_unavailable"};
    case ConnectOutcome::kBrokerClosed:
      return {"error", "broker_closed"};
    case ConnectOutcome::kBrokerRefused:
      return {"refused", "broker_refused"};
    case ConnectOutcome::kShuttingDown:
      return {"error", "shutting_down"};
    case ConnectOutcome::kClientLeft:
      return {"abandoned", "client_left"};
  }
  return {"unknown", "unknown"};
}

const char* SessionEndName(SessionEnd end) {
  switch (end) {
    case SessionEnd::kClient:
      return "client";
    case SessionEnd::kBroker:
      return "broker";
    case SessionEnd::kExpired:
      return "expired";
    case SessionEnd::kDenied:
      return "denied";
    case SessionEnd::kRevoked:
      return "revoked";
    case SessionEnd::kOperator:
      return "operator";
    case SessionEnd::kError:
      return "error";
    case SessionEnd::kPolicyOutage:
      return "policy_outage";
    case SessionEnd::kShuttingDown:
      return "shutting_down";
    case SessionEnd::kEvicted:
      return "evicted";
  }
  return "unknown";
}

}  // namespace sluice::session
