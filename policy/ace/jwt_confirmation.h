#ifndef POLICY_ACE_CONFIRMATION_H_
#define POLICY_ACE_CONFIRMATION_H_

#include "absl/status/statusor.h"
#include "policy/ace/json.h"
#include "policy/ace/jwk.h"
#include "policy/ace/pop_key.h"

namespace sluice::ace {

// Reads the PoP key out of the `cnf` claim (RFC 7800 section 3) of a signed
// JWT (ACE-TOK-4); `cnf` is null where the claim is missing. Supported:
//  - `jwk`, an asymmetric public key. A symmetric key in clear, and a private
//    one, are refused.
//  - `jwe`, a symmetric JWK encrypted with one of `decryption_keys`.
// Exactly one of them. A `kid` beside it is only a name and is ignored; a `kid`
// alone and any `x5t#S256` or `jku` are not supported. Failures carry
// Rejection::kInvalid and name the member.
absl::StatusOr<PopKey> ReadConfirmation(const Json* cnf,
                                        const JwkSet& decryption_keys);

}  // namespace sluice::ace

#endif  // POLICY_ACE_CONFIRMATION_H_
