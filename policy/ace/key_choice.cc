#include "policy/ace/key_choice.h"

#include "absl/status/status.h"
#include "policy/ace/missing_keys.h"
#include "policy/ace/rejection.h"

namespace sluice::ace {
namespace {

absl::StatusOr<const Jwk*> ChooseByKid(const JwkSet& keys, Algorithm algorithm,
                                       absl::string_view kid) {
  const Jwk* chosen = nullptr;
  bool known = false;
  for (const Jwk& key : keys.keys()) {
    if (key.kid() != kid) continue;
    known = true;
    if (!key.Permits(algorithm)) continue;
    if (chosen != nullptr) {
      return InvalidTokenError(
          "the issuer has several keys with the header's kid");
    }
    chosen = &key;
  }
  if (!known) {
    return WithUnknownKid(
        InvalidTokenError("the issuer has no key with the header's kid"));
  }
  if (chosen == nullptr) {
    return InvalidTokenError(
        "the header's alg is not allowed for the key of its kid");
  }
  return chosen;
}

absl::StatusOr<const Jwk*> ChooseByAlgorithm(const JwkSet& keys,
                                             Algorithm algorithm) {
  const Jwk* chosen = nullptr;
  for (const Jwk& key : keys.keys()) {
    if (!key.Permits(algorithm)) continue;
    if (chosen != nullptr) {
      return InvalidTokenError(
          "the header has no kid, and the issuer has several keys for its alg");
    }
    chosen = &key;
  }
  if (chosen == nullptr) {
    return InvalidTokenError("the issuer has no key for the header's alg");
  }
  return chosen;
}

}  // namespace

absl::StatusOr<const Jwk*> ChooseVerificationKey(
    const JwkSet& keys, Algorithm algorithm,
    std::optional<absl::string_view> kid) {
  return kid.has_value() ? ChooseByKid(keys, algorithm, *kid)
                         : ChooseByAlgorithm(keys, algorithm);
}

bool FitsDirectly(const Jwk& key, ContentEncryption encryption) {
  return key.type() == KeyType::kSymmetric &&
         key.Permits(KeyUse::kEncryption) &&
         key.key().secret().size() == ContentKeySize(encryption) &&
         (key.alg().empty() || key.alg() == "dir" ||
          key.alg() == ContentEncryptionName(encryption));
}

}  // namespace sluice::ace
