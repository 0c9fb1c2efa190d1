#include "proxy/transport/event_coalescer.h"

#include <gtest/gtest.h>

namespace sluice::transport {
namespace {

constexpr absl::Duration kLongest = absl::Microseconds(500);

// Polls for a while, each time after `reads` reads that took `pause`; what is
// waited for at the end.
class EventCoalescerTest : public ::testing::Test {
 protected:
  absl::Duration Run(absl::Duration time, absl::Duration pause,
                     uint32_t reads) {
    absl::Duration wait;
    for (absl::Duration t; t < time; t += pause) {
      now_ += static_cast<uint64_t>(absl::ToInt64Nanoseconds(pause));
      wait = coalescer_.BeforePoll(now_, reads);
    }
    return wait;
  }

  EventCoalescer coalescer_{kLongest};
  uint64_t now_ = 1'000'000'000;
};

TEST_F(EventCoalescerTest, ALoopWithLittleToDoWaitsForNothing) {
  EXPECT_EQ(Run(absl::Seconds(1), absl::Microseconds(250), 1),
            absl::ZeroDuration());
  EXPECT_EQ(Run(absl::Seconds(1), absl::Microseconds(130), 1),
            absl::ZeroDuration());
}

TEST_F(EventCoalescerTest, ABusyLoopWaitsLonger) {
  const absl::Duration some =
      Run(absl::Seconds(1), absl::Microseconds(62), 1);  // 16,000 a second
  EXPECT_GT(some, absl::Microseconds(240));
  EXPECT_LT(some, absl::Microseconds(270));
  EXPECT_EQ(Run(absl::Seconds(1), absl::Microseconds(30), 1), kLongest);
}

// The rate is that of reads and not of turns, which get fewer by waiting.
TEST_F(EventCoalescerTest, ItGoesOnWhileMuchIsRead) {
  EXPECT_EQ(Run(absl::Seconds(1), absl::Microseconds(600), 20), kLongest);
  EXPECT_EQ(Run(absl::Seconds(1), absl::Microseconds(600), 1),
            absl::ZeroDuration());
}

TEST_F(EventCoalescerTest, WhatWasBeforeAPauseIsForgotten) {
  EXPECT_EQ(Run(absl::Seconds(1), absl::Microseconds(30), 1), kLongest);
  now_ += 1'000'000'000;
  EXPECT_EQ(coalescer_.BeforePoll(now_, 1), absl::ZeroDuration());
}

TEST_F(EventCoalescerTest, ItIsQuickToEnd) {
  EXPECT_EQ(Run(absl::Seconds(1), absl::Microseconds(30), 1), kLongest);
  EXPECT_EQ(Run(absl::Milliseconds(15), absl::Microseconds(500), 1),
            absl::ZeroDuration());
}

TEST(EventCoalescerOffTest, ZeroTurnsItOff) {
  EventCoalescer coalescer(absl::ZeroDuration());
  uint64_t now = 0;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(coalescer.BeforePoll(now += 10'000, 10), absl::ZeroDuration());
  }
}

}  // namespace
}  // namespace sluice::transport
