#ifndef POLICY_ACE_JWE_H_
#define POLICY_ACE_JWE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/decryption_key.h"
#include "policy/ace/jwk.h"
#include "policy/ace/secret_bytes.h"
#include "proxy/base/bytes.h"

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

// Encrypts `plaintext` for the owner of `key`, with the key's `kid` where it
// has one: A256KW and A256GCM for a symmetric key of 32 bytes, ECDH-ES and
// A256GCM for a P-256 or X25519 key. InvalidArgument for any other key and for
// one that does not permit encryption.
absl::StatusOr<std::string> EncryptJwe(ByteView plaintext, const Jwk& key);

}  // namespace sluice::ace

#endif  // POLICY_ACE_JWE_H_
