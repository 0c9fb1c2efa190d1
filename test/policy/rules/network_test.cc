#include "policy/rules/network.h"

#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

bool Has(const char* network, const char* address) {
  const std::optional<Network> parsed = Network::Parse(network);
  const std::optional<IpAddress> ip = ParseIpAddress(address);
  EXPECT_TRUE(parsed.has_value()) << network;
  EXPECT_TRUE(ip.has_value()) << address;
  return parsed.has_value() && ip.has_value() && parsed->Contains(*ip);
}

TEST(NetworkTest, HasTheAddressesThatBeginLikeIt) {
  EXPECT_TRUE(Has("10.1.0.0/16", "10.1.255.3"));
  EXPECT_FALSE(Has("10.1.0.0/16", "10.2.0.0"));
  EXPECT_TRUE(Has("10.1.2.3/16", "10.1.9.9"));
  EXPECT_TRUE(Has("192.0.2.128/25", "192.0.2.200"));
  EXPECT_FALSE(Has("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(Has("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(Has("192.0.2.1", "192.0.2.0"));
  EXPECT_TRUE(Has("2001:db8::/32", "2001:db8:ffff::1"));
  EXPECT_FALSE(Has("2001:db8::/33", "2001:db8:8000::"));
  EXPECT_TRUE(Has("::/0", "2001:db8::1"));
}

TEST(NetworkTest, AnAddressOfVersion4IsOneWhicheverWayItIsWritten) {
  EXPECT_TRUE(Has("10.0.0.0/8", "::ffff:10.1.2.3"));
  EXPECT_TRUE(Has("::ffff:10.0.0.0/104", "10.1.2.3"));
  EXPECT_TRUE(Has("0.0.0.0/0", "10.1.2.3"));
  EXPECT_FALSE(Has("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(Has("::/0", "10.1.2.3"));
}

TEST(NetworkTest, IsNothingElse) {
  for (const char* text :
       {"", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8",
        "10.0.0.0/8/8", "10.0.0/8", "10.0.0.0/ 8", "host", "::/129", "[::]/8",
        "10.0.0.0/8 "}) {
    EXPECT_FALSE(Network::Parse(text).has_value()) << text;
  }
}

TEST(IpAddressTest, OfPeers) {
  EXPECT_EQ(ParseIpAddressOfPeer("192.0.2.1:4711"),
            ParseIpAddress("192.0.2.1"));
  EXPECT_EQ(ParseIpAddressOfPeer("[2001:db8::1]:4711"),
            ParseIpAddress("2001:db8::1"));
  EXPECT_EQ(ParseIpAddressOfPeer("[fe80::1%eth0]:4711"),
            ParseIpAddress("fe80::1"));
  for (const char* text : {"", "192.0.2.1", "[::1:5", "unix:/a", ":5"}) {
    EXPECT_FALSE(ParseIpAddressOfPeer(text).has_value()) << text;
  }
}

TEST(NetworkTest, AnAddressBecomesAPeer) {
  EXPECT_EQ(ToPeer("192.0.2.1"), "192.0.2.1:0");
  EXPECT_EQ(ToPeer("2001:db8::1"), "[2001:db8::1]:0");
  EXPECT_EQ(ToPeer("192.0.2.1:4711"), "192.0.2.1:4711");
  EXPECT_EQ(ToPeer("[2001:db8::1]:4711"), "[2001:db8::1]:4711");
  for (const char* text : {"", "notanip", "192.0.2", "10.0.0.0/8", "host:1"}) {
    EXPECT_EQ(ToPeer(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace sluice::policy
