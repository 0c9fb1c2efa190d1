#include "proxy/base/unix_address.h"

#include <sys/socket.h>

#include <cstring>

namespace sluice {

absl::optional<sockaddr_un> UnixAddress(absl::string_view path) {
  if (path.size() > kMaxUnixPath) return absl::nullopt;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

}  // namespace sluice
