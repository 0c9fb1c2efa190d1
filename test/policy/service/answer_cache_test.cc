#include "policy/service/answer_cache.h"

#include <gtest/gtest.h>

#include <memory>

namespace sluice::policy {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

class AnswerCacheTest : public ::testing::Test {
 protected:
  void Put(const std::string& key, int answer, absl::Time now) {
    cache_.Put(key, answer, now, now + absl::Minutes(1));
  }
  // The answer that counts; 0: none.
  int Find(const std::string& key, absl::Time now) {
    const auto* const kept = cache_.Find(key, now);
    return kept == nullptr ? 0 : kept->answer;
  }

  AnswerCache<int> cache_{2};
};

TEST_F(AnswerCacheTest, AnAnswerCountsForItsTime) {
  Put("a", 1, kNow);
  EXPECT_EQ(Find("a", kNow), 1);
  EXPECT_EQ(Find("a", kNow + absl::Seconds(59)), 1);
  EXPECT_EQ(Find("a", kNow + absl::Minutes(1)), 0);
  Put("a", 2, kNow + absl::Minutes(1));
  EXPECT_EQ(Find("a", kNow + absl::Minutes(1)), 2);
  EXPECT_EQ(Find("b", kNow), 0);
}

TEST_F(AnswerCacheTest, TheOldestMakesRoom) {
  Put("a", 1, kNow);
  Put("b", 2, kNow);
  Put("a", 3, kNow);
  Put("c", 4, kNow);
  EXPECT_EQ(Find("a", kNow), 3);
  EXPECT_EQ(Find("b", kNow), 0);
  EXPECT_EQ(Find("c", kNow), 4);
}

TEST_F(AnswerCacheTest, WhatCountsNoMoreIsNotKept) {
  AnswerCache<std::shared_ptr<int>> cache(1000);
  const auto answer = std::make_shared<int>(1);
  const absl::Time end = kNow + absl::Seconds(5);
  for (const char* key : {"a", "b", "c"}) cache.Put(key, answer, kNow, end);
  EXPECT_EQ(answer.use_count(), 4);
  cache.Put("d", nullptr, end - absl::Seconds(1), end);
  EXPECT_EQ(answer.use_count(), 4);
  cache.Put("e", nullptr, end, end + absl::Seconds(5));
  cache.Put("f", nullptr, end, end + absl::Seconds(5));
  EXPECT_EQ(answer.use_count(), 1);
}

// The clock was ahead, or is set back: what was known then is asked about anew,
// and does not count once more when that time comes.
TEST_F(AnswerCacheTest, NothingComesBackWhenTheClockIsSet) {
  cache_.Put("before", 1, kNow - absl::Seconds(10), kNow + absl::Hours(1));
  Put("ahead", 2, kNow + absl::Minutes(10));
  EXPECT_EQ(Find("another", kNow), 0);
  EXPECT_EQ(Find("ahead", kNow + absl::Minutes(10)), 0);
  Put("ahead", 3, kNow + absl::Minutes(10));
  Put("b", 4, kNow);
  EXPECT_EQ(Find("ahead", kNow + absl::Minutes(10)), 0);
  EXPECT_EQ(Find("before", kNow), 1);
}

}  // namespace
}  // namespace sluice::policy
