#include "policy/ace/jwt_claims.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "policy/ace/base64url.h"

namespace sluice::ace {
namespace {

// nullopt where the claim is not there.
absl::StatusOr<std::optional<absl::Time>> ReadInstant(const Json& payload,
                                                      const char* claim) {
  const Json* value = FindMember(payload, claim);
  if (value == nullptr) return std::optional<absl::Time>();
  if (!value->is_number()) return ClaimError(claim, "not a number");
  absl::StatusOr<absl::Time> instant = ClaimError(claim, "out of range");
  if (const auto* seconds = value->get_ptr<const Json::number_unsigned_t*>()) {
    instant = ToInstant(claim, uint64_t{*seconds});
  } else if (const auto* fractional =
                 value->get_ptr<const Json::number_float_t*>()) {
    instant = ToInstant(claim, *fractional);
  }
  if (!instant.ok()) return instant.status();
  return std::make_optional(*instant);
}

absl::StatusOr<std::optional<absl::Duration>> ReadExi(const Json& payload) {
  const Json* value = FindMember(payload, "exi");
  if (value == nullptr) return std::optional<absl::Duration>();
  const auto* seconds = value->get_ptr<const Json::number_unsigned_t*>();
  if (seconds == nullptr || *seconds == 0) {
    return ClaimError("exi", "not a positive whole number");
  }
  const absl::StatusOr<absl::Time> end = ToInstant("exi", uint64_t{*seconds});
  if (!end.ok()) return end.status();
  return std::make_optional(*end - absl::UnixEpoch());
}

// Bytes have to be base64url in JSON.
absl::StatusOr<std::string> ReadClientNonce(const Json& payload) {
  const Json* value = FindMember(payload, "cnonce");
  if (value == nullptr) return std::string();
  const std::string* text = AsText(value);
  if (text == nullptr) return ClaimError("cnonce", "not a string");
  std::optional<std::string> nonce = Base64UrlDecode(*text);
  if (!nonce.has_value()) return ClaimError("cnonce", "not base64url");
  if (nonce->empty()) return ClaimError("cnonce", "empty");
  return *std::move(nonce);
}

// Empty where the claim is not there.
absl::StatusOr<std::string> ReadName(const Json& payload, const char* claim) {
  const Json* value = FindMember(payload, claim);
  if (value == nullptr) return std::string();
  const std::string* text = AsText(value);
  if (text == nullptr) return ClaimError(claim, "not a string");
  return ToName(claim, *text);
}

absl::StatusOr<std::vector<std::string>> ReadAudience(const Json& payload) {
  const Json* value = FindMember(payload, "aud");
  if (value == nullptr) return ClaimError("aud", "missing");
  if (const std::string* one = AsText(value)) {
    return std::vector<std::string>{*one};
  }
  if (!value->is_array()) {
    return ClaimError("aud", "neither a string nor an array");
  }
  std::vector<std::string> audience;
  for (const Json& element : *value) {
    const std::string* text = AsText(&element);
    if (text == nullptr) return ClaimError("aud", "holds what is not a string");
    audience.push_back(*text);
  }
  return audience;
}

absl::Status CheckProfile(const Json& payload) {
  const Json* value = FindMember(payload, "ace_profile");
  if (value == nullptr) return absl::OkStatus();
  const std::string* name = AsText(value);
  if (name != nullptr && *name == kMqttTlsName) return absl::OkStatus();
  if (value->is_number_integer() && *value == kMqttTlsNumber) {
    return absl::OkStatus();
  }
  return ClaimError("ace_profile", "not mqtt_tls");
}

}  // namespace

absl::StatusOr<Claims> ReadJwtClaims(const Json& payload) {
  absl::StatusOr<std::string> subject = ReadName(payload, "sub");
  if (!subject.ok()) return subject.status();
  absl::StatusOr<std::string> token_id = ReadName(payload, "jti");
  if (!token_id.ok()) return token_id.status();
  absl::StatusOr<std::vector<std::string>> audience = ReadAudience(payload);
  if (!audience.ok()) return audience.status();
  absl::StatusOr<std::optional<absl::Time>> expires_at =
      ReadInstant(payload, "exp");
  if (!expires_at.ok()) return expires_at.status();
  absl::StatusOr<std::optional<absl::Duration>> exi = ReadExi(payload);
  if (!exi.ok()) return exi.status();
  absl::StatusOr<std::optional<absl::Time>> not_before =
      ReadInstant(payload, "nbf");
  if (!not_before.ok()) return not_before.status();
  absl::StatusOr<std::optional<absl::Time>> issued_at =
      ReadInstant(payload, "iat");
  if (!issued_at.ok()) return issued_at.status();
  absl::StatusOr<std::string> client_nonce = ReadClientNonce(payload);
  if (!client_nonce.ok()) return client_nonce.status();
  if (absl::Status status = CheckProfile(payload); !status.ok()) return status;

  Claims claims{*std::move(subject),
                *std::move(token_id),
                *std::move(audience),
                *expires_at,
                *exi,
                *not_before,
                *issued_at,
                *std::move(client_nonce)};
  if (absl::Status status = CheckLifetime(claims); !status.ok()) return status;
  return claims;
}

}  // namespace sluice::ace
