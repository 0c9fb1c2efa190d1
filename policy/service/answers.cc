#include "policy/service/answers.h"

#include <cstdint>

namespace sluice::policy {

google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  const int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return timestamp;
}

v1::Denial::Reason ReasonOf(ace::Rejection rejection) {
  switch (rejection) {
    case ace::Rejection::kUnparsable:
      return v1::Denial::REASON_TOKEN_UNPARSABLE;
    case ace::Rejection::kInvalid:
      return v1::Denial::REASON_TOKEN_INVALID;
    case ace::Rejection::kExpired:
      return v1::Denial::REASON_TOKEN_EXPIRED;
    case ace::Rejection::kProof:
      return v1::Denial::REASON_PROOF_INVALID;
    case ace::Rejection::kRevoked:
      return v1::Denial::REASON_REVOKED;
  }
  return v1::Denial::REASON_UNSPECIFIED;
}

}  // namespace sluice::policy
