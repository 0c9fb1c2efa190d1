#include "policy/admin/resource_name.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace sluice::policy {

bool IsResourceId(absl::string_view text) {
  constexpr size_t kMaxId = 255;
  return !text.empty() && text.size() <= kMaxId &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                  c == '-' || c == '_' || c == '.';
         });
}

std::optional<absl::string_view> IdOf(absl::string_view name,
                                      absl::string_view collection) {
  if (!absl::ConsumePrefix(&name, collection) ||
      !absl::ConsumePrefix(&name, "/") || !IsResourceId(name)) {
    return std::nullopt;
  }
  return name;
}

std::optional<SessionName> ReadSessionName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() != 4 || parts[0] != "proxies" || parts[2] != "sessions" ||
      !IsResourceId(parts[1]) || !IsResourceId(parts[3])) {
    return std::nullopt;
  }
  return SessionName{parts[1], parts[3]};
}

}  // namespace sluice::policy
