#include "proxy/transport/thread_scheduler.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <chrono>
#include <thread>

namespace sluice::transport {
namespace {

// On a thread of its own, whose scheduling ends with it.
template <typename Function>
void OnAThread(Function function) {
  std::thread(function).join();
}

TEST(ThreadSchedulerTest, ChoosesWhetherAThreadInterrupts) {
  OnAThread([] {
    ThreadScheduler scheduler;
    ASSERT_EQ(sched_getscheduler(0), SCHED_OTHER);
    scheduler.SetInterrupts(false);
    EXPECT_EQ(sched_getscheduler(0), SCHED_BATCH);
    scheduler.SetInterrupts(true);
    EXPECT_EQ(sched_getscheduler(0), SCHED_OTHER);
  });
  EXPECT_EQ(sched_getscheduler(0), SCHED_OTHER);
}

TEST(ThreadSchedulerTest, LeavesWhatAnOperatorHasChosen) {
  OnAThread([] {
    for (const int chosen : {SCHED_BATCH, SCHED_IDLE}) {
      const sched_param priority = {};
      ASSERT_EQ(sched_setscheduler(0, chosen, &priority), 0);
      ThreadScheduler scheduler;
      scheduler.SetInterrupts(false);
      EXPECT_EQ(sched_getscheduler(0), chosen);
      scheduler.SetInterrupts(true);
      EXPECT_EQ(sched_getscheduler(0), chosen);
    }
  });
}

TEST(ThreadSchedulerTest, CountsTheTimesThatAThreadIsGivenACore) {
  OnAThread([] {
    ThreadScheduler scheduler;
    const absl::optional<RunDelay> before = scheduler.Delay();
    ASSERT_TRUE(before.has_value());
    for (int i = 0; i < 10; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    const absl::optional<RunDelay> after = scheduler.Delay();
    ASSERT_TRUE(after.has_value());
    EXPECT_GE(after->times, before->times + 10);
    EXPECT_GE(after->nanoseconds, before->nanoseconds);
  });
}

}  // namespace
}  // namespace sluice::transport
