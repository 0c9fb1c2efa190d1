#ifndef POLICY_ACE_DECRYPTION_KEY_H_
#define POLICY_ACE_DECRYPTION_KEY_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/jwk.h"
#include "policy/ace/private_key.h"
#include "policy/ace/secret_bytes.h"

namespace sluice::ace {

// A key of the broker's own, with which it decrypts what authorization servers
// encrypt for it: a symmetric key, or the private half of a P-256 or X25519
// key. Immutable and cheap to copy; cleansed with the last copy.
class DecryptionKey {
 public:
  // A symmetric JWK is whole as it is.
  explicit DecryptionKey(PrivateJwk key)
      : key_(std::make_shared<const PrivateJwk>(std::move(key))) {}

  // The public half; of a symmetric key, the key itself.
  const Jwk& jwk() const { return key_->jwk; }

  // ECDH (RFC 7518 section 4.6, RFC 8037 section 3.2): the secret shared with
  // the owner of `peer`. nullopt where this key and `peer` are not of one curve
  // or the secret would be zero.
  std::optional<SecretBytes> Agree(const Key& peer) const;

 private:
  std::shared_ptr<const PrivateJwk> key_;
};

// A JWK Set of such keys.
class DecryptionKeySet {
 public:
  // No keys.
  DecryptionKeySet() = default;

  // Reads `{"keys": [...]}` of private and symmetric JWKs. As JwkSet::Parse; a
  // key that cannot decrypt (a public one, one for signatures only) is
  // malformed here.
  static absl::StatusOr<DecryptionKeySet> Parse(absl::string_view json);

  const std::vector<DecryptionKey>& keys() const { return keys_; }

  // One line a key of a type or size that we have no use for; see
  // JwkSet::skipped().
  const std::vector<std::string>& skipped() const { return skipped_; }
  size_t skipped_count() const { return skipped_.size(); }

 private:
  std::vector<DecryptionKey> keys_;
  std::vector<std::string> skipped_;
};

}  // namespace sluice::ace

#endif  // POLICY_ACE_DECRYPTION_KEY_H_
