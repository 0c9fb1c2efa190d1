#ifndef POLICY_ACE_JWT_CONFIRMATION_H_
#define POLICY_ACE_JWT_CONFIRMATION_H_

#include "absl/status/statusor.h"
#include "policy/ace/confirmation.h"
#include "policy/ace/json.h"
#include "policy/ace/pop_key.h"

namespace sluice::ace {

// Reads the key that a JWT is bound to out of its `cnf` claim (RFC 7800 section
// 3, RFC 8705 section 3.1; ACE-TOK-4), null where the claim is missing:
//  - `jwk`, a public key. A private one is refused, and so is a symmetric one,
//    which anybody could read, unless the token is encrypted.
//  - `jwe`, a symmetric JWK encrypted for one of the decryption keys.
//  - `x5t#S256`, the SHA-256 of a client certificate.
//  - `kid`, the name of a key that is known already.
// Exactly one of them, but for a `kid` beside another, which is only a name and
// is ignored. A `jku` is not supported. Failures carry Rejection::kInvalid and
// name the member, unless the known keys could not be asked.
absl::StatusOr<PopKey> ReadJwtConfirmation(const Json* cnf,
                                           const ConfirmationContext& context);

}  // namespace sluice::ace

#endif  // POLICY_ACE_JWT_CONFIRMATION_H_
