#ifndef POLICY_ACE_COSE_KEY_H_
#define POLICY_ACE_COSE_KEY_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "policy/ace/cbor.h"
#include "policy/ace/jwk.h"

namespace sluice::ace {

// Labels of the parameters of a COSE_Key (RFC 9052 section 7.1, RFC 9053
// section 7). What those below zero mean depends on `kty`.
enum class CoseKeyLabel : int64_t {
  kKty = 1,
  kKid = 2,
  kAlg = 3,
  kKeyOps = 4,
  kCrv = -1,
  kX = -2,
  kY = -3,
  kD = -4,
  kK = -1,
};

// Values of `kty`.
enum class CoseKeyType : int64_t { kOkp = 1, kEc2 = 2, kSymmetric = 4 };

// The value of `label` in `key`; nullptr where it is not there.
inline const Cbor* FindParameter(const Cbor& key, CoseKeyLabel label) {
  return FindKey(key, static_cast<int64_t>(label));
}

// Whether `key` says that it is of `type`.
inline bool IsOfType(const Cbor& key, CoseKeyType type) {
  return AsInteger(FindParameter(key, CoseKeyLabel::kKty)) ==
         static_cast<int64_t>(type);
}

// A COSE_Key (RFC 9052 section 7, RFC 9053 section 7) as a Jwk: OKP (Ed25519),
// EC2 (P-256, with y or its sign) or Symmetric.
class CoseKeyReader {
 public:
  // Parameters that we do not know are ignored. Errors name the parameter as in
  // a JWK and hold no value; they are those of Jwk::Parse: Unimplemented for a
  // type or curve that we have no use for, InvalidArgument for anything
  // malformed and for a private key.
  static absl::StatusOr<Jwk> Read(const Cbor& key);
};

// The COSE_Key of `key`, which is of one of these types: the parameters that
// its type requires, `kid` and `alg`. Holds the secret of a symmetric key.
std::string EncodeCoseKey(const Jwk& key);

}  // namespace sluice::ace

#endif  // POLICY_ACE_COSE_KEY_H_
