#ifndef POLICY_ACE_KEY_H_
#define POLICY_ACE_KEY_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "policy/ace/algorithm.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

enum class KeyType {
  kEd25519,
  kP256,
  kSymmetric,
};

// Key material that checks signatures and MACs: an Ed25519 or P-256 public key,
// or a symmetric key. A key has one type and a type one algorithm, so a MAC can
// never be checked with the bytes of a public key.
//
// Immutable, safe to use from any thread, cheap to copy. What the checks need
// is built once, here. Symmetric material is cleansed with the last copy.
class Key {
 public:
  // RFC 8032: the 32 bytes of the public key.
  static absl::StatusOr<Key> Ed25519(ByteView public_key);
  // 32-byte big-endian coordinates of a point on P-256, checked.
  static absl::StatusOr<Key> P256(ByteView x, ByteView y);
  // Any length but 0.
  static absl::StatusOr<Key> Symmetric(ByteView secret);

  KeyType type() const;
  Algorithm algorithm() const;

  // Whether `signature` is this key's over `message`. A signature of the wrong
  // length is wrong. MACs are compared in constant time.
  bool Verify(ByteView message, ByteView signature) const;

  // The bytes of a symmetric key; empty for the others. Lives as long as any
  // copy of this key.
  ByteView secret() const;

  // The required members of the JWK in lexicographic order without white
  // space: what RFC 7638 section 3.2 hashes. Holds the secret of a symmetric
  // key.
  std::string CanonicalJwk() const;

 private:
  struct Material;
  explicit Key(std::shared_ptr<const Material> material);

  std::shared_ptr<const Material> material_;
};

}  // namespace sluice::ace

#endif  // POLICY_ACE_KEY_H_
