#include "policy/ctl/dev_token.h"

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "policy/ace/base64url.h"
#include "policy/ace/json.h"
#include "policy/ace/jwk.h"
#include "policy/ace/pop_key.h"
#include "policy/ace/scope.h"
#include "policy/ace/signing_key.h"
#include "policy/ctl/files.h"
#include "policy/ctl/token_request.h"
#include "proxy/base/bytes.h"

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

// The client's key, and the key that it is encrypted with where it is
// symmetric.
struct ClientKey {
  ace::Jwk key;
  std::optional<ace::Jwk> encryption_key;
};

absl::StatusOr<ClientKey> ReadClientKey(const Options& options) {
  const std::string path = options.Get("cnf-key");
  absl::StatusOr<ace::Jwk> key = ReadPublicKey(path);
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
    return ClientKey{*std::move(key), std::nullopt};
  }
  if (!encryption_path.has_value()) {
    return absl::InvalidArgumentError(
        "a symmetric --cnf-key needs --encryption-key");
  }
  absl::StatusOr<ace::Jwk> encryption_key = ReadPublicKey(*encryption_path);
  if (!encryption_key.ok()) return encryption_key.status();
  return ClientKey{*std::move(key), *std::move(encryption_key)};
}

// The instant that `--name`, a duration, is ahead of `now`, in Unix seconds.
absl::StatusOr<int64_t> ReadInstant(const Options& options,
                                    absl::string_view name, absl::Time now) {
  absl::Duration ahead;
  int64_t seconds;
  if (absl::SimpleAtoi(options.Get(name), &seconds)) {
    ahead = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(options.Get(name), &ahead)) {
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

absl::StatusOr<TokenRequest> ReadRequest(const Options& options,
                                         absl::Time now) {
  const absl::StatusOr<int64_t> expires_at =
      ReadInstant(options, "expires-in", now);
  if (!expires_at.ok()) return expires_at.status();
  std::optional<int64_t> not_before;
  if (options.Find("not-before").has_value()) {
    const absl::StatusOr<int64_t> instant =
        ReadInstant(options, "not-before", now);
    if (!instant.ok()) return instant.status();
    not_before = *instant;
  }
  const std::optional<std::string> scope_json = options.Find("scope");
  absl::StatusOr<ace::Scope> scope = ace::Scope();
  if (scope_json.has_value()) scope = ace::ParseAifScopeJson(*scope_json);
  if (!scope.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--scope: ", scope.status().message()));
  }
  absl::StatusOr<ClientKey> client_key = ReadClientKey(options);
  if (!client_key.ok()) return client_key.status();
  return TokenRequest{options.Get("issuer"),
                      options.Get("audience"),
                      options.Get("subject"),
                      options.Find("token-id"),
                      absl::ToUnixSeconds(now),
                      *expires_at,
                      not_before,
                      scope_json,
                      *std::move(scope),
                      std::move(client_key->key),
                      std::move(client_key->encryption_key)};
}

absl::Status Run(const Options& options, const Environment& environment) {
  const std::string format = options.Find("format").value_or("jwt");
  if (format != "jwt" && format != "cwt") {
    return absl::InvalidArgumentError("--format is not jwt or cwt");
  }
  const absl::StatusOr<TokenRequest> request =
      ReadRequest(options, environment.now);
  if (!request.ok()) return request.status();
  const absl::StatusOr<ace::SigningKey> key =
      ReadSigningKey(options.Get("key"));
  if (!key.ok()) return key.status();
  const absl::StatusOr<std::string> token =
      format == "jwt" ? MakeJwt(*request, *key) : MakeCwt(*request, *key);
  if (absl::IsInvalidArgument(token.status())) {
    return FileFault(options.Get("encryption-key"), token.status());
  }
  if (!token.ok()) return token.status();
  if (const auto path = options.Find("out"); path.has_value()) {
    return CreateFiles({NewFile{*path, *token, 0600}});
  }
  environment.out << (format == "jwt" ? *token
                                      : ace::Base64UrlEncode(AsBytes(*token)))
                  << "\n";
  return absl::OkStatus();
}

}  // namespace

Command DevToken() {
  return {
      "dev",
      "token",
      "Sign an access token with a local key and print it",
      "DURATION is like 90s, 5m or 1h30m, counted from now, and may be "
      "negative. A JWT is\nprinted as it is, a CWT, which is bytes, in "
      "base64url; --out writes either as a client\nsends it.\n",
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
          {"token-id", "ID", false,
           "jti, or the bytes of cti (shown in hexadecimal); none: random"},
          {"encryption-key", "FILE", false,
           "for a symmetric --cnf-key: a JWK of the policy's decryption keys"},
          {"format", "FORMAT", false, "jwt or cwt; none: jwt"},
          {"out", "FILE", false,
           "a file for the token's bytes, which must not exist; none: print"},
      },
      &Run,
  };
}

}  // namespace sluice::ctl
