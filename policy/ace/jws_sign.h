#ifndef POLICY_ACE_JWS_SIGN_H_
#define POLICY_ACE_JWS_SIGN_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/signing_key.h"

namespace sluice::ace {

// Signs `payload`, the JSON of the claims, as a JWT in the compact
// serialisation. The header has `alg`, `typ` and, where the key has one, `kid`.
absl::StatusOr<std::string> SignJwt(const SigningKey& key,
                                    absl::string_view payload);

// The same with a header of the caller's, taken as it is: also one that no
// verifier should take.
absl::StatusOr<std::string> SignJws(const SigningKey& key,
                                    absl::string_view header,
                                    absl::string_view payload);

}  // namespace sluice::ace

#endif  // POLICY_ACE_JWS_SIGN_H_
