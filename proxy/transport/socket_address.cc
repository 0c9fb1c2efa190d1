#include "proxy/transport/socket_address.h"

#include <arpa/inet.h>
#include <endian.h>

#include <cstring>

#include "absl/strings/str_cat.h"

namespace sluice::transport {

SocketAddress::SocketAddress(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    std::memcpy(&any_.v4, address, sizeof(any_.v4));
  } else if (address->sa_family == AF_INET6) {
    std::memcpy(&any_.v6, address, sizeof(any_.v6));
    if (IN6_IS_ADDR_V4MAPPED(&any_.v6.sin6_addr)) {
      sockaddr_in v4{};
      v4.sin_family = AF_INET;
      v4.sin_port = any_.v6.sin6_port;
      std::memcpy(&v4.sin_addr, &any_.v6.sin6_addr.s6_addr[12],
                  sizeof(v4.sin_addr));
      any_.v4 = v4;
    }
  } else {
    any_.sa.sa_family = AF_UNSPEC;
  }
}

absl::optional<SocketAddress> SocketAddress::FromLiteral(
    const Address& address) {
  SocketAddress result;
  if (inet_pton(AF_INET, address.host.c_str(), &result.any_.v4.sin_addr) == 1) {
    result.any_.v4.sin_family = AF_INET;
  } else if (inet_pton(AF_INET6, address.host.c_str(),
                       &result.any_.v6.sin6_addr) == 1) {
    result.any_.v6.sin6_family = AF_INET6;
  } else {
    return absl::nullopt;
  }
  result.set_port(address.port);
  return result;
}

SocketAddress SocketAddress::OfSocket(int fd) {
  sockaddr_storage storage;
  socklen_t size = sizeof(storage);
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (getsockname(fd, address, &size) != 0) return SocketAddress();
  return SocketAddress(address);
}

socklen_t SocketAddress::size() const {
  return family() == AF_INET6 ? sizeof(any_.v6) : sizeof(any_.v4);
}

uint16_t SocketAddress::port() const {
  return ntohs(family() == AF_INET6 ? any_.v6.sin6_port : any_.v4.sin_port);
}

void SocketAddress::set_port(uint16_t port) {
  if (family() == AF_INET6) {
    any_.v6.sin6_port = htons(port);
  } else {
    any_.v4.sin_port = htons(port);
  }
}

std::string SocketAddress::ToString() const {
  const absl::string_view format = family() == AF_INET6 ? "[]" : "";
  return absl::StrCat(format.substr(0, format.size() / 2), Host(),
                      format.substr(format.size() / 2), ":", port());
}

std::string SocketAddress::Host() const {
  char text[INET6_ADDRSTRLEN] = "?";
  if (family() == AF_INET) {
    inet_ntop(AF_INET, &any_.v4.sin_addr, text, sizeof(text));
  } else if (family() == AF_INET6) {
    inet_ntop(AF_INET6, &any_.v6.sin6_addr, text, sizeof(text));
  }
  return text;
}

uint64_t SocketAddress::Network() const {
  if (family() == AF_INET6) {
    uint64_t prefix;
    std::memcpy(&prefix, &any_.v6.sin6_addr, sizeof(prefix));
    return be64toh(prefix);
  }
  // No host has an IPv6 address that begins like this.
  constexpr uint64_t kIpv4 = 0xFFFFFFFF00000000;
  return family() == AF_INET ? kIpv4 | ntohl(any_.v4.sin_addr.s_addr) : 0;
}

}  // namespace sluice::transport
