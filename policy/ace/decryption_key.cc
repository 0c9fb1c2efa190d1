#include "policy/ace/decryption_key.h"

#include <cstddef>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/json.h"
#include "policy/ace/openssl_guard.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {
namespace {

constexpr size_t kSharedSecretSize = 32;  // of both curves

std::optional<SecretBytes> AgreeP256(ByteView scalar, const Key& peer) {
  const bssl::UniquePtr<EC_KEY> key = P256PrivateKey(scalar);
  if (key == nullptr) return std::nullopt;
  const EC_GROUP* group = EC_KEY_get0_group(key.get());
  const bssl::UniquePtr<EC_POINT> point(EC_POINT_new(group));
  const bssl::UniquePtr<BIGNUM> x(
      BN_bin2bn(peer.x().data(), peer.x().size(), nullptr));
  const bssl::UniquePtr<BIGNUM> y(
      BN_bin2bn(peer.y().data(), peer.y().size(), nullptr));
  SecretBytes secret(kSharedSecretSize);
  if (!EC_POINT_set_affine_coordinates_GFp(group, point.get(), x.get(), y.get(),
                                           nullptr) ||
      ECDH_compute_key(secret.data(), secret.size(), point.get(), key.get(),
                       nullptr) != static_cast<int>(secret.size())) {
    ERR_clear_error();
    return std::nullopt;
  }
  return secret;
}

std::optional<SecretBytes> AgreeX25519(ByteView scalar, const Key& peer) {
  SecretBytes secret(kSharedSecretSize);
  if (!X25519(secret.data(), scalar.data(), peer.x().data())) {
    return std::nullopt;
  }
  return secret;
}

bool CanDecrypt(const Jwk& jwk) {
  return (jwk.type() == KeyType::kSymmetric || jwk.type() == KeyType::kP256 ||
          jwk.type() == KeyType::kX25519) &&
         jwk.Permits(KeyUse::kEncryption);
}

// Of a symmetric key: A128KW, A256KW, and `dir` with each ContentEncryption
// take theirs only (RFC 7518 sections 4.4, 4.5 and 5).
bool IsSizeOfUse(size_t bytes) { return bytes == 16 || bytes == 32; }

absl::StatusOr<DecryptionKey> Read(Json& json) {
  if (!json.is_object()) {
    return absl::InvalidArgumentError("not a JSON object");
  }
  absl::StatusOr<PrivateJwk> key = ReadPrivateJwk(json);
  if (!key.ok()) return key.status();
  if (!CanDecrypt(key->jwk)) {
    return absl::InvalidArgumentError("not for encryption");
  }
  const Key& read = key->jwk.key();
  if (read.type() == KeyType::kSymmetric &&
      !IsSizeOfUse(read.secret().size())) {
    return absl::UnimplementedError(
        absl::StrCat("k: ", read.secret().size(),
                     " bytes, and what it could decrypt takes 16 or 32"));
  }
  return DecryptionKey(*std::move(key));
}

}  // namespace

std::optional<SecretBytes> DecryptionKey::Agree(const Key& peer) const {
  if (peer.type() != jwk().type()) return std::nullopt;
  if (peer.type() == KeyType::kP256) {
    return AgreeP256(key_->private_key.view(), peer);
  }
  if (peer.type() == KeyType::kX25519) {
    return AgreeX25519(key_->private_key.view(), peer);
  }
  return std::nullopt;
}

absl::StatusOr<DecryptionKeySet> DecryptionKeySet::Parse(
    absl::string_view text) {
  absl::StatusOr<Json> document = ParseJsonObject(text);
  if (!document.ok()) return document.status();
  const auto wipe =
      absl::MakeCleanup([&document] { CleanseStrings(*document); });
  const auto keys = document->find("keys");
  if (keys == document->end() || !keys->is_array()) {
    return absl::InvalidArgumentError("keys: missing or not an array");
  }
  DecryptionKeySet set;
  for (size_t i = 0; i < keys->size(); ++i) {
    absl::StatusOr<DecryptionKey> key = Read((*keys)[i]);
    if (key.ok()) {
      set.keys_.push_back(*std::move(key));
      continue;
    }
    std::string message =
        absl::StrCat("keys[", i, "]: ", key.status().message());
    if (!absl::IsUnimplemented(key.status())) {
      return absl::Status(key.status().code(), message);
    }
    set.skipped_.push_back(std::move(message));
  }
  return set;
}

}  // namespace sluice::ace
