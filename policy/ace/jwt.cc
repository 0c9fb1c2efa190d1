#include "policy/ace/jwt.h"

#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/digest.h"
#include "policy/ace/json.h"
#include "policy/ace/jwe.h"
#include "policy/ace/jws.h"
#include "policy/ace/jwt_claims.h"
#include "policy/ace/jwt_confirmation.h"
#include "policy/ace/missing_keys.h"
#include "policy/ace/rejection.h"
#include "policy/ace/secret_bytes.h"
#include "policy/ace/token_format.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {
namespace {

absl::StatusOr<Scope> ReadScope(const Json& payload, Profile profile) {
  const Json* value = FindMember(payload, "scope");
  if (value == nullptr) return Scope();
  const std::string* text = AsText(value);
  if (text == nullptr) return InvalidTokenError("scope: not a string");
  absl::StatusOr<Scope> scope = profile == Profile::kDraft01
                                    ? ParseDraft01Scope(*text)
                                    : ParseAifScope(*text);
  if (!scope.ok()) return InvalidTokenError(scope.status().message());
  return scope;
}

// Reads a payload that `issuer` vouches for.
absl::StatusOr<TokenContents> ReadPayload(const Json& payload,
                                          const Issuer& issuer, bool encrypted,
                                          const TokenContext& context) {
  absl::StatusOr<Claims> claims = ReadJwtClaims(payload);
  if (!claims.ok()) return claims.status();
  absl::StatusOr<PopKey> pop_key = ReadJwtConfirmation(
      FindMember(payload, "cnf"),
      ConfirmationContext{context, issuer.name, claims->subject, encrypted});
  if (!pop_key.ok()) return pop_key.status();
  absl::StatusOr<Scope> scope = ReadScope(payload, issuer.profile);
  if (!scope.ok()) return scope.status();
  return TokenContents{&issuer, *std::move(claims), *std::move(pop_key),
                       *std::move(scope)};
}

absl::StatusOr<TokenContents> ReadJws(absl::string_view token, bool encrypted,
                                      const TokenContext& context) {
  absl::StatusOr<Jws> jws = Jws::Parse(token);
  if (!jws.ok()) return jws.status();
  absl::StatusOr<Json> payload = ParseJsonObject(jws->unverified_payload());
  if (!payload.ok()) {
    return UnparsableTokenError(
        absl::StrCat("payload: ", payload.status().message()));
  }
  const auto wipe = absl::MakeCleanup([encrypted, &payload] {
    if (encrypted) CleanseStrings(*payload);
  });
  // Only to choose the keys.
  const std::string* name = AsText(FindMember(*payload, "iss"));
  if (name == nullptr) return InvalidTokenError("iss: missing or not a string");
  const Issuer* issuer = FindIssuer(context.issuers, *name);
  if (issuer == nullptr) {
    return InvalidTokenError("iss: not a configured issuer");
  }
  if (absl::Status status = VerifySignature(*jws, *issuer); !status.ok()) {
    return status;
  }
  absl::StatusOr<TokenContents> contents =
      ReadPayload(*payload, *issuer, encrypted, context);
  if (contents.ok()) {
    contents->digest = Sha256(AsBytes(jws->unverified_payload()));
  }
  return contents;
}

}  // namespace

absl::StatusOr<TokenContents> ReadSignedJwt(absl::string_view token,
                                            const TokenContext& context) {
  return ReadJws(token, /*encrypted=*/false, context);
}

absl::StatusOr<TokenContents> ReadEncryptedJwt(absl::string_view token,
                                               const TokenContext& context) {
  const absl::StatusOr<SecretBytes> inner =
      DecryptJwe(token, context.decryption_keys);
  if (!inner.ok()) return inner.status();
  if (ClassifyToken(inner->view()) != TokenFormat::kJws) {
    return InvalidTokenError("what is encrypted is not a signed token");
  }
  absl::StatusOr<TokenContents> contents =
      ReadJws(AsString(inner->view()), /*encrypted=*/true, context);
  // Not kUnparsable: nobody else is to be asked about what could be decrypted.
  if (RejectionOf(contents.status()) == Rejection::kUnparsable) {
    return InvalidTokenError(
        absl::StrCat("what is encrypted: ", contents.status().message()));
  }
  return contents;
}

}  // namespace sluice::ace
