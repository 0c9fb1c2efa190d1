#ifndef POLICY_ACE_COSE_KEY_H_
#define POLICY_ACE_COSE_KEY_H_

#include <string>

#include "absl/status/statusor.h"
#include "policy/ace/cbor.h"
#include "policy/ace/jwk.h"

namespace sluice::ace {

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
