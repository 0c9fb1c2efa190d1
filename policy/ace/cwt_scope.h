#ifndef POLICY_ACE_CWT_SCOPE_H_
#define POLICY_ACE_CWT_SCOPE_H_

#include "absl/status/statusor.h"
#include "policy/ace/cbor.h"
#include "policy/ace/issuer.h"
#include "policy/ace/scope.h"

namespace sluice::ace {

// The `scope` of `claims`, a map, as `profile` has it; empty where there is
// none. Errors are those of ReadAifScopeCbor and ParseDraft01Scope.
absl::StatusOr<Scope> ReadCwtScope(const Cbor& claims, Profile profile);

}  // namespace sluice::ace

#endif  // POLICY_ACE_CWT_SCOPE_H_
