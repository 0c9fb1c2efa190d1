#ifndef PROXY_SESSION_CONTEXT_H_
#define PROXY_SESSION_CONTEXT_H_

#include <cstdint>
#include <string>

#include "policy/revocation/revocation_set.h"
#include "proxy/session/anonymous_limit_interface.h"
#include "proxy/session/client_nonces_interface.h"
#include "proxy/session/counters.h"
#include "proxy/session/decision_recorder.h"
#include "proxy/session/denial_limit_interface.h"
#include "proxy/session/event.h"
#include "proxy/session/random.h"
#include "proxy/session/settings.h"
#include "proxy/session/tls_channel_interface.h"

namespace sluice::session {

// What the policy service has pushed to this proxy. Shared by the sessions of
// an event loop, and changed between their inputs: see
// Session::OnRevocations() and OnPolicyVersion().
struct LivePolicy {
  policy::RevocationSet revocations;
  // See policy.v1.PolicyVersion; empty while none has come.
  std::string version;
  uint64_t version_changes = 0;
  // Whether all this is heard of. Nobody is let in while it is not: a
  // revocation might have been missed (ACE-EXP-4).
  bool is_followed = false;
};

// What a session is told about its client and given to work with. The pointers
// outlive the session.
struct Context {
  const Settings* settings;
  std::string client_address;  // "address:port"
  const TlsChannelInterface* tls;
  RandomInterface* random;
  Counters* counters;
  ObserverInterface* observer;
  const LivePolicy* live_policy;
  // Null: hints are without a nonce, and those in tokens do not matter.
  const ClientNoncesInterface* client_nonces = nullptr;
  // Null: decisions are not recorded, and clients are not told their ids.
  DecisionRecorder* recorder = nullptr;
  std::string session_id;  // for the record
  // Null: denials are not limited.
  DenialLimitInterface* denials = nullptr;
  // Null: clients without a token are not limited.
  AnonymousLimitInterface* anonymous = nullptr;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_CONTEXT_H_
