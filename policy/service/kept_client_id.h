#ifndef POLICY_SERVICE_KEPT_CLIENT_ID_H_
#define POLICY_SERVICE_KEPT_CLIENT_ID_H_

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace sluice::policy {

// Longer Client Identifiers are kept as their hash.
inline constexpr size_t kMaxKeptClientIdBytes = 64;

// What a Client Identifier, which may have 64 KiB, is called in stores: itself,
// or where it is long "sha256:" and hexadecimal digits, which are more than a
// short one can have. Different ones are called differently.
std::string KeptClientId(absl::string_view client_id);

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_KEPT_CLIENT_ID_H_
