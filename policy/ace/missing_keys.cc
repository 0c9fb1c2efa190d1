#include "policy/ace/missing_keys.h"

#include "absl/strings/cord.h"

namespace sluice::ace {
namespace {

constexpr absl::string_view kUnknownKidUrl = "type.sluice/ace.UnknownKid";
constexpr absl::string_view kMissingKeysUrl = "type.sluice/ace.MissingKeys";

}  // namespace

absl::Status WithUnknownKid(absl::Status refusal) {
  refusal.SetPayload(kUnknownKidUrl, absl::Cord());
  return refusal;
}

std::optional<std::string> IssuerWithMissingKeys(const absl::Status& status) {
  const absl::optional<absl::Cord> name = status.GetPayload(kMissingKeysUrl);
  if (!name.has_value()) return std::nullopt;
  return std::string(*name);
}

absl::Status KeysPendingError(const Issuer& issuer) {
  absl::Status status =
      absl::UnavailableError("the issuer's keys have not been read yet");
  status.SetPayload(kMissingKeysUrl, absl::Cord(issuer.name));
  return status;
}

absl::Status NoteMissingKeys(const Issuer& issuer, absl::Status status) {
  if (issuer.key_source == KeySource::kFetched &&
      status.GetPayload(kUnknownKidUrl).has_value()) {
    status.SetPayload(kMissingKeysUrl, absl::Cord(issuer.name));
  }
  return status;
}

}  // namespace sluice::ace
