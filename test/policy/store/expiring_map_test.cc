#include "policy/store/expiring_map.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "policy/revocation/kept_after_end.h"

namespace sluice::policy {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
const absl::Time kLater = kNow + absl::Hours(1);

TEST(ExpiringMapTest, HoldsAnEntryUntilTheInstantItExpires) {
  ExpiringMap map(10, 10'000);
  ASSERT_TRUE(map.Insert("key", {"value", kLater}, kNow).ok());
  const ExpiringMap::Entry* entry =
      map.Find("key", kLater - absl::Nanoseconds(1));
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->value, "value");
  EXPECT_EQ(map.Find("key", kLater), nullptr);
  EXPECT_EQ(map.Find("other", kNow), nullptr);
}

TEST(ExpiringMapTest, KeepsToTheNumberOfEntriesAndForgetsNoLiveOne) {
  ExpiringMap map(2, 10'000);
  ASSERT_TRUE(map.Insert("a", {"", kLater}, kNow).ok());
  ASSERT_TRUE(map.Insert("b", {"", kLater + absl::Hours(1)}, kNow).ok());
  EXPECT_EQ(map.Insert("c", {"", kLater}, kNow).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_NE(map.Find("a", kNow), nullptr);
  EXPECT_NE(map.Find("b", kNow), nullptr);
  EXPECT_TRUE(map.Insert("c", {"", kLater + absl::Hours(1)}, kLater).ok());
  EXPECT_FALSE(map.Insert("d", {"", kLater + absl::Hours(1)}, kLater).ok());
}

TEST(ExpiringMapTest, KeepsToTheBytes) {
  ExpiringMap map(100, 2'000);
  const std::string big(1'000, 'x');
  ASSERT_TRUE(map.Insert(big, {"", kLater}, kNow).ok());
  EXPECT_EQ(map.Insert("b", {big, kLater}, kNow).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(ExpiringMapTest, AClockThatWasAheadCostsNothing) {
  ExpiringMap map(2, 10'000);
  ASSERT_TRUE(map.Insert("a", {"", kLater}, kNow).ok());
  ASSERT_TRUE(map.Insert("b", {"", kLater + absl::Hours(9)}, kLater).ok());
  EXPECT_EQ(map.Find("a", kLater), nullptr);
  EXPECT_NE(map.Find("a", kNow), nullptr);
  // Only where there is room.
  ASSERT_TRUE(map.Insert("c", {"", kLater + absl::Hours(9)}, kLater).ok());
  EXPECT_EQ(map.Find("a", kNow), nullptr);
}

TEST(ExpiringMapTest, AnEntryTakesThePlaceOfOneThatHasExpired) {
  ExpiringMap map(2, 10'000);
  ASSERT_TRUE(map.Insert("a", {"old", kLater}, kNow).ok());
  ASSERT_TRUE(map.Insert("a", {"new", kLater + absl::Hours(1)}, kLater).ok());
  EXPECT_EQ(map.Find("a", kLater)->value, "new");
  EXPECT_TRUE(map.Insert("b", {"", kLater + absl::Hours(1)}, kLater).ok());
}

TEST(ExpiringMapTest, MovesAnExpiry) {
  ExpiringMap map(1, 10'000);
  ASSERT_TRUE(map.Insert("a", {"", kLater}, kNow).ok());
  map.SetExpiry("a", kLater + absl::Hours(1));
  EXPECT_NE(map.Find("a", kLater), nullptr);
  EXPECT_FALSE(map.Insert("b", {"", kLater}, kLater).ok());
  map.SetExpiry("a", kNow);
  ASSERT_TRUE(map.Insert("b", {"", kLater}, kNow).ok());
  EXPECT_EQ(map.Find("a", kNow), nullptr);
  map.SetExpiry("nobody", kNow);
}

TEST(ExpiringMapTest, AsMuchFitsOnceEverythingHasExpired) {
  ExpiringMap map(100, 10'000);
  const auto fill = [&map](absl::Time now) {
    int taken = 0;
    while (map.Insert(absl::StrCat(taken), {"v", now + absl::Hours(1)}, now)
               .ok()) {
      ++taken;
    }
    return taken;
  };
  const int fit = fill(kNow);
  EXPECT_GT(fit, 1);
  EXPECT_EQ(fill(kLater), fit);
  EXPECT_EQ(fill(kLater + absl::Hours(1) + kKeptAfterEnd), fit);
}

}  // namespace
}  // namespace sluice::policy
