#include "proxy/transport/socket_address.h"

#include <gtest/gtest.h>

namespace sluice::transport {
namespace {

TEST(HostPortTest, ReadsNamesAndLiterals) {
  auto name = HostPort::Parse("broker.example:1883");
  ASSERT_TRUE(name.ok());
  EXPECT_EQ(name->host, "broker.example");
  EXPECT_EQ(name->port, 1883);
  EXPECT_FALSE(SocketAddress::FromLiteral(*name).has_value());

  auto v6 = HostPort::Parse("[2001:db8::1]:65535");
  ASSERT_TRUE(v6.ok());
  EXPECT_EQ(v6->host, "2001:db8::1");
  auto address = SocketAddress::FromLiteral(*v6);
  ASSERT_TRUE(address.has_value());
  EXPECT_EQ(address->family(), AF_INET6);
  EXPECT_EQ(address->ToString(), "[2001:db8::1]:65535");
}

TEST(HostPortTest, RefusesWhatIsNoAddress) {
  for (const char* text : {"", "host", ":1883", "host:", "host:65536",
                           "host:-1", "::1:1883", "[::1:1883", "[]:1"}) {
    EXPECT_FALSE(HostPort::Parse(text).ok()) << text;
  }
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
