#include "policy/ace/token_verifier.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/claims.h"
#include "policy/ace/cwt.h"
#include "policy/ace/digest.h"
#include "policy/ace/jwt.h"
#include "policy/ace/rejection.h"
#include "policy/ace/token_format.h"
#include "policy/ace/token_identity.h"

namespace sluice::ace {
namespace {

// RFC 7518 section 3.2.
constexpr size_t kMinHs256KeyBytes = 32;

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

// The keys that are known, and whether a token made somebody ask for one.
class NotedKeys final : public KnownKeysInterface {
 public:
  // `keys` may be null.
  explicit NotedKeys(const KnownKeysInterface* keys) : keys_(keys) {}

  absl::StatusOr<std::optional<PopKey>> FindByKid(
      absl::string_view issuer, absl::string_view subject,
      absl::string_view kid, absl::Time now) const override {
    was_asked_ = true;
    if (keys_ == nullptr) return std::nullopt;
    return keys_->FindByKid(issuer, subject, kid, now);
  }

  bool was_asked() const { return was_asked_; }

 private:
  const KnownKeysInterface* const keys_;
  mutable bool was_asked_ = false;
};

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
                                                    absl::Time now,
                                                    TokenCache* cache) const {
  if (token.size() > kMaxTokenBytes) {
    return InvalidTokenError("the token is too long");
  }
  std::string digest;
  if (cache != nullptr) {
    digest = Sha256(token);
    if (const auto known = cache->Find(digest); known != nullptr) {
      return Admit(*known, now);
    }
  }
  const NotedKeys known_keys(options_.known_keys.get());
  TokenContext context = ContextAt(now);
  context.known_keys = &known_keys;
  absl::StatusOr<TokenContents> contents = Read(token, context);
  if (!contents.ok()) return contents.status();
  if (cache != nullptr && !known_keys.was_asked()) {
    cache->Add(digest, *contents, now);
  }
  return Admit(*std::move(contents), now);
}

TokenVerifier TokenVerifier::WithKnownKeys(
    std::shared_ptr<const KnownKeysInterface> known_keys) const {
  TokenVerifier verifier = *this;
  verifier.options_.known_keys = std::move(known_keys);
  return verifier;
}

TokenContext TokenVerifier::ContextAt(absl::Time now) const {
  return {options_.issuers, options_.decryption_keys, options_.known_keys.get(),
          now};
}

absl::StatusOr<TokenContents> TokenVerifier::Read(ByteView token,
                                                  const TokenContext& context) {
  switch (ClassifyToken(token)) {
    case TokenFormat::kJws:
      return ReadSignedJwt(AsString(token), context);
    case TokenFormat::kJwe:
      return ReadEncryptedJwt(AsString(token), context);
    case TokenFormat::kCose:
      return ReadCwt(token, context);
    case TokenFormat::kEmpty:
      return UnparsableTokenError("the token is empty");
    case TokenFormat::kReference:
      break;
  }
  return UnparsableTokenError("a reference, and no issuer has introspection");
}

absl::StatusOr<VerifiedToken> TokenVerifier::Admit(TokenContents contents,
                                                   absl::Time now) const {
  Claims& claims = contents.claims;
  absl::Status status =
      CheckClaims(claims, options_.audience, now, options_.clock_skew);
  if (!status.ok()) {
    return WithIdentity(std::move(status), {contents.issuer->name,
                                            claims.subject, claims.token_id});
  }
  const absl::Time exp = claims.expires_at.value_or(absl::InfiniteFuture());
  const absl::Time taken_until =
      std::min(exp + options_.clock_skew, kLastInstant);
  return VerifiedToken{contents.issuer->name,
                       contents.issuer->profile,
                       std::move(claims.subject),
                       std::move(claims.token_id),
                       std::move(contents.scope),
                       exp > now ? exp : taken_until,
                       taken_until,
                       claims.exi,
                       std::move(contents.pop_key),
                       std::move(claims.client_nonce),
                       claims.issued_at,
                       /*may_outlive_grant=*/false,
                       std::move(contents.digest)};
}

absl::Time ExpiryFrom(const VerifiedToken& token, absl::Time first_seen) {
  if (!token.exi.has_value()) return token.expires_at;
  return std::min({token.expires_at, first_seen + *token.exi, kLastInstant});
}

}  // namespace sluice::ace
