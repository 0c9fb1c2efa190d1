#include "proxy/base/map_by_expiry.h"

#include <gtest/gtest.h>

#include "absl/time/time.h"

namespace sluice {
namespace {

absl::Time At(int seconds) { return absl::FromUnixSeconds(seconds); }

TEST(MapByExpiryTest, WhatExpiresFirstGoesFirst) {
  MapByExpiry<int> map;
  map.Add("b", {2, At(20)}, 200);
  map.Add("a", {1, At(10)}, 100);
  map.Add("c", {3, At(30)}, 300);
  EXPECT_EQ(map.bytes(), 600u);
  map.RemoveFirst();
  EXPECT_EQ(map.Find("a"), nullptr);
  map.RemoveExpired(At(20));
  EXPECT_EQ(map.Find("b"), nullptr);
  ASSERT_NE(map.Find("c"), nullptr);
  EXPECT_EQ(map.Find("c")->value, 3);
  EXPECT_EQ(map.size(), 1u);
  EXPECT_EQ(map.bytes(), 300u);
}

TEST(MapByExpiryTest, AnEntryMayComeToExpireAtAnotherTime) {
  MapByExpiry<int> map;
  map.Add("a", {1, At(10)}, 1);
  map.Add("b", {2, At(20)}, 1);
  map.SetExpiry("a", At(30));
  EXPECT_EQ(map.Find("a")->expires_at, At(30));
  map.RemoveExpired(At(20));
  EXPECT_NE(map.Find("a"), nullptr);
  EXPECT_EQ(map.Find("b"), nullptr);
}

TEST(MapByExpiryTest, AKeyHasOneEntryOrNone) {
  MapByExpiry<int> map;
  map.Add("a", {1, At(10)}, 1);
  map.Add("a", {2, At(20)}, 10);
  EXPECT_EQ(map.Find("a")->value, 1);
  EXPECT_EQ(map.bytes(), 1u);
  map.Remove("b");
  map.SetExpiry("b", At(5));
  map.RemoveExpired(At(5));
  EXPECT_EQ(map.size(), 1u);
  map.Remove("a");
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(map.bytes(), 0u);
}

}  // namespace
}  // namespace sluice
