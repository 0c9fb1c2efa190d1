#ifndef PROXY_BASE_UNIX_ADDRESS_H_
#define PROXY_BASE_UNIX_ADDRESS_H_

#include <sys/un.h>

#include <cstddef>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace sluice {

inline constexpr size_t kMaxUnixPath = sizeof(sockaddr_un::sun_path) - 1;

// The address of the socket whose file is at `path`; nothing where that has
// more than kMaxUnixPath bytes.
absl::optional<sockaddr_un> UnixAddress(absl::string_view path);

}  // namespace sluice

#endif  // PROXY_BASE_UNIX_ADDRESS_H_
