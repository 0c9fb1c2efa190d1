#ifndef POLICY_ADMIN_PAGE_TOKEN_H_
#define POLICY_ADMIN_PAGE_TOKEN_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace sluice::policy {

// Opaque page tokens. `listing` names what is listed, filters included, so that
// the token of one listing is not taken for that of another; `after` is the
// last thing that was listed.
std::string MakePageToken(absl::string_view listing, absl::string_view after);

// `after` again; empty for the empty token, nullopt for one of another listing.
std::optional<std::string> ReadPageToken(absl::string_view listing,
                                         absl::string_view token);

// What a page holds when asked for `requested`, which is not negative.
inline constexpr int32_t kDefaultPageSize = 100;
inline constexpr int32_t kMaxPageSize = 1000;
int32_t PageSize(int32_t requested);

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_PAGE_TOKEN_H_
