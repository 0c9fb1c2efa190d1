#include "proxy/transport/proxy_protocol.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"

namespace sluice::transport {
namespace {

constexpr char kSignature[] = "0d0a0d0a000d0a515549540a";

SocketAddress Address(const char* host, uint16_t port) {
  return *SocketAddress::FromLiteral({host, port});
}

TEST(ProxyProtocolTest, WritesIpv4) {
  EXPECT_EQ(absl::BytesToHexString(ProxyProtocolV2Header(
                Address("192.0.2.1", 0x1234), Address("198.51.100.2", 8883))),
            std::string(kSignature) +
                "21"        // version 2, PROXY
                "11"        // TCP over IPv4
                "000c"      // 12 bytes follow
                "c0000201"  // source
                "c6336402"  // destination
                "1234"      // source port
                "22b3");    // destination port
}

TEST(ProxyProtocolTest, WritesIpv6) {
  EXPECT_EQ(absl::BytesToHexString(ProxyProtocolV2Header(
                Address("2001:db8::1", 1), Address("2001:db8::2", 2))),
            std::string(kSignature) + "2121" + "0024" +
                "20010db8000000000000000000000001"
                "20010db8000000000000000000000002"
                "00010002");
}

TEST(ProxyProtocolTest, SaysLocalForUnknownAddresses) {
  EXPECT_EQ(absl::BytesToHexString(ProxyProtocolV2Header(
                Address("192.0.2.1", 1), SocketAddress())),
            std::string(kSignature) + "20000000");
}

}  // namespace
}  // namespace sluice::transport
