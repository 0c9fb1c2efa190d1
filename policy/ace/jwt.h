#ifndef POLICY_ACE_JWT_H_
#define POLICY_ACE_JWT_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/token_contents.h"

namespace sluice::ace {

// Reads a JWT (RFC 7519) that is signed, in the compact serialisation of a JWS:
// checks the signature with the keys of the issuer that it names, and reads the
// claims. Failures carry a Rejection unless the known keys could not be asked.
absl::StatusOr<TokenContents> ReadSignedJwt(absl::string_view token,
                                            const TokenContext& context);

// The same for one that is signed and then encrypted (RFC 7519 section 5.2), a
// JWE that holds a JWS. A JWE that holds the claims themselves is refused:
// encrypting for the broker takes no secret that only an issuer has.
absl::StatusOr<TokenContents> ReadEncryptedJwt(absl::string_view token,
                                               const TokenContext& context);

}  // namespace sluice::ace

#endif  // POLICY_ACE_JWT_H_
