#include "policy/ace/token_verifier.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/claims.h"
#include "policy/ace/confirmation.h"
#include "policy/ace/json.h"
#include "policy/ace/jws.h"
#include "policy/ace/rejection.h"

namespace sluice::ace {
namespace {

// RFC 7518 section 3.2.
constexpr size_t kMinHs256KeyBytes = 32;

absl::Status Invalid(absl::string_view detail) {
  return RejectedError(Rejection::kInvalid, detail);
}

absl::Status CheckIssuer(const std::vector<Issuer>& issuers, size_t index) {
  const Issuer& issuer = issuers[index];
  if (issuer.name.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("issuers[", index, "]: no name"));
  }
  const auto same_name = [&](const Issuer& other) {
    return other.name == issuer.name;
  };
  if (std::count_if(issuers.begin(), issuers.end(), same_name) > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("issuer ", issuer.name, " occurs twice"));
  }
  for (size_t i = 0; i < issuer.keys.keys().size(); ++i) {
    const Jwk& key = issuer.keys.keys()[i];
    if (key.Permits(Algorithm::kHs256) &&
        key.key().secret().size() < kMinHs256KeyBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("issuer ", issuer.name, ": keys[", i,
                       "].k: HS256 needs 32 bytes or more"));
    }
  }
  return absl::OkStatus();
}

const Issuer* FindIssuer(const std::vector<Issuer>& issuers,
                         absl::string_view name) {
  for (const Issuer& issuer : issuers) {
    if (issuer.name == name) return &issuer;
  }
  return nullptr;
}

absl::StatusOr<Scope> ReadScope(const Json& payload, Profile profile) {
  const Json* value = FindMember(payload, "scope");
  if (value == nullptr) return Scope();
  const std::string* text = AsText(value);
  if (text == nullptr) return Invalid("scope: not a string");
  absl::StatusOr<Scope> scope = profile == Profile::kDraft01
                                    ? ParseDraft01Scope(*text)
                                    : ParseAifScope(*text);
  if (!scope.ok()) return Invalid(scope.status().message());
  return scope;
}

}  // namespace

TokenVerifier::TokenVerifier(Options options) : options_(std::move(options)) {}

absl::StatusOr<TokenVerifier> TokenVerifier::Create(Options options) {
  if (options.audience.empty()) {
    return absl::InvalidArgumentError("audience: empty");
  }
  if (options.clock_skew < absl::ZeroDuration() ||
      options.clock_skew == absl::InfiniteDuration()) {
    return absl::InvalidArgumentError("clock_skew: negative or infinite");
  }
  for (size_t i = 0; i < options.issuers.size(); ++i) {
    absl::Status status = CheckIssuer(options.issuers, i);
    if (!status.ok()) return status;
  }
  return TokenVerifier(std::move(options));
}

absl::StatusOr<VerifiedToken> TokenVerifier::Verify(ByteView token,
                                                    absl::Time now) const {
  if (token.size() > kMaxTokenBytes) return Invalid("the token is too long");
  absl::StatusOr<Jws> jws = Jws::Parse(AsString(token));
  if (!jws.ok()) return jws.status();
  absl::StatusOr<Json> payload = ParseJsonObject(jws->unverified_payload());
  if (!payload.ok()) {
    return Invalid(absl::StrCat("payload: ", payload.status().message()));
  }
  const std::string* issuer_name = AsText(FindMember(*payload, "iss"));
  if (issuer_name == nullptr) return Invalid("iss: missing or not a string");
  const Issuer* issuer = FindIssuer(options_.issuers, *issuer_name);
  if (issuer == nullptr) return Invalid("iss: not a configured issuer");
  if (absl::Status status = jws->Verify(issuer->keys); !status.ok()) {
    return status;
  }

  // From here on the issuer vouches for the payload.
  absl::StatusOr<Claims> claims = ReadClaims(*payload);
  if (!claims.ok()) return claims.status();
  absl::StatusOr<PopKey> pop_key =
      ReadConfirmation(FindMember(*payload, "cnf"), options_.decryption_keys);
  if (!pop_key.ok()) return pop_key.status();
  absl::StatusOr<Scope> scope = ReadScope(*payload, issuer->profile);
  if (!scope.ok()) return scope.status();
  if (absl::Status status =
          CheckClaims(*claims, options_.audience, now, options_.clock_skew);
      !status.ok()) {
    return status;
  }
  const absl::Time expires_at = now < claims->expires_at
                                    ? claims->expires_at
                                    : claims->expires_at + options_.clock_skew;
  return VerifiedToken{issuer->name,
                       issuer->profile,
                       std::move(claims->subject),
                       std::move(claims->token_id),
                       *std::move(scope),
                       expires_at,
                       *std::move(pop_key)};
}

}  // namespace sluice::ace
