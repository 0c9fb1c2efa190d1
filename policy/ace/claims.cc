#include "policy/ace/claims.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "policy/ace/rejection.h"

namespace sluice::ace {

absl::Status ClaimError(absl::string_view claim, absl::string_view fault) {
  return InvalidTokenError(absl::StrCat(claim, ": ", fault));
}

absl::Status CheckClaims(const Claims& claims, absl::string_view audience,
                         absl::Time now, absl::Duration leeway) {
  if (std::find(claims.audience.begin(), claims.audience.end(), audience) ==
      claims.audience.end()) {
    return ClaimError("aud", "the token is for another audience");
  }
  if (claims.not_before.has_value() && now + leeway < *claims.not_before) {
    return ClaimError("nbf", "the token is not valid yet");
  }
  if (claims.issued_at.has_value() && now + leeway < *claims.issued_at) {
    return ClaimError("iat", "the token is issued in the future");
  }
  if (claims.expires_at.has_value() && now >= *claims.expires_at + leeway) {
    return RejectedError(Rejection::kExpired, "exp: the token has expired");
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::Time> ToInstant(absl::string_view claim,
                                     uint64_t seconds) {
  if (seconds > static_cast<uint64_t>(absl::ToUnixSeconds(kLastInstant))) {
    return ClaimError(claim, "out of range");
  }
  return absl::FromUnixSeconds(static_cast<int64_t>(seconds));
}

absl::StatusOr<absl::Time> ToInstant(absl::string_view claim, double seconds) {
  // Also false where it is not a number.
  if (seconds >= 0 && seconds <= absl::ToUnixSeconds(kLastInstant)) {
    return absl::UnixEpoch() + absl::Seconds(seconds);
  }
  return ClaimError(claim, "out of range");
}

absl::StatusOr<std::string> ToName(absl::string_view claim,
                                   absl::string_view name) {
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (std::any_of(name.begin(), name.end(), is_control)) {
    return ClaimError(claim, "holds a control character");
  }
  return std::string(name);
}

absl::Status CheckLifetime(const Claims& claims) {
  if (claims.exi.has_value() && claims.token_id.empty()) {
    return ClaimError("exi", "without jti or cti");
  }
  if (!claims.exi.has_value() && !claims.expires_at.has_value()) {
    return ClaimError("exp", "missing");
  }
  return absl::OkStatus();
}

}  // namespace sluice::ace
