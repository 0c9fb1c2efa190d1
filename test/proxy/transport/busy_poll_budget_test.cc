#include "proxy/transport/busy_poll_budget.h"

#include <gtest/gtest.h>

namespace sluice::transport {
namespace {

constexpr uint64_t kMicrosecond = 1'000;
constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kLongest = 50 * kMicrosecond;

class BusyPollBudgetTest : public ::testing::Test {
 protected:
  // Asks once each `pause`, for `time`, always in vain; how long it polled.
  uint64_t PollInVain(uint64_t time, uint64_t pause) {
    uint64_t polled = 0;
    for (const uint64_t end = now_ + time; now_ < end; now_ += pause) {
      const uint64_t allowed = budget_.Allowed(now_);
      budget_.Charge(allowed);
      polled += allowed;
    }
    return polled;
  }

  BusyPollBudget budget_{absl::Nanoseconds(kLongest)};
  uint64_t now_ = 5 * kSecond;
};

TEST_F(BusyPollBudgetTest, WhatSucceedsIsNotLimited) {
  for (int i = 0; i < 1'000'000; ++i) {
    now_ += kMicrosecond;
    ASSERT_EQ(budget_.Allowed(now_), kLongest);
  }
}

TEST_F(BusyPollBudgetTest, InVainItTakesATwentiethOfTheTime) {
  PollInVain(kSecond, 100 * kMicrosecond);
  const uint64_t polled = PollInVain(10 * kSecond, 100 * kMicrosecond);
  EXPECT_GT(polled, 10 * kSecond / BusyPollBudget::kShare * 9 / 10);
  EXPECT_LE(polled, 10 * kSecond / BusyPollBudget::kShare + kLongest);
}

TEST_F(BusyPollBudgetTest, APauseIsNotSavedUpForEver) {
  PollInVain(kSecond, 100 * kMicrosecond);
  now_ += 1000 * kSecond;
  EXPECT_LE(PollInVain(kMicrosecond * 100, kMicrosecond),
            (BusyPollBudget::kBurst + 1) * kLongest);
}

TEST_F(BusyPollBudgetTest, SeldomIsAlwaysAllowed) {
  EXPECT_EQ(PollInVain(10 * kSecond, 1000 * kMicrosecond), 10'000 * kLongest);
}

TEST(BusyPollBudgetOffTest, ZeroTurnsItOff) {
  BusyPollBudget budget(absl::ZeroDuration());
  EXPECT_EQ(budget.Allowed(kSecond), 0);
  EXPECT_EQ(budget.Allowed(2 * kSecond), 0);
}

}  // namespace
}  // namespace sluice::transport
