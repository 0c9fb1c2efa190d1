#include "proxy/transport/proxy_protocol.h"

namespace sluice::transport {
namespace {

constexpr char kSignature[] = "\r\n\r\n\0\r\nQUIT\n";
constexpr char kVersionLocal = 0x20, kVersionProxy = 0x21;
constexpr char kTcpOverIpv4 = 0x11, kTcpOverIpv6 = 0x21;

template <typename T>
void Append(const T& value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace

std::string ProxyProtocolV2Header(const SocketAddress& client,
                                  const SocketAddress& listener) {
  std::string header(kSignature, sizeof(kSignature) - 1);
  // Addresses and ports are in network byte order, here as there.
  if (client.family() == AF_INET && listener.family() == AF_INET) {
    header += {kVersionProxy, kTcpOverIpv4, 0, 12};
    Append(client.v4().sin_addr, &header);
    Append(listener.v4().sin_addr, &header);
    Append(client.v4().sin_port, &header);
    Append(listener.v4().sin_port, &header);
  } else if (client.family() == AF_INET6 && listener.family() == AF_INET6) {
    header += {kVersionProxy, kTcpOverIpv6, 0, 36};
    Append(client.v6().sin6_addr, &header);
    Append(listener.v6().sin6_addr, &header);
    Append(client.v6().sin6_port, &header);
    Append(listener.v6().sin6_port, &header);
  } else {
    header += {kVersionLocal, 0, 0, 0};
  }
  return header;
}

}  // namespace sluice::transport
