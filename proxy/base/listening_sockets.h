#ifndef PROXY_BASE_LISTENING_SOCKETS_H_
#define PROXY_BASE_LISTENING_SOCKETS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proxy/base/address.h"
#include "proxy/base/unique_fd.h"

namespace sluice {

struct ListeningSockets {
  std::vector<UniqueFd> sockets;  // at least one
  uint16_t port = 0;              // of all of them
};

// Listens at all addresses that the host's name has, but for those of a family
// that this host has not; with any port, all have the same. The IPv6 address
// for all, [::], takes IPv4 too, unless the system is set otherwise. The
// sockets do not block, and those that they accept do not wait to send
// (TCP_NODELAY).
absl::StatusOr<ListeningSockets> ListenAtHost(const Address& address);

// Listens at a Unix socket, whose file must not be there. Does not block.
absl::StatusOr<UniqueFd> ListenAtPath(const std::string& path);

}  // namespace sluice

#endif  // PROXY_BASE_LISTENING_SOCKETS_H_
