#include "proxy/session/subscriptions.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace sluice::session {
namespace {

// How many filters of so many bytes are kept.
int Room(Subscriptions subscriptions, size_t size) {
  int kept = 0;
  for (int i = 10000; i < 20000; ++i) {
    std::string filter = absl::StrCat(i);
    filter.resize(size, 'x');
    if (subscriptions.Add(filter)) ++kept;
  }
  return kept;
}

TEST(SubscriptionsTest, ChargesWhatAFilterCostsAndNotItsBytesAlone) {
  EXPECT_EQ(Room(Subscriptions(), 5), 128 * 1024 / (64 + 5));
  EXPECT_EQ(Room(Subscriptions(), 1000), 128 * 1024 / (64 + 1000));
}

TEST(SubscriptionsTest, KeepsFewerWithoutAToken) {
  Subscriptions subscriptions;
  subscriptions.set_max_bytes(Subscriptions::kMostBytesWithoutToken);
  EXPECT_EQ(Room(subscriptions, 5), 32 * 1024 / (64 + 5));
}

TEST(SubscriptionsTest, WhatIsRemovedMakesRoom) {
  Subscriptions subscriptions;
  const std::string large(65535, 'a');
  EXPECT_TRUE(subscriptions.Add(large));
  EXPECT_FALSE(subscriptions.Add(large));
  EXPECT_FALSE(subscriptions.HasRoomFor(large));
  EXPECT_TRUE(subscriptions.Remove(large));
  EXPECT_FALSE(subscriptions.Remove(large));
  EXPECT_TRUE(subscriptions.HasRoomFor(large));
}

TEST(SubscriptionsTest, AnIdentifierOfOursIsNoneOfTheClients) {
  Subscriptions subscriptions;
  subscriptions.MarkClientUnsubscribe(0xFFFF);
  EXPECT_EQ(subscriptions.FreePacketId(0x7FFF), 0xFFFE);
  subscriptions.MarkOwnUnsubscribe(0xFFFE);
  EXPECT_EQ(subscriptions.FreePacketId(0x7FFF), 0xFFFD);
  EXPECT_FALSE(subscriptions.IsOwnUnsuback(0xFFFF));
  EXPECT_TRUE(subscriptions.IsOwnUnsuback(0xFFFE));
  EXPECT_FALSE(subscriptions.IsOwnUnsuback(0xFFFD));
  EXPECT_EQ(subscriptions.FreePacketId(0x7FFF), 0xFFFF);
}

// [MQTT-2.2.1-3]: clients count up, some from anywhere.
TEST(SubscriptionsTest, AnIdentifierOfOursIsFarFromTheClientsLast) {
  Subscriptions subscriptions;
  EXPECT_EQ(subscriptions.FreePacketId(0), 0x8000);
  EXPECT_EQ(subscriptions.FreePacketId(1), 0x8001);
  EXPECT_EQ(subscriptions.FreePacketId(0xFFFF), 0x7FFF);
  EXPECT_EQ(subscriptions.FreePacketId(0x8000), 0xFFFF);  // 0 is none
}

TEST(SubscriptionsTest, ThereMayBeNoIdentifierLeft) {
  Subscriptions subscriptions;
  for (uint32_t id = 1; id <= 0xFFFF; ++id) {
    ASSERT_TRUE(subscriptions.FreePacketId(9).has_value());
    subscriptions.MarkClientUnsubscribe(static_cast<uint16_t>(id));
  }
  EXPECT_FALSE(subscriptions.FreePacketId(9).has_value());
}

}  // namespace
}  // namespace sluice::session
