#ifndef POLICY_ACE_CWT_H_
#define POLICY_ACE_CWT_H_

#include "absl/status/statusor.h"
#include "policy/ace/token_contents.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// Reads a CWT (RFC 8392), tagged or not, whose issuer vouches for it in one of
// these ways:
//  - COSE_Sign1 or COSE_Mac0 with one of the issuer's keys;
//  - the same inside a COSE_Encrypt0 for one of the broker's decryption keys;
//  - a COSE_Encrypt0 with a symmetric key of the issuer's, around the claims
//    themselves. A decryption key will not do here, since all issuers share it.
// A COSE_Encrypt0 that a decryption key fits (by `kid` where it has one) is
// decrypted with that, and with an issuer's key only where none does.
// Failures carry a Rejection unless the known keys could not be asked.
absl::StatusOr<TokenContents> ReadCwt(ByteView token,
                                      const TokenContext& context);

}  // namespace sluice::ace

#endif  // POLICY_ACE_CWT_H_
