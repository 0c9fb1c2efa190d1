#ifndef POLICY_ACE_JWE_ENCRYPT_H_
#define POLICY_ACE_JWE_ENCRYPT_H_

#include <string>

#include "absl/status/statusor.h"
#include "policy/ace/jwk.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// Encrypts `plaintext` for the owner of `key`, with the key's `kid` where it
// has one: A256KW and A256GCM for a symmetric key of 32 bytes, ECDH-ES and
// A256GCM for a P-256 or X25519 key. InvalidArgument for any other key and for
// one that does not permit encryption.
absl::StatusOr<std::string> EncryptJwe(ByteView plaintext, const Jwk& key);

}  // namespace sluice::ace

#endif  // POLICY_ACE_JWE_ENCRYPT_H_
