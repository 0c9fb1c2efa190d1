#include "proxy/base/address.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(AddressTest, ReadsTcpAddresses) {
  const struct {
    const char* text;
    const char* host;
    uint16_t port;
  } kCases[] = {
      {"127.0.0.1:50051", "127.0.0.1", 50051},
      {"localhost:0", "localhost", 0},
      {"[::1]:65535", "::1", 65535},
      {"[2001:db8::1%eth0]:1", "2001:db8::1%eth0", 1},
      {"0.0.0.0:1", "0.0.0.0", 1},
      {"policy.example:80", "policy.example", 80},
  };
  for (const auto& c : kCases) {
    const auto address = ParseAddress(c.text);
    ASSERT_TRUE(address.ok()) << c.text << ": " << address.status();
    EXPECT_FALSE(address->is_unix());
    EXPECT_EQ(address->host, c.host);
    EXPECT_EQ(address->port, c.port);
    EXPECT_EQ(address->ToString(), c.text);
  }
}

TEST(AddressTest, ReadsUnixAddresses) {
  for (const char* path : {"/run/sluice/policy.sock", "p.sock", "a:b"}) {
    const auto address = ParseAddress(std::string("unix:") + path);
    ASSERT_TRUE(address.ok()) << path;
    EXPECT_TRUE(address->is_unix());
    EXPECT_EQ(address->unix_path, path);
    EXPECT_EQ(address->ToString(), std::string("unix:") + path);
  }
}

TEST(AddressTest, RefusesEverythingElse) {
  for (const char* text : {"",
                           ":",
                           "127.0.0.1",
                           ":80",
                           "host:",
                           "host:65536",
                           "host:-1",
                           "host:+1",
                           "host: 1",
                           "host:1 ",
                           "host:99999999999",
                           "host:http",
                           "::1:80",
                           "[]:80",
                           "[::1]",
                           "[::1]80",
                           "[host]:80",
                           "[127.0.0.1]:80",
                           "[::1:80",
                           "[[::1]]:80",
                           "dns:host:80",
                           "tcp://host:80",
                           "unix:",
                           "ho st:80"}) {
    EXPECT_EQ(ParseAddress(text).status().code(),
              absl::StatusCode::kInvalidArgument)
        << text;
  }
}

TEST(AddressTest, KnowsWhatOnlyThisHostCanReach) {
  for (const char* local : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1",
                            "localhost:1", "LocalHost:1", "unix:s"}) {
    EXPECT_TRUE(ParseAddress(local)->is_local()) << local;
  }
  for (const char* elsewhere :
       {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "127.0.0.1.example:1",
        "localhost.example:1", "[::ffff:10.0.0.1]:1"}) {
    EXPECT_FALSE(ParseAddress(elsewhere)->is_local()) << elsewhere;
  }
}

TEST(AddressTest, TellsWhatCannotBeListenedAtTogether) {
  const auto overlap = [](absl::string_view a, absl::string_view b) {
    const Address left = *ParseAddress(a);
    const Address right = *ParseAddress(b);
    EXPECT_EQ(left.Overlaps(right), right.Overlaps(left)) << a << " " << b;
    return left.Overlaps(right);
  };
  EXPECT_TRUE(overlap("127.0.0.1:1", "127.0.0.1:1"));
  EXPECT_TRUE(overlap("0.0.0.0:1", "127.0.0.1:1"));
  EXPECT_TRUE(overlap("localhost:1", "localhost:1"));
  EXPECT_TRUE(overlap("[::]:1", "0.0.0.0:1"));
  EXPECT_TRUE(overlap("[::]:1", "127.0.0.1:1"));
  EXPECT_TRUE(overlap("[::]:1", "[::1]:1"));
  EXPECT_TRUE(overlap("[::]:1", "localhost:1"));
  EXPECT_TRUE(overlap("unix:/a", "unix:/a"));
  EXPECT_FALSE(overlap("127.0.0.1:1", "127.0.0.1:2"));
  EXPECT_FALSE(overlap("127.0.0.1:1", "127.0.0.2:1"));
  EXPECT_FALSE(overlap("0.0.0.0:1", "[::1]:1"));
  EXPECT_FALSE(overlap("0.0.0.0:1", "localhost:1"));  // which may be ::1
  EXPECT_FALSE(overlap("0.0.0.0:0", "0.0.0.0:0"));
  EXPECT_FALSE(overlap("unix:/a", "unix:/b"));
  EXPECT_FALSE(overlap("unix:/a", "[::]:1"));
}

}  // namespace
}  // namespace sluice
