#include "policy/ace/cwt_scope.h"

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "policy/ace/cwt_claims.h"

namespace sluice::ace {

absl::StatusOr<Scope> ReadCwtScope(const Cbor& claims, Profile profile) {
  const Cbor* value = FindClaim(claims, CwtClaim::kScope);
  if (value == nullptr) return Scope();
  if (profile == Profile::kRfc9431) return ReadAifScopeCbor(*value);
  const std::optional<absl::string_view> text = AsTextString(value);
  if (!text.has_value()) return absl::InvalidArgumentError("scope: not text");
  return ParseDraft01Scope(*text);
}

}  // namespace sluice::ace
