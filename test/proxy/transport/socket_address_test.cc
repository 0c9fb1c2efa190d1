#include "proxy/transport/socket_address.h"

#include <gtest/gtest.h>

namespace sluice::transport {
namespace {

TEST(SocketAddressTest, IsMadeOfLiteralsOnly) {
  EXPECT_FALSE(
      SocketAddress::FromLiteral({"broker.example", 1883}).has_value());
  EXPECT_FALSE(SocketAddress::FromLiteral({"", 0, "/broker.sock"}).has_value());
  auto v6 = SocketAddress::FromLiteral({"2001:db8::1", 65535});
  ASSERT_TRUE(v6.has_value());
  EXPECT_EQ(v6->family(), AF_INET6);
  EXPECT_EQ(v6->ToString(), "[2001:db8::1]:65535");
}

TEST(SocketAddressTest, WritesIpv4) {
  auto address = SocketAddress::FromLiteral({"192.0.2.1", 8883});
  ASSERT_TRUE(address.has_value());
  EXPECT_EQ(address->ToString(), "192.0.2.1:8883");
  EXPECT_EQ(address->Host(), "192.0.2.1");
  address->set_port(1);
  EXPECT_EQ(address->port(), 1);
}

TEST(SocketAddressTest, UnwrapsIpv4InIpv6) {
  auto mapped = SocketAddress::FromLiteral({"::ffff:192.0.2.1", 8883});
  ASSERT_TRUE(mapped.has_value());
  const SocketAddress address(mapped->get());
  EXPECT_EQ(address.family(), AF_INET);
  EXPECT_EQ(address.ToString(), "192.0.2.1:8883");
}

TEST(SocketAddressTest, IsUnspecifiedForOtherFamilies) {
  sockaddr address{};
  address.sa_family = AF_UNIX;
  EXPECT_EQ(SocketAddress(&address).family(), AF_UNSPEC);
  EXPECT_EQ(SocketAddress::OfSocket(-1).family(), AF_UNSPEC);
}

}  // namespace
}  // namespace sluice::transport
