#include "policy/ace/claims.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/ace/rejection.h"

namespace sluice::ace {
namespace {

// The last second of the year 9999: what a protobuf Timestamp holds.
constexpr int64_t kMaxUnixSeconds = 253402300799;

// The profile's number in the registry of RFC 9200 section 8.8, as CBOR has it.
constexpr int64_t kMqttTls = 3;

absl::Status Invalid(absl::string_view claim, absl::string_view fault) {
  return RejectedError(Rejection::kInvalid, absl::StrCat(claim, ": ", fault));
}

// RFC 7519's NumericDate; nullopt where the claim is not there.
absl::StatusOr<std::optional<absl::Time>> ReadInstant(const Json& payload,
                                                      const char* claim) {
  const Json* value = FindMember(payload, claim);
  if (value == nullptr) return std::optional<absl::Time>();
  if (const auto* seconds = value->get_ptr<const Json::number_unsigned_t*>()) {
    if (*seconds <= uint64_t{kMaxUnixSeconds}) {
      return std::make_optional(
          absl::FromUnixSeconds(static_cast<int64_t>(*seconds)));
    }
  } else if (const auto* fractional =
                 value->get_ptr<const Json::number_float_t*>()) {
    if (*fractional >= 0 && *fractional <= kMaxUnixSeconds) {
      return std::make_optional(absl::UnixEpoch() + absl::Seconds(*fractional));
    }
  } else if (!value->is_number()) {
    return Invalid(claim, "not a number");
  }
  return Invalid(claim, "out of range");
}

// Empty where the claim is not there.
absl::StatusOr<std::string> ReadName(const Json& payload, const char* claim) {
  const Json* value = FindMember(payload, claim);
  if (value == nullptr) return std::string();
  const std::string* text = AsText(value);
  if (text == nullptr) return Invalid(claim, "not a string");
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::any_of(text->begin(), text->end(), is_control)) {
    return Invalid(claim, "holds a control character");
  }
  return *text;
}

absl::StatusOr<std::vector<std::string>> ReadAudience(const Json& payload) {
  const Json* value = FindMember(payload, "aud");
  if (value == nullptr) return Invalid("aud", "missing");
  if (const std::string* one = AsText(value)) {
    return std::vector<std::string>{*one};
  }
  if (!value->is_array()) {
    return Invalid("aud", "neither a string nor an array");
  }
  std::vector<std::string> audience;
  for (const Json& element : *value) {
    const std::string* text = AsText(&element);
    if (text == nullptr) return Invalid("aud", "holds what is not a string");
    audience.push_back(*text);
  }
  return audience;
}

absl::Status CheckProfile(const Json& payload) {
  const Json* value = FindMember(payload, "ace_profile");
  if (value == nullptr) return absl::OkStatus();
  const std::string* name = AsText(value);
  if (name != nullptr && *name == "mqtt_tls") return absl::OkStatus();
  if (value->is_number_integer() && *value == kMqttTls) {
    return absl::OkStatus();
  }
  return Invalid("ace_profile", "not mqtt_tls");
}

}  // namespace

absl::StatusOr<Claims> ReadClaims(const Json& payload) {
  Claims claims;
  absl::StatusOr<std::string> subject = ReadName(payload, "sub");
  if (!subject.ok()) return subject.status();
  absl::StatusOr<std::string> token_id = ReadName(payload, "jti");
  if (!token_id.ok()) return token_id.status();
  absl::StatusOr<std::vector<std::string>> audience = ReadAudience(payload);
  if (!audience.ok()) return audience.status();
  if (FindMember(payload, "exi") != nullptr) {
    return Invalid("exi", "not supported");
  }
  absl::StatusOr<std::optional<absl::Time>> expires_at =
      ReadInstant(payload, "exp");
  if (!expires_at.ok()) return expires_at.status();
  if (!expires_at->has_value()) return Invalid("exp", "missing");
  absl::StatusOr<std::optional<absl::Time>> not_before =
      ReadInstant(payload, "nbf");
  if (!not_before.ok()) return not_before.status();
  absl::StatusOr<std::optional<absl::Time>> issued_at =
      ReadInstant(payload, "iat");
  if (!issued_at.ok()) return issued_at.status();
  if (absl::Status status = CheckProfile(payload); !status.ok()) return status;

  claims.subject = *std::move(subject);
  claims.token_id = *std::move(token_id);
  claims.audience = *std::move(audience);
  claims.expires_at = **expires_at;
  claims.not_before = *not_before;
  claims.issued_at = *issued_at;
  return claims;
}

absl::Status CheckClaims(const Claims& claims, absl::string_view audience,
                         absl::Time now, absl::Duration leeway) {
  if (std::find(claims.audience.begin(), claims.audience.end(), audience) ==
      claims.audience.end()) {
    return Invalid("aud", "the token is for another audience");
  }
  if (claims.not_before.has_value() && now + leeway < *claims.not_before) {
    return Invalid("nbf", "the token is not valid yet");
  }
  if (claims.issued_at.has_value() && now + leeway < *claims.issued_at) {
    return Invalid("iat", "the token is issued in the future");
  }
  if (now >= claims.expires_at + leeway) {
    return RejectedError(Rejection::kExpired, "exp: the token has expired");
  }
  return absl::OkStatus();
}

}  // namespace sluice::ace
