#ifndef PROXY_TRANSPORT_SOCKET_ADDRESS_H_
#define PROXY_TRANSPORT_SOCKET_ADDRESS_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "absl/types/optional.h"
#include "proxy/base/address.h"

namespace sluice::transport {

// An IPv4 or IPv6 address with a port. A value.
class SocketAddress {
 public:
  SocketAddress() { any_.sa.sa_family = AF_UNSPEC; }
  // An IPv4 client of an IPv6 socket becomes what it is; anything but IPv4 and
  // IPv6 becomes the unspecified address.
  explicit SocketAddress(const sockaddr* address);

  // Nothing if `address` is a name, or a Unix socket.
  static absl::optional<SocketAddress> FromLiteral(const Address& address);
  // The address of a socket's own end; unspecified on failure.
  static SocketAddress OfSocket(int fd);

  const sockaddr* get() const { return &any_.sa; }
  socklen_t size() const;
  int family() const { return any_.sa.sa_family; }
  const sockaddr_in& v4() const { return any_.v4; }
  const sockaddr_in6& v6() const { return any_.v6; }
  uint16_t port() const;
  void set_port(uint16_t port);

  // "192.0.2.1:1883" or "[2001:db8::1]:1883".
  std::string ToString() const;
  // The address without the port.
  std::string Host() const;
  // What a client is counted by where it could have many addresses: the whole
  // one of IPv4, the first 64 bits of IPv6. Never equal for the two families.
  uint64_t Network() const;

 private:
  union {
    sockaddr sa;
    sockaddr_in v4;
    sockaddr_in6 v6;
  } any_{};
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_SOCKET_ADDRESS_H_
