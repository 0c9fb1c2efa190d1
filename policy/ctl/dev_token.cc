#include "policy/ctl/dev_token.h"

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "policy/ace/base64url.h"
#include "policy/ace/json.h"
#include "policy/ace/jwe.h"
#include "policy/ace/jwk.h"
#include "policy/ace/jws_sign.h"
#include "policy/ace/openssl_guard.h"
#include "policy/ace/pop_key.h"
#include "policy/ace/scope.h"
#include "policy/ace/signing_key.h"
#include "policy/ctl/files.h"
#include "proxy/base/bytes.h"
#include "proxy/mqtt/topic.h"

namespace sluice::ctl {
namespace {

using ace::Json;

// A fault in a file is not wrong usage.
absl::Status FileFault(absl::string_view path, const absl::Status& status) {
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": ", status.message()));
}

absl::StatusOr<ace::SigningKey> ReadSigningKey(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<ace::SigningKey> key = ace::SigningKey::Parse(*text);
  if (!key.ok()) return FileFault(path, key.status());
  return key;
}

// The key of a JWKS that holds one, or of a JWK; of a private JWK, its public
// part.
absl::StatusOr<ace::Jwk> ParsePublicKey(const std::string& text) {
  const absl::StatusOr<Json> json = ace::ParseJsonObject(text);
  if (!json.ok()) return json.status();
  if (ace::FindMember(*json, "keys") != nullptr) {
    absl::StatusOr<ace::JwkSet> set = ace::JwkSet::Parse(text);
    if (!set.ok()) return set.status();
    if (set->keys().size() != 1) {
      return absl::InvalidArgumentError("holds not exactly one usable key");
    }
    return set->keys().front();
  }
  if (ace::FindMember(*json, "d") == nullptr) return ace::Jwk::Parse(text);
  absl::StatusOr<ace::SigningKey> key = ace::SigningKey::Parse(text);
  if (!key.ok()) return key.status();
  return key->jwk();
}

absl::StatusOr<ace::Jwk> ReadPublicKey(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<ace::Jwk> key = ParsePublicKey(*text);
  if (!key.ok()) return FileFault(path, key.status());
  return key;
}

// The `cnf` claim.
absl::StatusOr<Json> MakeConfirmation(const Options& options) {
  const std::string path = options.Get("cnf-key");
  const absl::StatusOr<ace::Jwk> key = ReadPublicKey(path);
  if (!key.ok()) return key.status();
  const absl::Status usable = ace::PopKey::FromJwk(*key).status();
  if (!usable.ok()) return FileFault(path, usable);

  const std::optional<std::string> encryption_path =
      options.Find("encryption-key");
  if (key->type() != ace::KeyType::kSymmetric) {
    if (encryption_path.has_value()) {
      return absl::InvalidArgumentError(
          "--encryption-key goes with a symmetric --cnf-key only");
    }
    const absl::StatusOr<Json> jwk = ace::ParseJsonObject(key->ToJson());
    if (!jwk.ok()) return jwk.status();
    return Json{{"jwk", *jwk}};
  }
  if (!encryption_path.has_value()) {
    return absl::InvalidArgumentError(
        "a symmetric --cnf-key needs --encryption-key");
  }
  const absl::StatusOr<ace::Jwk> encryption_key =
      ReadPublicKey(*encryption_path);
  if (!encryption_key.ok()) return encryption_key.status();
  const absl::StatusOr<std::string> jwe =
      ace::EncryptJwe(AsBytes(key->ToJson()), *encryption_key);
  if (!jwe.ok()) return FileFault(*encryption_path, jwe.status());
  return Json{{"jwe", *jwe}};
}

// The instant that `--name`, a duration, is ahead of `now`, in Unix seconds.
absl::StatusOr<int64_t> ReadInstant(const Options& options,
                                    absl::string_view name, absl::Time now) {
  absl::Duration ahead;
  if (!absl::ParseDuration(options.Get(name), &ahead)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--", name, " is not a duration like 90s, 5m or 1h"));
  }
  const absl::Time instant = now + ahead;
  if (instant < absl::UnixEpoch() ||
      instant > absl::FromCivil(absl::CivilYear(9999), absl::UTCTimeZone())) {
    return absl::InvalidArgumentError(
        absl::StrCat("--", name, " is out of range"));
  }
  return absl::ToUnixSeconds(instant);
}

std::string RandomTokenId() {
  uint8_t bytes[16];
  RAND_bytes(bytes, sizeof(bytes));
  return ace::Base64UrlEncode(bytes);
}

// JSON holds nothing but Unicode text.
absl::Status CheckText(const Options& options) {
  for (const absl::string_view name :
       {"issuer", "audience", "subject", "token-id"}) {
    if (!mqtt::IsValidUtf8(options.Get(name))) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", name, " is not UTF-8"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Json> MakeClaims(const Options& options, absl::Time now) {
  if (absl::Status status = CheckText(options); !status.ok()) return status;
  const absl::StatusOr<int64_t> expires_at =
      ReadInstant(options, "expires-in", now);
  if (!expires_at.ok()) return expires_at.status();
  Json claims = {
      {"iss", options.Get("issuer")},
      {"aud", options.Get("audience")},
      {"sub", options.Get("subject")},
      {"jti", options.Find("token-id").value_or(RandomTokenId())},
      {"iat", absl::ToUnixSeconds(now)},
      {"exp", *expires_at},
      {"ace_profile", "mqtt_tls"},
  };
  if (options.Find("not-before").has_value()) {
    const absl::StatusOr<int64_t> not_before =
        ReadInstant(options, "not-before", now);
    if (!not_before.ok()) return not_before.status();
    claims["nbf"] = *not_before;
  }
  if (const auto scope = options.Find("scope"); scope.has_value()) {
    const absl::Status valid = ace::ParseAifScopeJson(*scope).status();
    if (!valid.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--scope: ", valid.message()));
    }
    claims["scope"] = ace::Base64UrlEncode(AsBytes(*scope));
  }
  absl::StatusOr<Json> confirmation = MakeConfirmation(options);
  if (!confirmation.ok()) return confirmation.status();
  claims["cnf"] = *std::move(confirmation);
  return claims;
}

absl::Status Run(const Options& options, const Environment& environment) {
  if (options.Find("format").value_or("jwt") != "jwt") {
    return absl::InvalidArgumentError("--format is not jwt");
  }
  const absl::StatusOr<Json> claims = MakeClaims(options, environment.now);
  if (!claims.ok()) return claims.status();
  const absl::StatusOr<ace::SigningKey> key =
      ReadSigningKey(options.Get("key"));
  if (!key.ok()) return key.status();
  const absl::StatusOr<std::string> token = ace::SignJwt(*key, claims->dump());
  if (!token.ok()) return token.status();
  environment.out << *token << "\n";
  return absl::OkStatus();
}

}  // namespace

Command DevToken() {
  return {
      "dev",
      "token",
      "Sign an access token with a local key and print it",
      "DURATION is like 90s, 5m or 1h30m, counted from now, and may be "
      "negative.\n",
      {
          {"key", "FILE", true, "the issuer's private JWK"},
          {"issuer", "NAME", true, "iss: the issuer, as the policy names it"},
          {"audience", "NAME", true, "aud: the broker's audience"},
          {"subject", "NAME", true, "sub: the client"},
          {"expires-in", "DURATION", true, "exp"},
          {"cnf-key", "FILE", true,
           "cnf: the client's key, a JWK, private or not, or a JWKS of one"},
          {"scope", "JSON", false,
           R"(AIF-MQTT, as [["a/#",["pub","sub"]]]; none: no permission)"},
          {"not-before", "DURATION", false, "nbf"},
          {"token-id", "ID", false, "jti; none: a random one"},
          {"encryption-key", "FILE", false,
           "for a symmetric --cnf-key: a JWK of the policy's decryption keys"},
          {"format", "jwt", false, "the token's format; none: jwt"},
      },
      &Run,
  };
}

}  // namespace sluice::ctl
