#include "policy/ace/jose_header.h"

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "policy/ace/base64url.h"

namespace sluice::ace {

absl::StatusOr<Json> ParseJoseHeader(absl::string_view part) {
  const std::optional<std::string> text = Base64UrlDecode(part);
  if (!text.has_value()) {
    return absl::InvalidArgumentError("the header is not base64url");
  }
  absl::StatusOr<Json> header = ParseJsonObject(*text);
  if (!header.ok()) {
    return absl::InvalidArgumentError("the header is not a JSON object");
  }
  if (AsText(FindMember(*header, "alg")) == nullptr) {
    return absl::InvalidArgumentError("the header has no alg");
  }
  return header;
}

}  // namespace sluice::ace
