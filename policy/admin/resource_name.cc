#include "policy/admin/resource_name.h"

#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "policy/store/resource_rules.h"

namespace sluice::policy {

std::optional<absl::string_view> IdOf(absl::string_view name,
                                      absl::string_view collection) {
  if (!absl::ConsumePrefix(&name, collection) ||
      !absl::ConsumePrefix(&name, "/") || !IsResourceNamePart(name)) {
    return std::nullopt;
  }
  return name;
}

std::optional<SessionName> ReadSessionName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() != 4 || parts[0] != "proxies" || parts[2] != "sessions" ||
      !IsResourceNamePart(parts[1]) || !IsResourceNamePart(parts[3])) {
    return std::nullopt;
  }
  return SessionName{parts[1], parts[3]};
}

}  // namespace sluice::policy
