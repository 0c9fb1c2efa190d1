#ifndef POLICY_ACE_CLAIMS_H_
#define POLICY_ACE_CLAIMS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sluice::ace {

// The claims of a token that depend neither on its format nor on the profile's
// edition. `cnf` and `scope` are read elsewhere.
struct Claims {
  std::string subject;  // `sub`; empty where there is none
  // `jti`, or `cti` in hexadecimal; empty where there is none.
  std::string token_id;
  std::vector<std::string> audience;
  // At least one of these two is there, and `exi` only beside a token_id.
  std::optional<absl::Time> expires_at;
  std::optional<absl::Duration> exi;
  std::optional<absl::Time> not_before;
  std::optional<absl::Time> issued_at;
  // `cnonce` (RFC 9200 section 5.3.1), in bytes; empty where there is none.
  std::string client_nonce;
};

// The longest leeway that can be configured: for so long after its expiry a
// token may still be taken, now or after a change of the configuration.
inline constexpr absl::Duration kMaxClockSkew = absl::Hours(1);

// The last second of the year 9999: what a protobuf Timestamp holds.
inline constexpr absl::Time kLastInstant = absl::FromUnixSeconds(253402300799);

// Whether a token with `claims` is for `audience` and, give or take `leeway`,
// in force at `now`; `exi` does not count. Rejection::kExpired only where all
// else is in order.
absl::Status CheckClaims(const Claims& claims, absl::string_view audience,
                         absl::Time now, absl::Duration leeway);

// What the readers of both formats share. Errors are Rejection::kInvalid.

// The profile's number in the registry of RFC 9200 section 8.8, as CBOR has it,
// and its name.
inline constexpr int64_t kMqttTlsNumber = 3;
inline constexpr absl::string_view kMqttTlsName = "mqtt_tls";

absl::Status ClaimError(absl::string_view claim, absl::string_view fault);

// A NumericDate (RFC 7519 section 2) or a count of seconds; an error where it
// is not between 1970 and kLastInstant.
absl::StatusOr<absl::Time> ToInstant(absl::string_view claim, uint64_t seconds);
absl::StatusOr<absl::Time> ToInstant(absl::string_view claim, double seconds);

// `name`, where it holds no control character.
absl::StatusOr<std::string> ToName(absl::string_view claim,
                                   absl::string_view name);

// That `claims` has a lifetime: `exp`, or `exi` beside a token_id, which is
// what the first time is remembered under (ACE-TOK-8).
absl::Status CheckLifetime(const Claims& claims);

}  // namespace sluice::ace

#endif  // POLICY_ACE_CLAIMS_H_
