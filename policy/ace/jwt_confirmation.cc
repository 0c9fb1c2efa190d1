#include "policy/ace/jwt_confirmation.h"

#include <optional>
#include <string>
#include <utility>

#include "policy/ace/base64url.h"
#include "policy/ace/claims.h"
#include "policy/ace/jwe.h"
#include "policy/ace/jwk_reader.h"
#include "policy/ace/secret_bytes.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {
namespace {

absl::StatusOr<PopKey> FromJwe(const Json& value,
                               const DecryptionKeySet& decryption_keys) {
  const std::string* jwe = AsText(&value);
  if (jwe == nullptr) return ClaimError("cnf.jwe", "not a string");
  absl::StatusOr<SecretBytes> plaintext = DecryptJwe(*jwe, decryption_keys);
  if (!plaintext.ok()) {
    return ClaimError("cnf.jwe", plaintext.status().message());
  }
  return ToPopKeyDecrypted("cnf.jwe", Jwk::Parse(AsString(plaintext->view())));
}

absl::StatusOr<PopKey> FromCertificateHash(const Json& value) {
  const std::string* text = AsText(&value);
  std::optional<std::string> hash;
  if (text != nullptr) hash = Base64UrlDecode(*text);
  if (!hash.has_value()) {
    return ClaimError("cnf.x5t#S256", "not base64url");
  }
  absl::StatusOr<PopKey> key = PopKey::FromCertificateHash(AsBytes(*hash));
  if (!key.ok()) {
    return ClaimError("cnf.x5t#S256", key.status().message());
  }
  return key;
}

}  // namespace

absl::StatusOr<PopKey> ReadJwtConfirmation(const Json* cnf,
                                           const ConfirmationContext& context) {
  if (cnf == nullptr) return ClaimError("cnf", "missing");
  if (!cnf->is_object()) return ClaimError("cnf", "not an object");
  if (FindMember(*cnf, "jku") != nullptr) {
    return ClaimError("cnf.jku", "not supported");
  }
  const Json* jwk = FindMember(*cnf, "jwk");
  const Json* jwe = FindMember(*cnf, "jwe");
  const Json* hash = FindMember(*cnf, "x5t#S256");
  const int keys = (jwk != nullptr) + (jwe != nullptr) + (hash != nullptr);
  if (keys > 1) {
    return ClaimError("cnf", "more than one of jwk, jwe and x5t#S256");
  }
  std::optional<absl::string_view> name;
  if (const Json* kid = FindMember(*cnf, "kid"); kid != nullptr) {
    const std::string* text = AsText(kid);
    if (text == nullptr) return ClaimError("cnf.kid", "not a string");
    name = *text;
  }
  if (jwk != nullptr) {
    return WithNameBeside(
        ToPopKeyInClear("cnf.jwk", JwkReader::Read(*jwk), context), name);
  }
  if (jwe != nullptr) {
    return WithNameBeside(FromJwe(*jwe, context.token.decryption_keys), name);
  }
  if (hash != nullptr) return FromCertificateHash(*hash);
  if (name.has_value()) return FindKnownKey(*name, context);
  return ClaimError("cnf", "none of jwk, jwe, x5t#S256 and kid");
}

}  // namespace sluice::ace
