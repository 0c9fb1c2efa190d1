#ifndef POLICY_ACE_KEY_H_
#define POLICY_ACE_KEY_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "policy/ace/algorithm.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

enum class KeyType {
  kEd25519,
  kP256,
  kRsa,
  kSymmetric,
  // For key agreement only: signs nothing.
  kX25519,
};

// Public keys and symmetric ones. A key has one type, and each type its own
// algorithms, so a MAC can never be checked with the bytes of a public key.
//
// Immutable, safe to use from any thread, cheap to copy. What the checks need
// is built once, here. Symmetric material is cleansed with the last copy.
class Key {
 public:
  // RFC 8032: the 32 bytes of the public key.
  static absl::StatusOr<Key> Ed25519(ByteView public_key);
  // 32-byte big-endian coordinates of a point on P-256, checked.
  static absl::StatusOr<Key> P256(ByteView x, ByteView y);
  // The same with the lowest bit of y in place of y (SEC 1 section 2.3.4).
  static absl::StatusOr<Key> P256Compressed(ByteView x, bool y_is_odd);
  // Big-endian modulus and exponent. Unimplemented where the modulus has not
  // 2048 to 4096 bits (RFC 7518 section 3.3 wants 2048 at the least, and
  // checking costs the square).
  static absl::StatusOr<Key> Rsa(ByteView n, ByteView e);
  // RFC 7748: the 32 bytes of the public key.
  static absl::StatusOr<Key> X25519(ByteView public_key);
  // Any length but 0.
  static absl::StatusOr<Key> Symmetric(ByteView secret);

  KeyType type() const;

  // The algorithm that the type alone decides. None for RSA keys, which have
  // two, and X25519 keys, which have none.
  std::optional<Algorithm> algorithm() const;
  // Whether `algorithm` is for keys of this type.
  bool IsFor(Algorithm algorithm) const;

  // Whether `signature` is this key's over `message`, made with `algorithm`,
  // which is for its type. A signature of the wrong length is wrong. MACs are
  // compared in constant time.
  bool Verify(Algorithm algorithm, ByteView message, ByteView signature) const;
  // The same for a key with one algorithm; others verify nothing.
  bool Verify(ByteView message, ByteView signature) const;

  // The 32 bytes of an Ed25519 or X25519 public key, or the coordinates of a
  // P-256 one; empty for the others. Live as long as any copy of this key.
  ByteView x() const;
  ByteView y() const;

  // The bytes of a symmetric key; empty for the others. Lives as long as any
  // copy of this key.
  ByteView secret() const;

  // The required members of the JWK in lexicographic order without white
  // space: what RFC 7638 section 3.2 hashes. Holds the secret of a symmetric
  // key.
  std::string CanonicalJwk() const;
  // That hash, SHA-256, in base64url. Of a symmetric key this is a hash of the
  // secret: harmless for random keys of 128 bits and more, which is all we use.
  std::string Thumbprint() const;

 private:
  struct Material;
  explicit Key(std::shared_ptr<const Material> material);

  std::shared_ptr<const Material> material_;
};

}  // namespace sluice::ace

#endif  // POLICY_ACE_KEY_H_
