#include "policy/ace/rejection.h"

#include "absl/strings/cord.h"

namespace sluice::ace {
namespace {

constexpr absl::string_view kPayloadUrl = "type.sluice/ace.Rejection";

// What the payload holds.
absl::string_view Name(Rejection rejection) {
  switch (rejection) {
    case Rejection::kUnparsable:
      return "unparsable";
    case Rejection::kInvalid:
      return "invalid";
    case Rejection::kExpired:
      return "expired";
    case Rejection::kProof:
      return "proof";
    case Rejection::kRevoked:
      return "revoked";
  }
  return "";
}

}  // namespace

absl::Status RejectedError(Rejection rejection, absl::string_view detail) {
  absl::Status status = rejection == Rejection::kUnparsable
                            ? absl::InvalidArgumentError(detail)
                            : absl::UnauthenticatedError(detail);
  status.SetPayload(kPayloadUrl, absl::Cord(Name(rejection)));
  return status;
}

absl::Status UnparsableTokenError(absl::string_view detail) {
  return RejectedError(Rejection::kUnparsable, detail);
}

absl::Status InvalidTokenError(absl::string_view detail) {
  return RejectedError(Rejection::kInvalid, detail);
}

std::optional<Rejection> RejectionOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value()) return std::nullopt;
  for (const Rejection rejection :
       {Rejection::kUnparsable, Rejection::kInvalid, Rejection::kExpired,
        Rejection::kProof, Rejection::kRevoked}) {
    if (*payload == Name(rejection)) return rejection;
  }
  return std::nullopt;
}

}  // namespace sluice::ace
