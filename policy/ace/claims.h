#ifndef POLICY_ACE_CLAIMS_H_
#define POLICY_ACE_CLAIMS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/ace/json.h"

namespace sluice::ace {

// The claims of a JWT that do not depend on the profile's edition, in types of
// ours. `cnf` and `scope` are read elsewhere.
struct Claims {
  std::string subject;   // `sub`; empty where there is none
  std::string token_id;  // `jti`; empty where there is none
  std::vector<std::string> audience;
  absl::Time expires_at;
  std::optional<absl::Time> not_before;
  std::optional<absl::Time> issued_at;
};

// Reads the claims and checks their types: `aud` a string or an array of them,
// `exp` there, instants numbers between 1970 and 9999 (fractions allowed),
// `sub` and `jti` text without control characters, `ace_profile`, when there,
// "mqtt_tls" or 3 (ACE-TOK-6), and no `exi`, which is not supported. Anything
// else: Rejection::kInvalid, naming the claim.
absl::StatusOr<Claims> ReadClaims(const Json& payload);

// Whether a token with `claims` is for `audience` and, give or take `leeway`,
// in force at `now`. Rejection::kExpired only where all else is in order.
absl::Status CheckClaims(const Claims& claims, absl::string_view audience,
                         absl::Time now, absl::Duration leeway);

}  // namespace sluice::ace

#endif  // POLICY_ACE_CLAIMS_H_
