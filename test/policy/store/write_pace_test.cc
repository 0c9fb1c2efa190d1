#include "policy/store/write_pace.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "test/policy/store/store_samples.h"

namespace sluice::policy {
namespace {

// How many writes of `key` there may be at `now`.
int Count(WritePace* pace, absl::string_view key, absl::Time now) {
  int taken = 0;
  while (taken < 100 && pace->Take(key, now)) ++taken;
  return taken;
}

TEST(WritePaceTest, SomeAtOnceAndThenOneInAWhile) {
  WritePace pace;
  EXPECT_EQ(Count(&pace, "a", kNow), WritePace::kAtOnce);
  EXPECT_EQ(Count(&pace, "b", kNow), WritePace::kAtOnce);
  const absl::Duration nearly = WritePace::kInterval - absl::Seconds(1);
  EXPECT_EQ(Count(&pace, "a", kNow + nearly), 0);
  for (int i = 1; i < 30; ++i) {
    EXPECT_EQ(Count(&pace, "a", kNow + i * WritePace::kInterval), 1);
  }
  EXPECT_EQ(Count(&pace, "a", kNow + 32 * WritePace::kInterval), 3);
  EXPECT_EQ(Count(&pace, "a", kNow + absl::Hours(24)), WritePace::kAtOnce);
}

TEST(WritePaceTest, AClockThatIsSetBackKeepsNobodyWaitingForLonger) {
  WritePace pace;
  EXPECT_EQ(Count(&pace, "a", kNow), WritePace::kAtOnce);
  const absl::Time earlier = kNow - absl::Hours(1);
  // As if all had been written just now.
  EXPECT_EQ(Count(&pace, "a", earlier), 0);
  EXPECT_EQ(Count(&pace, "a", earlier + WritePace::kInterval), 1);
}

TEST(WritePaceTest, RemembersABoundedNumber) {
  WritePace pace;
  EXPECT_EQ(Count(&pace, "a", kNow), WritePace::kAtOnce);
  EXPECT_TRUE(pace.Take("b", kNow));
  for (size_t i = 0; i < WritePace::kMaxKeys; ++i) {
    EXPECT_TRUE(pace.Take(absl::StrCat(i), kNow));
  }
  EXPECT_EQ(Count(&pace, "a", kNow), 0);
  EXPECT_EQ(Count(&pace, "b", kNow), WritePace::kAtOnce);
}

}  // namespace
}  // namespace sluice::policy
