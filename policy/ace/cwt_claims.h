#ifndef POLICY_ACE_CWT_CLAIMS_H_
#define POLICY_ACE_CWT_CLAIMS_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "policy/ace/cbor.h"
#include "policy/ace/claims.h"

namespace sluice::ace {

// The keys of claims in a CWT (RFC 8392 section 4, RFC 8747 section 3.1,
// RFC 9200 section 8.14).
enum class CwtClaim : int64_t {
  kIss = 1,
  kSub = 2,
  kAud = 3,
  kExp = 4,
  kNbf = 5,
  kIat = 6,
  kCti = 7,
  kCnf = 8,
  kScope = 9,
  kAceProfile = 38,
  kCnonce = 39,
  kExi = 40,
};

// The value of `claim` in `payload`; nullptr where it is not there.
inline const Cbor* FindClaim(const Cbor& payload, CwtClaim claim) {
  return FindKey(payload, static_cast<int64_t>(claim));
}

// ReadJwtClaims for a CWT: instants are integers or floats, with or without the
// tag of an epoch-based time (1), `cti` is a byte string, and `ace_profile`,
// when there, 3 or "mqtt_tls".
absl::StatusOr<Claims> ReadCwtClaims(const Cbor& payload);

}  // namespace sluice::ace

#endif  // POLICY_ACE_CWT_CLAIMS_H_
