#include "policy/ace/jwe.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "policy/ace/base64url.h"
#include "policy/ace/concat_kdf.h"
#include "policy/ace/content_encryption.h"
#include "policy/ace/jose_header.h"
#include "policy/ace/json.h"
#include "policy/ace/jwk_reader.h"
#include "policy/ace/key_choice.h"
#include "policy/ace/key_management.h"
#include "policy/ace/rejection.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {
namespace {

constexpr size_t kParts = 5;

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

bool Fits(const Jwk& key, const Header& header) {
  switch (header.management) {
    case KeyManagement::kDirect:
      return FitsDirectly(key, header.encryption);
    case KeyManagement::kA128Kw:
    case KeyManagement::kA256Kw:
      return FitsWrapping(key, header.management);
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

// The key that the content is encrypted with; nullopt where `key` cannot tell.
std::optional<SecretBytes> ContentKey(const DecryptionKey& key,
                                      const Header& header,
                                      ByteView wrapped_key) {
  switch (header.management) {
    case KeyManagement::kDirect:
      return SecretBytes(key.jwk().key().secret());
    case KeyManagement::kA128Kw:
    case KeyManagement::kA256Kw:
      return UnwrapKey(key.jwk().key().secret(), wrapped_key);
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

}  // namespace sluice::ace
