#include "policy/ace/jwe.h"

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "policy/ace/base64url.h"
#include "policy/ace/concat_kdf.h"
#include "policy/ace/content_encryption.h"
#include "policy/ace/jose_header.h"
#include "policy/ace/json.h"
#include "policy/ace/jwk_reader.h"
#include "policy/ace/key_choice.h"
#include "policy/ace/openssl_guard.h"
#include "policy/ace/private_key.h"
#include "policy/ace/rejection.h"

namespace sluice::ace {
namespace {

constexpr size_t kParts = 5;
constexpr size_t kKeyWrapOverhead = 8;

// The `alg` of a JWE (RFC 7518 section 4.1).
enum class KeyManagement { kDirect, kA128Kw, kA256Kw, kEcdhEs };

absl::string_view KeyManagementName(KeyManagement management) {
  switch (management) {
    case KeyManagement::kDirect:
      return "dir";
    case KeyManagement::kA128Kw:
      return "A128KW";
    case KeyManagement::kA256Kw:
      return "A256KW";
    case KeyManagement::kEcdhEs:
      return "ECDH-ES";
  }
  return "";
}

// What ECDH-ES takes from the header (RFC 7518 section 4.6.1).
struct Agreement {
  Jwk ephemeral_key;
  std::string party_u;
  std::string party_v;
};

struct Header {
  KeyManagement management;
  ContentEncryption encryption;
  std::optional<std::string> kid;
  std::optional<Agreement> agreement;  // with kEcdhEs
};

// A JWE taken apart.
struct Parts {
  absl::string_view encoded_header;  // which is authenticated
  Json header;                       // with a string `alg` and a string `enc`
  std::string wrapped_key;
  std::string iv;
  std::string ciphertext;
  std::string tag;
};

absl::StatusOr<Parts> Split(absl::string_view jwe) {
  const std::vector<absl::string_view> encoded =
      absl::StrSplit(jwe, absl::MaxSplits('.', kParts));
  if (encoded.size() != kParts) {
    return UnparsableTokenError("not five parts divided by dots");
  }
  absl::StatusOr<Json> header = ParseJoseHeader(encoded[0]);
  if (!header.ok()) return UnparsableTokenError(header.status().message());
  if (AsText(FindMember(*header, "enc")) == nullptr) {
    return UnparsableTokenError("the header has no enc");
  }
  std::array<std::string, kParts> decoded;
  for (size_t i = 1; i < kParts; ++i) {
    std::optional<std::string> bytes = Base64UrlDecode(encoded[i]);
    if (!bytes.has_value()) {
      return UnparsableTokenError(
          absl::StrCat("part ", i + 1, " is not base64url"));
    }
    decoded[i] = *std::move(bytes);
  }
  auto& [unused, wrapped_key, iv, ciphertext, tag] = decoded;
  if (iv.empty() || tag.empty()) {
    return UnparsableTokenError("no initialization vector, or no tag");
  }
  return Parts{encoded[0],    *std::move(header),    std::move(wrapped_key),
               std::move(iv), std::move(ciphertext), std::move(tag)};
}

absl::StatusOr<KeyManagement> ReadManagement(const Json& header) {
  const std::string& name = *AsText(FindMember(header, "alg"));
  for (const KeyManagement management :
       {KeyManagement::kDirect, KeyManagement::kA128Kw, KeyManagement::kA256Kw,
        KeyManagement::kEcdhEs}) {
    if (name == KeyManagementName(management)) return management;
  }
  return InvalidTokenError("the header's alg is not supported");
}

absl::StatusOr<ContentEncryption> ReadEncryption(const Json& header) {
  const std::string& name = *AsText(FindMember(header, "enc"));
  const std::optional<ContentEncryption> encryption =
      ContentEncryptionFromName(name);
  if (!encryption.has_value()) {
    return InvalidTokenError("the header's enc is not supported");
  }
  return *encryption;
}

// `apu` or `apv`; empty where there is none.
absl::StatusOr<std::string> ReadParty(const Json& header, const char* member) {
  const Json* value = FindMember(header, member);
  if (value == nullptr) return std::string();
  const std::string* text = AsText(value);
  std::optional<std::string> bytes;
  if (text != nullptr) bytes = Base64UrlDecode(*text);
  if (!bytes.has_value()) {
    return InvalidTokenError(
        absl::StrCat("the header's ", member, " is not base64url"));
  }
  return *std::move(bytes);
}

absl::StatusOr<Agreement> ReadAgreement(const Json& header) {
  const Json* epk = FindMember(header, "epk");
  if (epk == nullptr) return InvalidTokenError("the header has no epk");
  absl::StatusOr<Jwk> key = JwkReader::Read(*epk);
  if (!key.ok()) {
    return InvalidTokenError(
        absl::StrCat("the header's epk: ", key.status().message()));
  }
  if (key->type() != KeyType::kP256 && key->type() != KeyType::kX25519) {
    return InvalidTokenError("the header's epk is not for key agreement");
  }
  absl::StatusOr<std::string> party_u = ReadParty(header, "apu");
  if (!party_u.ok()) return party_u.status();
  absl::StatusOr<std::string> party_v = ReadParty(header, "apv");
  if (!party_v.ok()) return party_v.status();
  return Agreement{*std::move(key), *std::move(party_u), *std::move(party_v)};
}

absl::StatusOr<Header> ReadHeader(const Json& json) {
  if (FindMember(json, "crit") != nullptr) {
    return InvalidTokenError("the header's crit names an unknown extension");
  }
  if (FindMember(json, "zip") != nullptr) {
    return InvalidTokenError("the content is compressed");
  }
  absl::StatusOr<KeyManagement> management = ReadManagement(json);
  if (!management.ok()) return management.status();
  absl::StatusOr<ContentEncryption> encryption = ReadEncryption(json);
  if (!encryption.ok()) return encryption.status();

  Header header{*management, *encryption, std::nullopt, std::nullopt};
  if (const Json* kid = FindMember(json, "kid")) {
    const std::string* name = AsText(kid);
    if (name == nullptr) {
      return InvalidTokenError("the header's kid is not a string");
    }
    header.kid = *name;
  }
  if (*management == KeyManagement::kEcdhEs) {
    absl::StatusOr<Agreement> agreement = ReadAgreement(json);
    if (!agreement.ok()) return agreement.status();
    header.agreement = *std::move(agreement);
  }
  return header;
}

// Whether `key` wraps keys of `size` bytes with `management`.
bool FitsWrapping(const Jwk& key, size_t size, KeyManagement management) {
  return key.type() == KeyType::kSymmetric &&
         key.Permits(KeyUse::kEncryption) &&
         key.key().secret().size() == size &&
         (key.alg().empty() || key.alg() == KeyManagementName(management));
}

// Whether `key` agrees on keys with keys of `type`.
bool FitsAgreement(const Jwk& key, KeyType type) {
  return key.type() == type && key.Permits(KeyUse::kEncryption) &&
         (key.alg().empty() ||
          key.alg() == KeyManagementName(KeyManagement::kEcdhEs));
}

bool Fits(const Jwk& key, const Header& header) {
  switch (header.management) {
    case KeyManagement::kDirect:
      return FitsDirectly(key, header.encryption);
    case KeyManagement::kA128Kw:
      return FitsWrapping(key, 16, header.management);
    case KeyManagement::kA256Kw:
      return FitsWrapping(key, 32, header.management);
    case KeyManagement::kEcdhEs:
      break;
  }
  return FitsAgreement(key, header.agreement->ephemeral_key.type());
}

absl::StatusOr<DecryptionKey> ChooseKey(const DecryptionKeySet& keys,
                                        const Header& header) {
  std::optional<DecryptionKey> chosen;
  for (const DecryptionKey& key : keys.keys()) {
    if (header.kid.has_value() && key.jwk().kid() != *header.kid) continue;
    if (!Fits(key.jwk(), header)) continue;
    if (chosen.has_value()) {
      return InvalidTokenError("several decryption keys fit");
    }
    chosen = key;
  }
  if (!chosen.has_value()) return InvalidTokenError("no decryption key fits");
  return *std::move(chosen);
}

// An expanded AES key, cleansed on destruction.
struct AesKey {
  ~AesKey() { OPENSSL_cleanse(&key, sizeof(key)); }
  AES_KEY key;
};

// RFC 3394. nullopt where `wrapped` is not what `key` wraps.
std::optional<SecretBytes> Unwrap(ByteView key, ByteView wrapped) {
  // BoringSSL wants two blocks of 8 bytes at the least, and whole ones.
  if (wrapped.size() < 3 * kKeyWrapOverhead ||
      wrapped.size() % kKeyWrapOverhead != 0) {
    return std::nullopt;
  }
  AesKey aes;
  if (AES_set_decrypt_key(key.data(), key.size() * 8, &aes.key) != 0) {
    return std::nullopt;
  }
  SecretBytes unwrapped(wrapped.size() - kKeyWrapOverhead);
  if (AES_unwrap_key(&aes.key, nullptr, unwrapped.data(), wrapped.data(),
                     wrapped.size()) < 0) {
    return std::nullopt;
  }
  return unwrapped;
}

// The key that the content is encrypted with; nullopt where `key` cannot tell.
std::optional<SecretBytes> ContentKey(const DecryptionKey& key,
                                      const Header& header,
                                      ByteView wrapped_key) {
  switch (header.management) {
    case KeyManagement::kDirect:
      return SecretBytes(key.jwk().key().secret());
    case KeyManagement::kA128Kw:
    case KeyManagement::kA256Kw:
      return Unwrap(key.jwk().key().secret(), wrapped_key);
    case KeyManagement::kEcdhEs:
      break;
  }
  const Agreement& agreement = *header.agreement;
  const std::optional<SecretBytes> shared =
      key.Agree(agreement.ephemeral_key.key());
  if (!shared.has_value()) return std::nullopt;
  return DeriveConcatKdf(shared->view(),
                         ContentEncryptionName(header.encryption),
                         AsBytes(agreement.party_u), AsBytes(agreement.party_v),
                         ContentKeySize(header.encryption));
}

constexpr ContentEncryption kOwnEncryption = ContentEncryption::kA256Gcm;

// What EncryptJwe starts with.
struct Encryptor {
  Json header;
  SecretBytes content_key;
  std::string encrypted_key;
};

absl::StatusOr<Encryptor> WrapKey(const Jwk& key) {
  SecretBytes content_key(ContentKeySize(kOwnEncryption));
  RAND_bytes(content_key.data(), content_key.size());
  AesKey aes;
  const ByteView secret = key.key().secret();
  std::string wrapped(content_key.size() + kKeyWrapOverhead, '\0');
  if (AES_set_encrypt_key(secret.data(), secret.size() * 8, &aes.key) != 0 ||
      AES_wrap_key(&aes.key, nullptr,
                   reinterpret_cast<uint8_t*>(wrapped.data()),
                   content_key.data(), content_key.size()) < 0) {
    return absl::InternalError("encryption failed");
  }
  return Encryptor{Json{{"alg", "A256KW"}}, std::move(content_key),
                   std::move(wrapped)};
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
  return Encryptor{
      Json{{"alg", "ECDH-ES"}, {"epk", *ParseJson(epk)}},
      DeriveConcatKdf(shared->view(), ContentEncryptionName(kOwnEncryption), {},
                      {}, ContentKeySize(kOwnEncryption)),
      std::string()};
}

absl::StatusOr<Encryptor> StartEncrypting(const Jwk& key) {
  if (FitsWrapping(key, 32, KeyManagement::kA256Kw)) return WrapKey(key);
  if (FitsAgreement(key, key.type()) &&
      (key.type() == KeyType::kP256 || key.type() == KeyType::kX25519)) {
    return AgreeOnKey(key);
  }
  return absl::InvalidArgumentError(
      "neither a symmetric key of 32 bytes nor one for key agreement that "
      "permits encryption");
}

}  // namespace

absl::StatusOr<SecretBytes> DecryptJwe(absl::string_view jwe,
                                       const DecryptionKeySet& keys) {
  const absl::StatusOr<Parts> parts = Split(jwe);
  if (!parts.ok()) return parts.status();
  const absl::StatusOr<Header> header = ReadHeader(parts->header);
  if (!header.ok()) return header.status();
  const absl::StatusOr<DecryptionKey> key = ChooseKey(keys, *header);
  if (!key.ok()) return key.status();
  // RFC 7516 section 5.2, step 10.
  if (!parts->wrapped_key.empty() &&
      (header->management == KeyManagement::kDirect ||
       header->management == KeyManagement::kEcdhEs)) {
    return InvalidTokenError(absl::StrCat(KeyManagementName(header->management),
                                          " with an encrypted key"));
  }
  const std::optional<SecretBytes> content_key =
      ContentKey(*key, *header, AsBytes(parts->wrapped_key));
  if (!content_key.has_value()) return InvalidTokenError("cannot be decrypted");
  std::optional<SecretBytes> plaintext =
      OpenContent(header->encryption, content_key->view(), AsBytes(parts->iv),
                  AsBytes(parts->ciphertext), AsBytes(parts->tag),
                  AsBytes(parts->encoded_header));
  if (!plaintext.has_value()) return InvalidTokenError("cannot be decrypted");
  return *std::move(plaintext);
}

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
