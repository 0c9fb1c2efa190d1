#include "proxy/base/reminder.h"

#include <gtest/gtest.h>

#include <atomic>

#include "absl/synchronization/blocking_counter.h"
#include "absl/time/time.h"

namespace sluice {
namespace {

TEST(ReminderTest, CallsAgainAndAgain) {
  absl::BlockingCounter calls(3);
  std::atomic<int> left{3};
  const Reminder reminder(absl::Milliseconds(1), [&] {
    if (left.fetch_sub(1) > 0) calls.DecrementCount();
  });
  calls.Wait();
}

TEST(ReminderTest, CallsNotBeforeAnIntervalAndEndsBeforeIt) {
  int calls = 0;
  {
    const Reminder reminder(absl::Hours(24), [&] { ++calls; });
  }
  EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace sluice
