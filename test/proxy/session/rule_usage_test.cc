#include "proxy/session/rule_usage.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "test/testing/rule_text.h"

namespace sluice::session {
namespace {

using Subscription = RuleUsage::Subscription;
using authz::Finding;
using authz::Objection;
using authz::RuleSet;

RuleSet Rules(std::initializer_list<const char*> texts) {
  policy::v1::Grant grant;
  for (const char* text : texts) {
    grant.add_rules(sluice::testing::RuleFromText(text));
  }
  absl::StatusOr<RuleSet> set = RuleSet::Compile(grant.rules());
  EXPECT_TRUE(set.ok()) << set.status();
  return *std::move(set);
}

constexpr char kTwoASecond[] =
    "name: 'rate' publish: true limits { max_publishes_per_second: 2 }";

class RuleUsageTest : public ::testing::Test {
 protected:
  // Of so many messages, one after another, how many pass.
  int Passing(const RuleSet& rules, int messages,
              const RuleSet::Places& places = {0}) {
    int passing = 0;
    for (int i = 0; i < messages; ++i) {
      if (!usage_.JudgePublish(rules, places, {}, now_).IsEnforced()) ++passing;
    }
    return passing;
  }

  absl::Time now_ = absl::FromUnixSeconds(1800000000);
  RuleUsage usage_;
};

TEST_F(RuleUsageTest, GoesOnWhereTheClockWasSet) {
  const RuleSet rules = Rules({kTwoASecond});
  usage_.Follow(RuleSet(), rules, now_);
  EXPECT_EQ(Passing(rules, 5), 2);
  for (const absl::Duration by : {-absl::Hours(1), absl::Hours(1)}) {
    now_ += by;
    usage_.OnClockSet(by);
    EXPECT_EQ(Passing(rules, 5), 0);
    now_ += absl::Milliseconds(500);
    EXPECT_EQ(Passing(rules, 5), 1);
  }
}

TEST_F(RuleUsageTest, TakesABurstAndThenTheRate) {
  const RuleSet rules = Rules({kTwoASecond});
  usage_.Follow(RuleSet(), rules, now_);
  EXPECT_EQ(Passing(rules, 5), 2);
  now_ += absl::Milliseconds(499);
  EXPECT_EQ(Passing(rules, 5), 0);
  now_ += absl::Milliseconds(1);
  EXPECT_EQ(Passing(rules, 5), 1);
  now_ += absl::Hours(1);
  EXPECT_EQ(Passing(rules, 5), 2);
  // A clock that goes back gives nothing, and takes nothing.
  now_ -= absl::Hours(1);
  EXPECT_EQ(Passing(rules, 5), 0);
}

TEST_F(RuleUsageTest, NothingASecondIsNothing) {
  const RuleSet rules =
      Rules({"name: 'r' publish: true limits { max_publishes_per_second: 0 }"});
  usage_.Follow(RuleSet(), rules, now_);
  EXPECT_EQ(Passing(rules, 1), 0);
  now_ += absl::Hours(1);
  EXPECT_EQ(Passing(rules, 1), 0);
}

TEST_F(RuleUsageTest, NewRulesDoNotRefillTheBucketsOfTheSameNames) {
  const RuleSet rules = Rules({kTwoASecond});
  usage_.Follow(RuleSet(), rules, now_);
  EXPECT_EQ(Passing(rules, 2), 2);
  const RuleSet more = Rules(
      {"name: 'other' publish: true limits { max_publishes_per_second: 1 }",
       "name: 'rate' publish: true limits { max_publishes_per_second: 100 }"});
  usage_.Follow(rules, more, now_);
  EXPECT_EQ(Passing(more, 1, {1}), 0);
  EXPECT_EQ(Passing(more, 2, {0}), 1);
  // What has been filled by the old rate meanwhile is there.
  const RuleSet less = Rules({kTwoASecond});
  now_ += absl::Milliseconds(10);
  usage_.Follow(more, less, now_);
  EXPECT_EQ(Passing(less, 5), 1);
  now_ += absl::Hours(1);
  EXPECT_EQ(Passing(less, 5), 2);
}

TEST_F(RuleUsageTest, WaitsForTheSlowestOfThoseThatAreUsedUp) {
  const RuleSet rules = Rules(
      {kTwoASecond,
       "name: 'one' publish: true limits { max_publishes_per_second: 1 }"});
  usage_.Follow(RuleSet(), rules, now_);
  EXPECT_EQ(usage_.WaitForRate(rules, {0, 1}, now_), absl::ZeroDuration());
  EXPECT_EQ(Passing(rules, 2, {0, 1}), 1);
  EXPECT_EQ(usage_.WaitForRate(rules, {0, 1}, now_), absl::Seconds(1));
  EXPECT_EQ(usage_.WaitForRate(rules, {0}, now_), absl::ZeroDuration());
  // The second one is full again, which nobody has looked at since.
  now_ += absl::Seconds(10);
  EXPECT_EQ(Passing(rules, 5, {0}), 2);
  EXPECT_EQ(Passing(rules, 5, {0, 1}), 0);
  EXPECT_EQ(usage_.WaitForRate(rules, {0, 1}, now_), absl::Milliseconds(500));
}

TEST_F(RuleUsageTest, WhatOneRuleRefusesUsesUpNothingOfAnother) {
  const RuleSet rules = Rules(
      {kTwoASecond,
       "name: 'one' publish: true limits { max_publishes_per_second: 1 }"});
  usage_.Follow(RuleSet(), rules, now_);
  EXPECT_EQ(Passing(rules, 5, {0, 1}), 1);
  EXPECT_EQ(Passing(rules, 5, {0}), 1);
}

TEST_F(RuleUsageTest, AShadowIsFoundWhereNothingIsEnforced) {
  const RuleSet rules =
      Rules({"name: 'shadow' shadow: true publish: true "
             "limits { max_publishes_per_second: 1 }",
             "name: 'size' publish: true limits { max_payload_bytes: 1 }"});
  usage_.Follow(RuleSet(), rules, now_);
  const RuleSet::Places both = {0, 1};
  // What does not pass uses up nothing.
  EXPECT_EQ(usage_.JudgePublish(rules, both, {0, false, 2}, now_).objection,
            Objection::kPayloadSize);
  EXPECT_EQ(usage_.JudgePublish(rules, both, {}, now_).rule, nullptr);
  const Finding finding = usage_.JudgePublish(rules, both, {}, now_);
  EXPECT_FALSE(finding.IsEnforced());
  EXPECT_EQ(finding.objection, Objection::kRate);
  EXPECT_EQ(finding.rule->name(), "shadow");
}

TEST_F(RuleUsageTest, CountsSubscriptionsThatARuleIsAbout) {
  const RuleSet rules =
      Rules({"name: 'r' subscribe: true topic_filters: 'a/#' "
             "limits { max_subscriptions: 2 }"});
  const RuleSet::Places places = {0};
  const auto judge = [&](Subscription subscription) {
    return usage_.JudgeSubscription(rules, places, subscription).objection;
  };
  const auto count = [&](const char* filter) {
    usage_.CountSubscription(rules, rules.OnSubscription(filter).others);
  };
  usage_.Follow(RuleSet(), rules, now_);
  count("b");
  count("a/1");
  EXPECT_EQ(judge(Subscription::kNew), Objection::kNone);
  EXPECT_EQ(judge(Subscription::kNoRecord), Objection::kSubscriptions);
  count("a/1");  // of a shared subscription
  EXPECT_EQ(judge(Subscription::kNew), Objection::kSubscriptions);
  EXPECT_EQ(judge(Subscription::kHeld), Objection::kNone);
  usage_.DiscountSubscription(rules, "b");
  EXPECT_EQ(judge(Subscription::kNew), Objection::kSubscriptions);
  usage_.DiscountSubscription(rules, "$share/g/a/1");
  EXPECT_EQ(judge(Subscription::kNew), Objection::kNone);
}

}  // namespace
}  // namespace sluice::session
