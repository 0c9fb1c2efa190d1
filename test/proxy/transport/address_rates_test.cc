#include "proxy/transport/address_rates.h"

#include <gtest/gtest.h>

namespace sluice::transport {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1700000000);

SocketAddress Client(const char* host, uint16_t port = 1) {
  return *SocketAddress::FromLiteral({host, port});
}

SocketAddress NumberedClient(uint32_t number) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = number;
  return SocketAddress(reinterpret_cast<sockaddr*>(&address));
}

TEST(AddressRatesTest, ZeroIsNoLimit) {
  AddressRates rates(0);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(rates.Take(Client("192.0.2.1"), kStart));
    rates.Charge(Client("192.0.2.1"), kStart);
  }
  EXPECT_TRUE(rates.Has(Client("192.0.2.1"), kStart));
  EXPECT_EQ(rates.size(), 0u);
}

TEST(AddressRatesTest, TakesOneInALongWhile) {
  AddressRates rates(0.1);
  EXPECT_TRUE(rates.Take(Client("192.0.2.1"), kStart));
  EXPECT_FALSE(rates.Take(Client("192.0.2.1"), kStart + absl::Seconds(9)));
  EXPECT_TRUE(rates.Take(Client("192.0.2.1"), kStart + absl::Seconds(11)));
}

// Who has a /64 has all of it; who has the next one is somebody else.
TEST(AddressRatesTest, CountsIpv6ByItsFirst64Bits) {
  AddressRates rates(1);
  EXPECT_TRUE(rates.Take(Client("2001:db8:1:2::1"), kStart));
  EXPECT_FALSE(rates.Take(Client("2001:db8:1:2:ffff::2"), kStart));
  EXPECT_TRUE(rates.Take(Client("2001:db8:1:3::1"), kStart));
  EXPECT_TRUE(rates.Take(Client("::192.0.2.1"), kStart));
  EXPECT_TRUE(rates.Take(Client("192.0.2.1"), kStart));
  EXPECT_EQ(rates.size(), 4u);
}

TEST(AddressRatesTest, HasTakesNothing) {
  AddressRates rates(1);
  EXPECT_TRUE(rates.Has(Client("192.0.2.1"), kStart));
  EXPECT_EQ(rates.size(), 0u);
  EXPECT_TRUE(rates.Take(Client("192.0.2.1"), kStart));
  EXPECT_FALSE(rates.Has(Client("192.0.2.1"), kStart));
  EXPECT_TRUE(rates.Has(Client("192.0.2.1"), kStart + absl::Seconds(1)));
}

TEST(AddressRatesTest, WhatIsOwedIsPaidBackFirst) {
  AddressRates rates(10);
  for (int i = 0; i < 30; ++i) rates.Charge(Client("192.0.2.1"), kStart);
  EXPECT_FALSE(
      rates.Has(Client("192.0.2.1"), kStart + absl::Milliseconds(2050)));
  EXPECT_TRUE(
      rates.Has(Client("192.0.2.1"), kStart + absl::Milliseconds(2150)));
  for (int i = 0; i < 100000; ++i) rates.Charge(Client("192.0.2.1"), kStart);
  EXPECT_TRUE(
      rates.Has(Client("192.0.2.1"), kStart + absl::Milliseconds(10150)));
}

TEST(AddressRatesTest, AClockThatGoesBackLocksNobodyOut) {
  AddressRates rates(1);
  absl::Time now = kStart;
  for (int i = 0; i < 3; ++i) rates.Charge(Client("192.0.2.1"), now);
  now -= absl::Hours(1);
  EXPECT_FALSE(rates.Has(Client("192.0.2.1"), now));
  now += absl::Seconds(3);
  EXPECT_TRUE(rates.Has(Client("192.0.2.1"), now));
}

TEST(AddressRatesTest, RemembersABoundedNumberOfAddresses) {
  AddressRates rates(1);
  for (uint32_t i = 0; i < 70000; ++i) {
    ASSERT_TRUE(rates.Take(NumberedClient(i), kStart));
  }
  EXPECT_LE(rates.size(), 65536u);
}

TEST(AddressRatesTest, ForgetsThoseThatHaveBeenQuietFirst) {
  AddressRates rates(1);
  for (uint32_t i = 0; i < 65536; ++i) {
    const bool recent = i % 4 == 0;
    rates.Take(NumberedClient(i), recent ? kStart : kStart - absl::Seconds(2));
  }
  EXPECT_TRUE(rates.Take(NumberedClient(70000), kStart));
  EXPECT_EQ(rates.size(), 65536u / 4 + 1);
  EXPECT_FALSE(rates.Take(NumberedClient(0), kStart));
}

}  // namespace
}  // namespace sluice::transport
