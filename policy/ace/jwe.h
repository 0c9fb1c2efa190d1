#ifndef POLICY_ACE_JWE_H_
#define POLICY_ACE_JWE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/decryption_key.h"
#include "policy/ace/secret_bytes.h"

namespace sluice::ace {

// Decrypts a JWE in the compact serialisation (RFC 7516 section 7.1) with one
// of `keys`: `alg` dir, A128KW, A256KW or ECDH-ES, `enc` A128GCM, A256GCM or
// A128CBC-HS256. The key is the one that `kid` names, or, without `kid`, the
// only one that fits `alg` and `enc`; a key fits by its length or its curve,
// and by `use`, `key_ops` and `alg` where it has them.
//
// That it could be decrypted says nothing about who encrypted it.
//
// Failures carry a Rejection, and say which part is at fault:
//  - kUnparsable: not five parts of base64url, the first that of a JSON object
//    with a string `alg` and a string `enc`, the initialization vector and the
//    tag not empty. That is looked at before all else.
//  - kInvalid: anything else, `crit` and `zip` among it. A wrong key and a
//    changed text look alike.
absl::StatusOr<SecretBytes> DecryptJwe(absl::string_view jwe,
                                       const DecryptionKeySet& keys);

}  // namespace sluice::ace

#endif  // POLICY_ACE_JWE_H_
