#ifndef POLICY_ADMIN_TOKEN_NAME_H_
#define POLICY_ADMIN_TOKEN_NAME_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace sluice::policy {

// So many tokens of one subject are looked at, or shown.
inline constexpr size_t kMaxTokensOfSubject = 32;

// "tokens/ID" of what is stored for `binding` (TokenRecord).
std::string TokenName(absl::string_view binding);

// The binding again; nullopt for what is no such name.
std::optional<std::string> BindingOfToken(absl::string_view name);

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_TOKEN_NAME_H_
