#ifndef POLICY_ACE_CWT_CONFIRMATION_H_
#define POLICY_ACE_CWT_CONFIRMATION_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "policy/ace/cbor.h"
#include "policy/ace/confirmation.h"
#include "policy/ace/pop_key.h"

namespace sluice::ace {

// The members of `cnf` in a CWT (RFC 8747 section 3.1).
enum class CwtConfirmation : int64_t {
  kCoseKey = 1,
  kEncryptedCoseKey = 2,
  kKid = 3,
};

// The value of `member` in `cnf`; nullptr where it is not there.
inline const Cbor* FindMember(const Cbor& cnf, CwtConfirmation member) {
  return FindKey(cnf, static_cast<int64_t>(member));
}

// ReadJwtConfirmation for a CWT: `COSE_Key` where a JWT has `jwk`,
// `Encrypted_COSE_Key` where it has `jwe`, a COSE_Encrypt0 that is encrypted
// directly with a decryption key, and `kid`, a byte string. No other member has
// a meaning.
absl::StatusOr<PopKey> ReadCwtConfirmation(const Cbor* cnf,
                                           const ConfirmationContext& context);

}  // namespace sluice::ace

#endif  // POLICY_ACE_CWT_CONFIRMATION_H_
