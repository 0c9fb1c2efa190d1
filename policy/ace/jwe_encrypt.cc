#include "policy/ace/jwe_encrypt.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/base64url.h"
#include "policy/ace/concat_kdf.h"
#include "policy/ace/content_encryption.h"
#include "policy/ace/decryption_key.h"
#include "policy/ace/json.h"
#include "policy/ace/key_management.h"
#include "policy/ace/openssl_guard.h"
#include "policy/ace/private_key.h"

namespace sluice::ace {
namespace {

constexpr ContentEncryption kOwnEncryption = ContentEncryption::kA256Gcm;

// What EncryptJwe starts with.
struct Encryptor {
  Json header;
  SecretBytes content_key;
  std::string encrypted_key;
};

Json HeaderFor(KeyManagement management) {
  return {{"alg", std::string(KeyManagementName(management))}};
}

absl::StatusOr<Encryptor> WrapNewKey(const Jwk& key) {
  SecretBytes content_key(ContentKeySize(kOwnEncryption));
  RAND_bytes(content_key.data(), content_key.size());
  std::optional<std::string> wrapped =
      WrapKey(key.key().secret(), content_key.view());
  if (!wrapped.has_value()) return absl::InternalError("encryption failed");
  return Encryptor{HeaderFor(KeyManagement::kA256Kw), std::move(content_key),
                   *std::move(wrapped)};
}

absl::StatusOr<Encryptor> AgreeOnKey(const Jwk& key) {
  SecretBytes scalar(kPrivateKeySize);
  RAND_bytes(scalar.data(), scalar.size());
  const absl::StatusOr<Key> ephemeral = PublicKeyOf(key.type(), scalar.view());
  if (!ephemeral.ok()) return absl::InternalError("encryption failed");
  const std::string epk = ephemeral->CanonicalJwk();
  const DecryptionKey ephemeral_key(
      PrivateJwk{*Jwk::Parse(epk), std::move(scalar)});
  const std::optional<SecretBytes> shared = ephemeral_key.Agree(key.key());
  if (!shared.has_value()) return absl::InternalError("encryption failed");
  Json header = HeaderFor(KeyManagement::kEcdhEs);
  header["epk"] = *ParseJson(epk);
  return Encryptor{
      std::move(header),
      DeriveConcatKdf(shared->view(), ContentEncryptionName(kOwnEncryption), {},
                      {}, ContentKeySize(kOwnEncryption)),
      std::string()};
}

absl::StatusOr<Encryptor> StartEncrypting(const Jwk& key) {
  if (FitsWrapping(key, KeyManagement::kA256Kw)) return WrapNewKey(key);
  if (FitsAgreement(key, key.type()) &&
      (key.type() == KeyType::kP256 || key.type() == KeyType::kX25519)) {
    return AgreeOnKey(key);
  }
  return absl::InvalidArgumentError(
      "neither a symmetric key of 32 bytes nor one for key agreement that "
      "permits encryption");
}

}  // namespace

absl::StatusOr<std::string> EncryptJwe(ByteView plaintext, const Jwk& key) {
  absl::StatusOr<Encryptor> encryptor = StartEncrypting(key);
  if (!encryptor.ok()) return encryptor.status();
  encryptor->header["enc"] = std::string(ContentEncryptionName(kOwnEncryption));
  if (!key.kid().empty()) encryptor->header["kid"] = key.kid();
  const std::string header = Base64UrlEncode(AsBytes(encryptor->header.dump()));
  std::vector<uint8_t> iv(ContentIvSize(kOwnEncryption));
  RAND_bytes(iv.data(), iv.size());
  const std::optional<std::string> sealed =
      SealContent(kOwnEncryption, encryptor->content_key.view(), iv, plaintext,
                  AsBytes(header));
  if (!sealed.has_value()) return absl::InternalError("encryption failed");
  const ByteView ciphertext = AsBytes(*sealed).first(plaintext.size());
  const ByteView tag = AsBytes(*sealed).subspan(plaintext.size());
  return absl::StrCat(header, ".",
                      Base64UrlEncode(AsBytes(encryptor->encrypted_key)), ".",
                      Base64UrlEncode(iv), ".", Base64UrlEncode(ciphertext),
                      ".", Base64UrlEncode(tag));
}

}  // namespace sluice::ace
