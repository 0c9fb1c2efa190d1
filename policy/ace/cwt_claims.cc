#include "policy/ace/cwt_claims.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sluice::ace {
namespace {

constexpr uint64_t kEpochTimeTag = 1;  // RFC 8949 section 3.4.2

// nullopt where the claim is not there.
absl::StatusOr<std::optional<absl::Time>> ReadInstant(const Cbor& payload,
                                                      CwtClaim key,
                                                      absl::string_view claim) {
  const Cbor* value = FindClaim(payload, key);
  if (value == nullptr) return std::optional<absl::Time>();
  if (value->type == Cbor::Type::kTag && value->argument == kEpochTimeTag) {
    value = &value->items[0];
  }
  absl::StatusOr<absl::Time> instant = ClaimError(claim, "not a number");
  if (value->type == Cbor::Type::kUnsigned) {
    instant = ToInstant(claim, value->argument);
  } else if (value->type == Cbor::Type::kFloat) {
    instant = ToInstant(claim, value->number);
  } else if (value->type == Cbor::Type::kNegative) {
    instant = ClaimError(claim, "out of range");
  }
  if (!instant.ok()) return instant.status();
  return std::make_optional(*instant);
}

absl::StatusOr<std::optional<absl::Duration>> ReadExi(const Cbor& payload) {
  const Cbor* value = FindClaim(payload, CwtClaim::kExi);
  if (value == nullptr) return std::optional<absl::Duration>();
  if (value->type != Cbor::Type::kUnsigned || value->argument == 0) {
    return ClaimError("exi", "not a positive whole number");
  }
  const absl::StatusOr<absl::Time> end = ToInstant("exi", value->argument);
  if (!end.ok()) return end.status();
  return std::make_optional(*end - absl::UnixEpoch());
}

absl::StatusOr<std::string> ReadSubject(const Cbor& payload) {
  const Cbor* value = FindClaim(payload, CwtClaim::kSub);
  if (value == nullptr) return std::string();
  const std::optional<absl::string_view> text = AsTextString(value);
  if (!text.has_value()) return ClaimError("sub", "not a text string");
  return ToName("sub", *text);
}

absl::StatusOr<std::string> ReadTokenId(const Cbor& payload) {
  const Cbor* value = FindClaim(payload, CwtClaim::kCti);
  if (value == nullptr) return std::string();
  const std::optional<ByteView> bytes = AsByteString(value);
  if (!bytes.has_value()) return ClaimError("cti", "not a byte string");
  return absl::BytesToHexString(AsString(*bytes));
}

absl::StatusOr<std::string> ReadClientNonce(const Cbor& payload) {
  const Cbor* value = FindClaim(payload, CwtClaim::kCnonce);
  if (value == nullptr) return std::string();
  const std::optional<ByteView> bytes = AsByteString(value);
  if (!bytes.has_value()) return ClaimError("cnonce", "not a byte string");
  if (bytes->empty()) return ClaimError("cnonce", "empty");
  return std::string(AsString(*bytes));
}

absl::StatusOr<std::vector<std::string>> ReadAudience(const Cbor& payload) {
  const Cbor* value = FindClaim(payload, CwtClaim::kAud);
  if (value == nullptr) return ClaimError("aud", "missing");
  if (const auto one = AsTextString(value)) {
    return std::vector<std::string>{std::string(*one)};
  }
  if (value->type != Cbor::Type::kArray) {
    return ClaimError("aud", "neither a text string nor an array");
  }
  std::vector<std::string> audience;
  for (const Cbor& element : value->items) {
    const std::optional<absl::string_view> text = AsTextString(&element);
    if (!text.has_value()) return ClaimError("aud", "holds what is not text");
    audience.emplace_back(*text);
  }
  return audience;
}

absl::Status CheckProfile(const Cbor& payload) {
  const Cbor* value = FindClaim(payload, CwtClaim::kAceProfile);
  if (value == nullptr || AsInteger(value) == kMqttTlsNumber ||
      AsTextString(value) == kMqttTlsName) {
    return absl::OkStatus();
  }
  return ClaimError("ace_profile", "not mqtt_tls");
}

}  // namespace

absl::StatusOr<Claims> ReadCwtClaims(const Cbor& payload) {
  absl::StatusOr<std::string> subject = ReadSubject(payload);
  if (!subject.ok()) return subject.status();
  absl::StatusOr<std::string> token_id = ReadTokenId(payload);
  if (!token_id.ok()) return token_id.status();
  absl::StatusOr<std::vector<std::string>> audience = ReadAudience(payload);
  if (!audience.ok()) return audience.status();
  absl::StatusOr<std::optional<absl::Time>> expires_at =
      ReadInstant(payload, CwtClaim::kExp, "exp");
  if (!expires_at.ok()) return expires_at.status();
  absl::StatusOr<std::optional<absl::Duration>> exi = ReadExi(payload);
  if (!exi.ok()) return exi.status();
  absl::StatusOr<std::optional<absl::Time>> not_before =
      ReadInstant(payload, CwtClaim::kNbf, "nbf");
  if (!not_before.ok()) return not_before.status();
  absl::StatusOr<std::optional<absl::Time>> issued_at =
      ReadInstant(payload, CwtClaim::kIat, "iat");
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
