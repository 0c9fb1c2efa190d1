#include "policy/ace/jwe.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "policy/ace/base64url.h"
#include "policy/ace/content_encryption.h"
#include "policy/ace/json.h"
#include "policy/ace/openssl_guard.h"

namespace sluice::ace {
namespace {

constexpr size_t kParts = 5;
constexpr size_t kKeyWrapOverhead = 8;

// The `alg` of a JWE (RFC 7518 section 4.1).
enum class KeyManagement { kDirect, kA128Kw, kA256Kw };

absl::string_view KeyManagementName(KeyManagement management) {
  switch (management) {
    case KeyManagement::kDirect:
      return "dir";
    case KeyManagement::kA128Kw:
      return "A128KW";
    case KeyManagement::kA256Kw:
      return "A256KW";
  }
  return "";
}

struct Header {
  KeyManagement management;
  ContentEncryption encryption;
  std::optional<std::string> kid;
};

absl::Status Error(absl::string_view message) {
  return absl::InvalidArgumentError(message);
}

absl::StatusOr<KeyManagement> ReadManagement(const Json& header) {
  const std::string* name = AsText(FindMember(header, "alg"));
  if (name == nullptr) return Error("the header has no alg");
  for (const KeyManagement management :
       {KeyManagement::kDirect, KeyManagement::kA128Kw,
        KeyManagement::kA256Kw}) {
    if (*name == KeyManagementName(management)) return management;
  }
  return Error("the header's alg is not supported");
}

absl::StatusOr<ContentEncryption> ReadEncryption(const Json& header) {
  const std::string* name = AsText(FindMember(header, "enc"));
  if (name == nullptr) return Error("the header has no enc");
  const std::optional<ContentEncryption> encryption =
      ContentEncryptionFromName(*name);
  if (!encryption.has_value()) {
    return Error("the header's enc is not supported");
  }
  return *encryption;
}

absl::StatusOr<Header> ParseHeader(absl::string_view part) {
  const std::optional<std::string> text = Base64UrlDecode(part);
  if (!text.has_value()) return Error("the header is not base64url");
  absl::StatusOr<Json> json = ParseJsonObject(*text);
  if (!json.ok()) return Error("the header is not a JSON object");
  if (FindMember(*json, "crit") != nullptr) {
    return Error("the header's crit names an unknown extension");
  }
  if (FindMember(*json, "zip") != nullptr) {
    return Error("the content is compressed");
  }
  absl::StatusOr<KeyManagement> management = ReadManagement(*json);
  if (!management.ok()) return management.status();
  absl::StatusOr<ContentEncryption> encryption = ReadEncryption(*json);
  if (!encryption.ok()) return encryption.status();

  Header header{*management, *encryption, std::nullopt};
  if (const Json* kid = FindMember(*json, "kid")) {
    const std::string* name = AsText(kid);
    if (name == nullptr) return Error("the header's kid is not a string");
    header.kid = *name;
  }
  return header;
}

size_t KeySize(const Header& header) {
  switch (header.management) {
    case KeyManagement::kDirect:
      return ContentKeySize(header.encryption);
    case KeyManagement::kA128Kw:
      return 16;
    case KeyManagement::kA256Kw:
      break;
  }
  return 32;
}

bool Fits(const Jwk& key, const Header& header) {
  if (key.type() != KeyType::kSymmetric || !key.Permits(KeyUse::kEncryption) ||
      key.key().secret().size() != KeySize(header)) {
    return false;
  }
  if (key.alg().empty()) return true;
  // A key for direct use may name what it encrypts with.
  return key.alg() == KeyManagementName(header.management) ||
         (header.management == KeyManagement::kDirect &&
          key.alg() == ContentEncryptionName(header.encryption));
}

absl::StatusOr<const Jwk*> ChooseKey(const JwkSet& keys, const Header& header) {
  const Jwk* chosen = nullptr;
  for (const Jwk& key : keys.keys()) {
    if (header.kid.has_value() && key.kid() != *header.kid) continue;
    if (!Fits(key, header)) continue;
    if (chosen != nullptr) return Error("several decryption keys fit");
    chosen = &key;
  }
  if (chosen == nullptr) return Error("no decryption key fits");
  return chosen;
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

}  // namespace

absl::StatusOr<SecretBytes> DecryptJwe(absl::string_view jwe,
                                       const JwkSet& keys) {
  const std::vector<absl::string_view> parts =
      absl::StrSplit(jwe, absl::MaxSplits('.', kParts));
  if (parts.size() != kParts) return Error("not five parts divided by dots");
  absl::StatusOr<Header> header = ParseHeader(parts[0]);
  if (!header.ok()) return header.status();
  std::array<std::string, kParts> decoded;
  for (size_t i = 1; i < kParts; ++i) {
    std::optional<std::string> bytes = Base64UrlDecode(parts[i]);
    if (!bytes.has_value()) {
      return Error(absl::StrCat("part ", i + 1, " is not base64url"));
    }
    decoded[i] = *std::move(bytes);
  }
  const auto& [unused, wrapped_key, iv, ciphertext, tag] = decoded;
  absl::StatusOr<const Jwk*> jwk = ChooseKey(keys, *header);
  if (!jwk.ok()) return jwk.status();

  const ByteView secret = (*jwk)->key().secret();
  std::optional<SecretBytes> content_key;
  if (header->management == KeyManagement::kDirect) {
    // RFC 7516 section 5.2, step 10.
    if (!wrapped_key.empty()) return Error("dir with an encrypted key");
    content_key = SecretBytes(secret);
  } else {
    content_key = Unwrap(secret, AsBytes(wrapped_key));
  }
  if (!content_key.has_value()) return Error("cannot be decrypted");
  std::optional<SecretBytes> plaintext =
      OpenContent(header->encryption, content_key->view(), AsBytes(iv),
                  AsBytes(ciphertext), AsBytes(tag), AsBytes(parts[0]));
  if (!plaintext.has_value()) return Error("cannot be decrypted");
  return *std::move(plaintext);
}

absl::StatusOr<std::string> EncryptJwe(ByteView plaintext, const Jwk& key) {
  const Header header{KeyManagement::kA256Kw, ContentEncryption::kA256Gcm,
                      std::nullopt};
  if (!Fits(key, header)) {
    return Error("not a symmetric key of 32 bytes that permits encryption");
  }
  Json json = {{"alg", "A256KW"}, {"enc", "A256GCM"}};
  if (!key.kid().empty()) json["kid"] = key.kid();
  const std::string encoded_header = Base64UrlEncode(AsBytes(json.dump()));

  SecretBytes content_key(ContentKeySize(header.encryption));
  std::vector<uint8_t> iv(ContentIvSize(header.encryption));
  RAND_bytes(content_key.data(), content_key.size());
  RAND_bytes(iv.data(), iv.size());

  AesKey aes;
  std::vector<uint8_t> wrapped_key(content_key.size() + kKeyWrapOverhead);
  std::vector<uint8_t> sealed(plaintext.size() +
                              ContentTagSize(header.encryption));
  size_t sealed_size = 0;
  bssl::ScopedEVP_AEAD_CTX context;
  if (AES_set_encrypt_key(key.key().secret().data(),
                          key.key().secret().size() * 8, &aes.key) != 0 ||
      AES_wrap_key(&aes.key, nullptr, wrapped_key.data(), content_key.data(),
                   content_key.size()) < 0 ||
      !EVP_AEAD_CTX_init(context.get(), EVP_aead_aes_256_gcm(),
                         content_key.data(), content_key.size(),
                         ContentTagSize(header.encryption), nullptr) ||
      !EVP_AEAD_CTX_seal(context.get(), sealed.data(), &sealed_size,
                         sealed.size(), iv.data(), iv.size(), plaintext.data(),
                         plaintext.size(), AsBytes(encoded_header).data(),
                         encoded_header.size())) {
    ERR_clear_error();
    return absl::InternalError("encryption failed");
  }
  const ByteView ciphertext = ByteView(sealed).first(plaintext.size());
  const ByteView tag = ByteView(sealed).subspan(plaintext.size());
  return absl::StrCat(encoded_header, ".", Base64UrlEncode(wrapped_key), ".",
                      Base64UrlEncode(iv), ".", Base64UrlEncode(ciphertext),
                      ".", Base64UrlEncode(tag));
}

}  // namespace sluice::ace
