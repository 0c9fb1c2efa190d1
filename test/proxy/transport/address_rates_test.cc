#include "proxy/transport/address_rates.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace sluice::transport {
namespace {

constexpr uint64_t kMillisecond = 1'000'000;
constexpr uint64_t kSecond = 1000 * kMillisecond;

uint64_t g_now = kSecond;

uint64_t Now() { return g_now; }

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
    ASSERT_TRUE(rates.Take(Client("192.0.2.1")));
    rates.Charge(Client("192.0.2.1"));
  }
  EXPECT_TRUE(rates.Has(Client("192.0.2.1")));
  EXPECT_EQ(rates.size(), 0u);
}

TEST(AddressRatesTest, TakesOneInALongWhile) {
  AddressRates rates(0.1, Now);
  EXPECT_TRUE(rates.Take(Client("192.0.2.1")));
  g_now += 9 * kSecond;
  EXPECT_FALSE(rates.Take(Client("192.0.2.1")));
  g_now += 2 * kSecond;
  EXPECT_TRUE(rates.Take(Client("192.0.2.1")));
}

// Who has a /64 has all of it; who has the next one is somebody else.
TEST(AddressRatesTest, CountsIpv6ByItsFirst64Bits) {
  AddressRates rates(1, Now);
  EXPECT_TRUE(rates.Take(Client("2001:db8:1:2::1")));
  EXPECT_FALSE(rates.Take(Client("2001:db8:1:2:ffff::2")));
  EXPECT_TRUE(rates.Take(Client("2001:db8:1:3::1")));
  EXPECT_TRUE(rates.Take(Client("::192.0.2.1")));
  EXPECT_TRUE(rates.Take(Client("192.0.2.1")));
  EXPECT_EQ(rates.size(), 4u);
}

TEST(AddressRatesTest, HasTakesNothing) {
  AddressRates rates(1, Now);
  EXPECT_TRUE(rates.Has(Client("192.0.2.1")));
  EXPECT_EQ(rates.size(), 0u);
  EXPECT_TRUE(rates.Take(Client("192.0.2.1")));
  EXPECT_FALSE(rates.Has(Client("192.0.2.1")));
  g_now += kSecond;
  EXPECT_TRUE(rates.Has(Client("192.0.2.1")));
}

TEST(AddressRatesTest, WhatIsOwedIsPaidBackFirst) {
  AddressRates rates(10, Now);
  for (int i = 0; i < 30; ++i) rates.Charge(Client("192.0.2.1"));
  g_now += 2050 * kMillisecond;
  EXPECT_FALSE(rates.Has(Client("192.0.2.1")));
  g_now += 100 * kMillisecond;
  EXPECT_TRUE(rates.Has(Client("192.0.2.1")));
  for (int i = 0; i < 100000; ++i) rates.Charge(Client("192.0.2.1"));
  g_now += 10150 * kMillisecond;
  EXPECT_TRUE(rates.Has(Client("192.0.2.1")));
}

// On the real clock, from as many threads as there are event loops: nothing is
// earned twice.
TEST(AddressRatesTest, ThreadsEarnNoMoreThanOne) {
  AddressRates rates(1000);
  std::atomic<int> taken{0};
  const uint64_t start = AddressRates::SystemClock();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (AddressRates::SystemClock() - start < 200 * kMillisecond) {
        taken += rates.Take(Client("192.0.2.1"));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const double seconds =
      static_cast<double>(AddressRates::SystemClock() - start) * 1e-9;
  EXPECT_LE(taken, 1000 + 1000 * seconds);
  EXPECT_GE(taken, 1000);
}

TEST(AddressRatesTest, RemembersABoundedNumberOfAddresses) {
  AddressRates rates(1, Now);
  for (uint32_t i = 0; i < 70000; ++i) {
    ASSERT_TRUE(rates.Take(NumberedClient(i)));
  }
  EXPECT_LE(rates.size(), 65536u);
}

TEST(AddressRatesTest, ForgetsThoseThatHaveBeenQuietFirst) {
  AddressRates rates(1, Now);
  for (uint32_t i = 0; i < 65536; ++i) {
    if (i % 4 != 0) rates.Take(NumberedClient(i));
  }
  g_now += 2 * kSecond;
  for (uint32_t i = 0; i < 65536; i += 4) rates.Take(NumberedClient(i));
  EXPECT_TRUE(rates.Take(NumberedClient(70000)));
  EXPECT_EQ(rates.size(), 65536u);
  // One more is forgotten for each that comes.
  for (uint32_t i = 70001; i < 70000 + 65536 / 2; ++i) {
    rates.Take(NumberedClient(i));
  }
  EXPECT_FALSE(rates.Take(NumberedClient(0)));
}

TEST(AddressRatesTest, DebtsOutliveAFloodFromEverywhere) {
  AddressRates rates(1, Now);
  for (int i = 0; i < 5; ++i) rates.Charge(Client("192.0.2.1"));
  for (uint32_t i = 0; i < 200000; ++i) {
    rates.Take(NumberedClient(i));
    rates.Has(NumberedClient(i));
  }
  EXPECT_EQ(rates.size(), 65536u);
  EXPECT_FALSE(rates.Has(Client("192.0.2.1")));
}

TEST(AddressRatesTest, DebtsThatArePaidMakeRoom) {
  AddressRates rates(1, Now);
  for (uint32_t i = 0; i < 65536; ++i) {
    rates.Charge(NumberedClient(i));
    rates.Charge(NumberedClient(i));
  }
  // All owe something: one of them has to go.
  rates.Charge(NumberedClient(70000));
  EXPECT_EQ(rates.size(), 65536u);
  EXPECT_TRUE(rates.Has(NumberedClient(0)));
  EXPECT_FALSE(rates.Has(NumberedClient(1)));
  g_now += 3 * kSecond;
  // None does any more, so two new ones have room beside each other.
  EXPECT_TRUE(rates.Take(NumberedClient(70001)));
  EXPECT_TRUE(rates.Take(NumberedClient(70002)));
  EXPECT_FALSE(rates.Take(NumberedClient(70001)));
  EXPECT_FALSE(rates.Take(NumberedClient(70002)));
}

}  // namespace
}  // namespace sluice::transport
