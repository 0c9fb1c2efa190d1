#ifndef POLICY_ACE_JWT_CLAIMS_H_
#define POLICY_ACE_JWT_CLAIMS_H_

#include "absl/status/statusor.h"
#include "policy/ace/claims.h"
#include "policy/ace/json.h"

namespace sluice::ace {

// Reads the claims of a JWT (RFC 7519 section 4.1, RFC 9200 section 5.10) and
// checks their types: `aud` a string or an array of them, `exp` or `exi` there,
// instants numbers between 1970 and 9999 (fractions allowed), `exi` a positive
// number of whole seconds and beside a `jti`, `sub` and `jti` text without
// control characters, `ace_profile`, when there, "mqtt_tls" or 3 (ACE-TOK-6).
// Anything else: Rejection::kInvalid, naming the claim.
absl::StatusOr<Claims> ReadJwtClaims(const Json& payload);

}  // namespace sluice::ace

#endif  // POLICY_ACE_JWT_CLAIMS_H_
