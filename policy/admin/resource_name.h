#ifndef POLICY_ADMIN_RESOURCE_NAME_H_
#define POLICY_ADMIN_RESOURCE_NAME_H_

#include <optional>

#include "absl/strings/string_view.h"

namespace sluice::policy {

// What an id has to be, IsResourceNamePart(), for people.
inline constexpr char kIdRule[] =
    "expected 1 to 255 letters, digits, '-', '_' and '.'";

// The ID of "COLLECTION/ID"; nullopt where `name` is something else. Aliases
// `name`.
std::optional<absl::string_view> IdOf(absl::string_view name,
                                      absl::string_view collection);

// "proxies/PROXY/sessions/ID". Aliases the name it was read from.
struct SessionName {
  absl::string_view proxy;
  absl::string_view id;
};
std::optional<SessionName> ReadSessionName(absl::string_view name);

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_RESOURCE_NAME_H_
