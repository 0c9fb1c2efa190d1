#ifndef POLICY_ACE_PRIVATE_KEY_H_
#define POLICY_ACE_PRIVATE_KEY_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "policy/ace/json.h"
#include "policy/ace/jwk.h"
#include "policy/ace/key.h"
#include "policy/ace/openssl_guard.h"
#include "policy/ace/secret_bytes.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// The bytes of every private key here, and of a coordinate of P-256.
inline constexpr size_t kPrivateKeySize = 32;

// A private JWK: the public key, and 32 bytes that belong to it (the seed of
// Ed25519, the scalar of P-256 and X25519), empty for symmetric keys.
struct PrivateJwk {
  Jwk jwk;
  SecretBytes private_key;
};

// Reads a JWK with its private member `d`, or a symmetric one. `json` is
// cleansed, whatever comes of it. Errors are those of Jwk::Parse; a `d` that is
// missing or does not belong to the public key is InvalidArgument, a private
// RSA key Unimplemented.
absl::StatusOr<PrivateJwk> ReadPrivateJwk(Json& json);

// The public key of `private_key`, which is of an asymmetric type.
// InvalidArgument where there is none, Unimplemented for RSA.
absl::StatusOr<Key> PublicKeyOf(KeyType type, ByteView private_key);

// A key of BoringSSL's that holds `scalar` alone; null where that is none.
bssl::UniquePtr<EC_KEY> P256PrivateKey(ByteView scalar);

}  // namespace sluice::ace

#endif  // POLICY_ACE_PRIVATE_KEY_H_
