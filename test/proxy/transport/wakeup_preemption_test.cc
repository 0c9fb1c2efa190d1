#include "proxy/transport/wakeup_preemption.h"

#include <gtest/gtest.h>

namespace sluice::transport {
namespace {

constexpr uint64_t kMicrosecond = 1'000;
constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kShort = 20 * kMicrosecond;
constexpr uint64_t kBetween = 150 * kMicrosecond;
constexpr uint64_t kLong = 3'000 * kMicrosecond;

class WakeupPreemptionTest : public ::testing::Test {
 protected:
  // A thread that is woken each `pause_` and waits for so long each time goes
  // on for a while. Returns whether it interrupts at the end.
  bool Run(uint64_t time, uint64_t wait) {
    for (const uint64_t end = now_ + time; now_ < end;) {
      now_ += pause_;
      ++total_.times;
      total_.nanoseconds += wait;
      if (preemption_.IsDue(now_)) preemption_.Look(now_, total_);
    }
    return preemption_.interrupts();
  }

  // How long it takes, with such waits, until it interrupts no more. Seconds.
  int UntilItTries(uint64_t wait) {
    int seconds = 0;
    while (seconds < 1'000 && Run(kSecond, wait)) ++seconds;
    return seconds;
  }

  WakeupPreemption preemption_;
  RunDelay total_;
  uint64_t pause_ = 1'000 * kMicrosecond;
  uint64_t now_ = 1'000 * kSecond;
};

TEST_F(WakeupPreemptionTest, OnAFreeCoreNobodyIsInterrupted) {
  EXPECT_TRUE(preemption_.interrupts());
  EXPECT_FALSE(Run(kSecond / 4, kShort));
  EXPECT_FALSE(Run(100 * kSecond, kShort));
}

TEST_F(WakeupPreemptionTest, OnATakenCoreItInterrupts) {
  EXPECT_TRUE(Run(100 * kSecond, kLong));
}

TEST_F(WakeupPreemptionTest, ACoreThatIsTakenIsNoticedSoon) {
  ASSERT_FALSE(Run(kSecond, kShort));
  EXPECT_TRUE(Run(kSecond / 5, kLong));
}

TEST_F(WakeupPreemptionTest, BetweenTheTwoAllStaysAsItIs) {
  EXPECT_TRUE(Run(10 * kSecond, kBetween));
  ASSERT_FALSE(Run(kSecond, kShort));
  EXPECT_FALSE(Run(10 * kSecond, kBetween));
}

// Where it waits long only while it does not interrupt.
TEST_F(WakeupPreemptionTest, WhatIsTriedInVainIsTriedLessOften) {
  ASSERT_FALSE(Run(kSecond, kShort));
  Run(kSecond / 5, kLong);
  const int first = UntilItTries(kShort);
  Run(kSecond / 5, kLong);
  const int second = UntilItTries(kShort);
  EXPECT_GT(second, first);
  for (int i = 0; i < 10; ++i) {
    Run(kSecond / 5, kLong);
    UntilItTries(kShort);
  }
  Run(kSecond / 5, kLong);
  const int last = UntilItTries(kShort);
  EXPECT_GE(last, 60);
  EXPECT_LE(last, 65);
  // After it has gone well for longer, all begins anew.
  ASSERT_FALSE(Run(70 * kSecond, kShort));
  Run(kSecond / 5, kLong);
  EXPECT_LE(UntilItTries(kShort), 2);
}

// A thread that is seldom woken needs seconds until it knows that it was in
// vain.
TEST_F(WakeupPreemptionTest, TimeUntilSomethingIsKnownDoesNotCountAsGood) {
  pause_ = kSecond / 10;
  ASSERT_FALSE(Run(2 * kSecond, kShort));
  int tries = 0;
  for (int second = 0; second < 600; ++second) {
    if (!Run(kSecond, preemption_.interrupts() ? kShort : kLong)) ++tries;
  }
  // Of 600 seconds some 30, and not half.
  EXPECT_LT(tries, 60);
}

TEST_F(WakeupPreemptionTest, WhatIsNotKnownSaysNothing) {
  EXPECT_TRUE(preemption_.Look(now_, absl::nullopt));
  EXPECT_FALSE(preemption_.IsDue(now_));
  ASSERT_FALSE(Run(kSecond, kShort));
  EXPECT_FALSE(preemption_.Look(now_, absl::nullopt));
  EXPECT_FALSE(Run(kSecond, kShort));
}

TEST_F(WakeupPreemptionTest, AFewWaitsSayNothing) {
  total_ = {15 * kShort, 15};
  EXPECT_TRUE(preemption_.Look(now_, total_));
  now_ += WakeupPreemption::kInterval;
  total_.times += 1;
  total_.nanoseconds += kShort;
  EXPECT_FALSE(preemption_.Look(now_, total_));
}

TEST_F(WakeupPreemptionTest, ItLooksTenTimesASecond) {
  EXPECT_TRUE(preemption_.IsDue(now_));
  preemption_.Look(now_, total_);
  EXPECT_FALSE(preemption_.IsDue(now_ + WakeupPreemption::kInterval - 1));
  EXPECT_TRUE(preemption_.IsDue(now_ + WakeupPreemption::kInterval));
}

}  // namespace
}  // namespace sluice::transport
