#include "policy/ace/jwk.h"

#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/base64url.h"
#include "policy/ace/jwk_reader.h"
#include "policy/ace/key_error.h"
#include "policy/ace/secret_bytes.h"

namespace sluice::ace {
namespace {

// Registered key types and curves that we have no use for. Only these are ever
// quoted: all other text in a JWK stays out of messages.
constexpr absl::string_view kForeignNames[] = {"AKP",       "P-384", "P-521",
                                               "secp256k1", "X448",  "Ed448"};

absl::Status UnsupportedError(absl::string_view member,
                              absl::string_view name) {
  for (const absl::string_view foreign : kForeignNames) {
    if (name == foreign) {
      return absl::UnimplementedError(
          absl::StrCat(member, ": \"", foreign, "\" is not supported"));
    }
  }
  return absl::UnimplementedError(absl::StrCat(member, ": not supported"));
}

absl::StatusOr<std::string> RequiredText(const Json& jwk, const char* member) {
  const Json* value = FindMember(jwk, member);
  if (value == nullptr) return KeyError(member, "missing");
  const std::string* text = AsText(value);
  if (text == nullptr) return KeyError(member, "not a string");
  return *text;
}

// Empty where there is none.
absl::StatusOr<std::string> OptionalText(const Json& jwk, const char* member) {
  if (FindMember(jwk, member) == nullptr) return std::string();
  return RequiredText(jwk, member);
}

absl::StatusOr<SecretBytes> RequiredBytes(const Json& jwk, const char* member) {
  const Json* value = FindMember(jwk, member);
  if (value == nullptr) return KeyError(member, "missing");
  const std::string* text = AsText(value);
  if (text == nullptr) return KeyError(member, "not a string");
  std::optional<SecretBytes> bytes = Base64UrlDecodeSecret(*text);
  if (!bytes.has_value()) return KeyError(member, "not base64url");
  return *std::move(bytes);
}

absl::StatusOr<Key> ReadOkp(const Json& jwk) {
  absl::StatusOr<std::string> crv = RequiredText(jwk, "crv");
  if (!crv.ok()) return crv.status();
  if (*crv != "Ed25519" && *crv != "X25519") {
    return UnsupportedError("crv", *crv);
  }
  absl::StatusOr<SecretBytes> x = RequiredBytes(jwk, "x");
  if (!x.ok()) return x.status();
  return KeyFrom("x", *crv == "Ed25519" ? Key::Ed25519(x->view())
                                        : Key::X25519(x->view()));
}

absl::StatusOr<Key> ReadEc(const Json& jwk) {
  absl::StatusOr<std::string> crv = RequiredText(jwk, "crv");
  if (!crv.ok()) return crv.status();
  if (*crv != "P-256") return UnsupportedError("crv", *crv);
  absl::StatusOr<SecretBytes> x = RequiredBytes(jwk, "x");
  if (!x.ok()) return x.status();
  absl::StatusOr<SecretBytes> y = RequiredBytes(jwk, "y");
  if (!y.ok()) return y.status();
  return KeyFrom("x, y", Key::P256(x->view(), y->view()));
}

absl::StatusOr<Key> ReadRsa(const Json& jwk) {
  absl::StatusOr<SecretBytes> n = RequiredBytes(jwk, "n");
  if (!n.ok()) return n.status();
  absl::StatusOr<SecretBytes> e = RequiredBytes(jwk, "e");
  if (!e.ok()) return e.status();
  return KeyFrom("n, e", Key::Rsa(n->view(), e->view()));
}

absl::StatusOr<Key> ReadOct(const Json& jwk) {
  absl::StatusOr<SecretBytes> k = RequiredBytes(jwk, "k");
  if (!k.ok()) return k.status();
  return KeyFrom("k", Key::Symmetric(k->view()));
}

absl::StatusOr<Key> ReadKey(const Json& jwk) {
  absl::StatusOr<std::string> kty = RequiredText(jwk, "kty");
  if (!kty.ok()) return kty.status();
  if (*kty == "OKP") return ReadOkp(jwk);
  if (*kty == "EC") return ReadEc(jwk);
  if (*kty == "RSA") return ReadRsa(jwk);
  if (*kty == "oct") return ReadOct(jwk);
  return UnsupportedError("kty", *kty);
}

// What a key may be used for.
struct Uses {
  bool signature = true;
  bool encryption = true;
};

absl::StatusOr<Uses> ReadUse(const Json& jwk) {
  Uses uses;
  if (FindMember(jwk, "use") == nullptr) return uses;
  absl::StatusOr<std::string> use = RequiredText(jwk, "use");
  if (!use.ok()) return use.status();
  uses.signature = *use == "sig";
  uses.encryption = *use == "enc";
  return uses;
}

// `type`: what the key is. Of one for ECDH-ES, WebCrypto says that something is
// derived (RFC 7517 section 4.3).
absl::StatusOr<Uses> ReadKeyOps(const Json& jwk, KeyType type) {
  const bool derives = type == KeyType::kP256 || type == KeyType::kX25519;
  Uses uses;
  const Json* operations = FindMember(jwk, "key_ops");
  if (operations == nullptr) return uses;
  if (!operations->is_array()) return KeyError("key_ops", "not an array");
  uses = {false, false};
  for (const Json& element : *operations) {
    const std::string* operation = AsText(&element);
    if (operation == nullptr) {
      return KeyError("key_ops", "holds what is not a string");
    }
    if (*operation == "sign" || *operation == "verify") uses.signature = true;
    if (*operation == "encrypt" || *operation == "decrypt" ||
        *operation == "wrapKey" || *operation == "unwrapKey") {
      uses.encryption = true;
    }
    if (derives && (*operation == "deriveKey" || *operation == "deriveBits")) {
      uses.encryption = true;
    }
  }
  return uses;
}

}  // namespace

absl::StatusOr<Jwk> JwkReader::Read(const Json& json) {
  if (!json.is_object()) {
    return absl::InvalidArgumentError("not a JSON object");
  }
  absl::StatusOr<Key> key = ReadKey(json);
  if (!key.ok()) return key.status();
  // Of an RSA key, `d` is there whenever other private members are (RFC 7518
  // section 6.3.2).
  if (FindMember(json, "d") != nullptr) {
    return KeyError("d", "a private key where a public one belongs");
  }
  absl::StatusOr<std::string> kid = OptionalText(json, "kid");
  if (!kid.ok()) return kid.status();
  absl::StatusOr<std::string> alg = OptionalText(json, "alg");
  if (!alg.ok()) return alg.status();
  absl::StatusOr<Uses> use = ReadUse(json);
  if (!use.ok()) return use.status();
  absl::StatusOr<Uses> key_ops = ReadKeyOps(json, key->type());
  if (!key_ops.ok()) return key_ops.status();

  Jwk jwk(*std::move(key));
  jwk.kid_ = *std::move(kid);
  jwk.alg_ = *std::move(alg);
  jwk.permits_signature_ = use->signature && key_ops->signature;
  jwk.permits_encryption_ = use->encryption && key_ops->encryption;
  return jwk;
}

Jwk::Jwk(Key key) : key_(std::move(key)) {}

absl::StatusOr<Jwk> Jwk::Parse(absl::string_view json) {
  absl::StatusOr<Json> value = ParseJson(json);
  if (!value.ok()) return value.status();
  const auto wipe = absl::MakeCleanup([&value] { CleanseStrings(*value); });
  return JwkReader::Read(*value);
}

bool Jwk::Permits(KeyUse use) const {
  return use == KeyUse::kSignature ? permits_signature_ : permits_encryption_;
}

bool Jwk::Permits(Algorithm algorithm) const {
  return key_.IsFor(algorithm) &&
         (alg_.empty() || alg_ == AlgorithmName(algorithm)) &&
         Permits(KeyUse::kSignature);
}

Jwk Jwk::WithKid(absl::string_view kid) const {
  Jwk named = *this;
  named.kid_ = std::string(kid);
  return named;
}

std::string Jwk::ToJson() const {
  absl::StatusOr<Json> json = ParseJsonObject(key_.CanonicalJwk());
  const auto wipe = absl::MakeCleanup([&json] { CleanseStrings(*json); });
  if (!kid_.empty()) (*json)["kid"] = kid_;
  if (!alg_.empty()) (*json)["alg"] = alg_;
  return json->dump(-1, ' ', false, Json::error_handler_t::replace);
}

absl::StatusOr<JwkSet> JwkSet::Parse(absl::string_view json) {
  return Read(json, Malformed::kFails);
}

absl::StatusOr<JwkSet> JwkSet::ParsePublished(absl::string_view json) {
  return Read(json, Malformed::kIsSkipped);
}

absl::StatusOr<JwkSet> JwkSet::Read(absl::string_view json,
                                    Malformed malformed) {
  absl::StatusOr<Json> document = ParseJsonObject(json);
  if (!document.ok()) return document.status();
  const auto wipe =
      absl::MakeCleanup([&document] { CleanseStrings(*document); });
  const Json* keys = FindMember(*document, "keys");
  if (keys == nullptr) return KeyError("keys", "missing");
  if (!keys->is_array()) return KeyError("keys", "not an array");

  if (keys->size() > kMaxKeys) {
    return KeyError("keys", absl::StrCat("more than ", kMaxKeys));
  }
  JwkSet set;
  for (size_t i = 0; i < keys->size(); ++i) {
    const bool is_object = (*keys)[i].is_object();
    absl::StatusOr<Jwk> jwk = JwkReader::Read((*keys)[i]);
    if (jwk.ok()) {
      set.keys_.push_back(*std::move(jwk));
      continue;
    }
    std::string message =
        is_object ? absl::StrCat("keys[", i, "].", jwk.status().message())
                  : absl::StrCat("keys[", i, "]: not an object");
    if (malformed == Malformed::kFails &&
        !absl::IsUnimplemented(jwk.status())) {
      return absl::Status(jwk.status().code(), message);
    }
    if (++set.skipped_count_ <= kMaxSkippedTold) {
      set.skipped_.push_back(std::move(message));
    }
  }
  return set;
}

}  // namespace sluice::ace
