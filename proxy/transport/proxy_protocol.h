#ifndef PROXY_TRANSPORT_PROXY_PROTOCOL_H_
#define PROXY_TRANSPORT_PROXY_PROTOCOL_H_

#include <string>

#include "proxy/transport/socket_address.h"

namespace sluice::transport {

// The PROXY protocol's version 2 header that tells the broker between which
// addresses the client's connection runs. Addresses of different or unknown
// families yield a header that says nothing about them (LOCAL).
std::string ProxyProtocolV2Header(const SocketAddress& client,
                                  const SocketAddress& listener);

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_PROXY_PROTOCOL_H_
