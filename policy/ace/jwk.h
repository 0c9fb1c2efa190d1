#ifndef POLICY_ACE_JWK_H_
#define POLICY_ACE_JWK_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/key.h"

namespace sluice::ace {

// What a key is used for (RFC 7517 section 4.2).
enum class KeyUse {
  kSignature,   // signing, MACing and checking
  kEncryption,  // encrypting, decrypting and key wrapping
};

// A key with what its owner says about it: a JSON Web Key (RFC 7517) of type
// OKP (Ed25519, X25519), EC (P-256), RSA or oct, or a COSE_Key, which says the
// same in CBOR (see cose_key.h). Public, but for oct. Immutable and cheap to
// copy.
class Jwk {
 public:
  // Reads one JWK. Members it does not know are ignored. Errors name the
  // member and hold no value but a registered `kty` or `crv`:
  //  - Unimplemented: a `kty` or `crv` that we have no use for;
  //  - InvalidArgument: anything malformed, duplicate members included, and a
  //    private member (`d`): a private key does not belong where public ones
  //    are expected, and is refused rather than ignored.
  static absl::StatusOr<Jwk> Parse(absl::string_view json);

  const Key& key() const { return key_; }
  KeyType type() const { return key_.type(); }
  std::string Thumbprint() const { return key_.Thumbprint(); }

  // Empty where the key has none. Of a COSE_Key, any bytes.
  const std::string& kid() const { return kid_; }
  // The `alg` member as it is written, or the JOSE name of a COSE_Key's; empty
  // where the key has none.
  const std::string& alg() const { return alg_; }

  // Whether `use` and `key_ops`, where there, permit `use`.
  bool Permits(KeyUse use) const;

  // Whether this key may check signatures made with `algorithm`: that is for
  // its type, `alg` where there names it, and `use` and `key_ops` permit it.
  bool Permits(Algorithm algorithm) const;

  // This key under another name.
  Jwk WithKid(absl::string_view kid) const;

  // This key in one line: the members that its type requires, `kid` and `alg`.
  // Holds the secret of a symmetric key. What is not UTF-8 in a `kid` is
  // replaced.
  std::string ToJson() const;

 private:
  friend class CoseKeyReader;
  friend class JwkReader;
  explicit Jwk(Key key);

  Key key_;
  std::string kid_;
  std::string alg_;
  bool permits_signature_ = true;
  bool permits_encryption_ = true;
};

// A JWK Set (RFC 7517 section 5).
class JwkSet {
 public:
  // Of more keys, what we cannot use included, there is no set.
  static constexpr size_t kMaxKeys = 1000;
  // Of more that are passed over, the rest is counted.
  static constexpr size_t kMaxSkippedTold = 8;

  // No keys.
  JwkSet() = default;

  // Reads `{"keys": [...]}`. As the standard recommends, a key of a type that
  // we have no use for is passed over and listed in skipped(); one that is
  // malformed fails the whole set: InvalidArgument, naming the key's index and
  // the member, as in `keys[2].x: not base64url`.
  static absl::StatusOr<JwkSet> Parse(absl::string_view json);

  // The same of a set that others publish: a key that is malformed is passed
  // over too, as the standard has it.
  static absl::StatusOr<JwkSet> ParsePublished(absl::string_view json);

  const std::vector<Jwk>& keys() const { return keys_; }

  // One line a key that was passed over, as in `keys[0].crv: "P-384" is not
  // supported`, of the first kMaxSkippedTold. For a warning.
  const std::vector<std::string>& skipped() const { return skipped_; }
  // How many were passed over.
  size_t skipped_count() const { return skipped_count_; }

 private:
  enum class Malformed { kFails, kIsSkipped };
  static absl::StatusOr<JwkSet> Read(absl::string_view json,
                                     Malformed malformed);

  std::vector<Jwk> keys_;
  std::vector<std::string> skipped_;
  size_t skipped_count_ = 0;
};

}  // namespace sluice::ace

#endif  // POLICY_ACE_JWK_H_
