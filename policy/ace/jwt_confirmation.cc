#include "policy/ace/confirmation.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/ace/jwe.h"
#include "policy/ace/jwk_reader.h"
#include "policy/ace/rejection.h"
#include "policy/ace/secret_bytes.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {
namespace {

absl::Status Invalid(absl::string_view member, absl::string_view fault) {
  return RejectedError(Rejection::kInvalid, absl::StrCat(member, ": ", fault));
}

absl::StatusOr<PopKey> ToPopKey(absl::string_view member,
                                absl::StatusOr<Jwk> jwk) {
  if (!jwk.ok()) return Invalid(member, jwk.status().message());
  absl::StatusOr<PopKey> key = PopKey::FromJwk(*std::move(jwk));
  if (!key.ok()) return Invalid(member, key.status().message());
  return key;
}

absl::StatusOr<PopKey> FromJwk(const Json& value) {
  absl::StatusOr<Jwk> jwk = JwkReader::Read(value);
  if (jwk.ok() && jwk->type() == KeyType::kSymmetric) {
    return Invalid("cnf.jwk", "a symmetric key in clear");
  }
  return ToPopKey("cnf.jwk", std::move(jwk));
}

absl::StatusOr<PopKey> FromJwe(const Json& value,
                               const JwkSet& decryption_keys) {
  const std::string* jwe = AsText(&value);
  if (jwe == nullptr) return Invalid("cnf.jwe", "not a string");
  absl::StatusOr<SecretBytes> plaintext = DecryptJwe(*jwe, decryption_keys);
  if (!plaintext.ok()) return Invalid("cnf.jwe", plaintext.status().message());
  absl::StatusOr<Jwk> jwk = Jwk::Parse(AsString(plaintext->view()));
  if (jwk.ok() && jwk->type() != KeyType::kSymmetric) {
    return Invalid("cnf.jwe", "the key inside is not symmetric");
  }
  return ToPopKey("cnf.jwe, the key inside", std::move(jwk));
}

}  // namespace

absl::StatusOr<PopKey> ReadConfirmation(const Json* cnf,
                                        const JwkSet& decryption_keys) {
  if (cnf == nullptr) return Invalid("cnf", "missing");
  if (!cnf->is_object()) return Invalid("cnf", "not an object");
  // Each of these would bind the token to another key as well.
  for (const char* member : {"x5t#S256", "jku"}) {
    if (FindMember(*cnf, member) != nullptr) {
      return Invalid(absl::StrCat("cnf.", member), "not supported");
    }
  }
  const Json* jwk = FindMember(*cnf, "jwk");
  const Json* jwe = FindMember(*cnf, "jwe");
  if (jwk != nullptr && jwe != nullptr) {
    return Invalid("cnf", "both jwk and jwe");
  }
  if (jwk != nullptr) return FromJwk(*jwk);
  if (jwe != nullptr) return FromJwe(*jwe, decryption_keys);
  if (FindMember(*cnf, "kid") != nullptr) {
    return Invalid("cnf.kid", "not supported without the key");
  }
  return Invalid("cnf", "neither jwk nor jwe");
}

}  // namespace sluice::ace
