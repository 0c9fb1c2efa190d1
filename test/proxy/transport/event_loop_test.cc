#include "proxy/transport/event_loop.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "proxy/transport/deadline_timer.h"

namespace sluice::transport {
namespace {

TEST(MailboxTest, RunsEveryTaskOnceInOrderOfEachSender) {
  EventLoop loop;
  loop.Start();
  constexpr int kSenders = 4, kTasks = 2000;
  std::vector<std::pair<int, int>> seen;  // by the loop's thread only
  std::vector<std::thread> senders;
  for (int sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([&loop, &seen, sender] {
      for (int task = 0; task < kTasks; ++task) {
        EXPECT_TRUE(loop.Post(
            [&seen, sender, task] { seen.emplace_back(sender, task); }));
      }
    });
  }
  for (std::thread& sender : senders) sender.join();
  loop.Post([&loop] { loop.Close(); });
  loop.Join();

  std::vector<int> next(kSenders, 0);
  for (const auto& [sender, task] : seen) EXPECT_EQ(task, next[sender]++);
  EXPECT_EQ(next, std::vector<int>(kSenders, kTasks));
}

// The system's clock, as it is set.
std::atomic<int64_t> set_by_seconds{0};
absl::Time SetClock() {
  return absl::Now() + absl::Seconds(set_by_seconds.load());
}

TEST(EventLoopTest, TellsByHowMuchTheClockWasSet) {
  EventLoop loop(SetClock);
  std::vector<absl::Duration> moved;  // by the loop's thread only
  loop.OnClockSet([&](absl::Duration by) {
    moved.push_back(by);
    EXPECT_LT(absl::AbsDuration(SetClock() - loop.Now()), absl::Seconds(1));
    if (moved.size() == 1) {
      set_by_seconds = 0;
    } else {
      loop.Close();
    }
  });
  loop.Post([&loop] {
    loop.Now();
    set_by_seconds = 3600;
  });
  loop.Start();
  loop.Join();
  ASSERT_EQ(moved.size(), 2u);
  EXPECT_LT(absl::AbsDuration(moved[0] - absl::Hours(1)), absl::Seconds(1));
  EXPECT_LT(absl::AbsDuration(moved[1] + absl::Hours(1)), absl::Seconds(1));
}

// To let events gather is for a loop that would have to look for them. One such
// wait is longer than the test may take.
TEST(EventLoopTest, DoesNotWaitForEventsWhileThereIsATask) {
  constexpr absl::Duration kLongest = absl::Seconds(10);
  EventLoop loop;
  loop.SetEventCoalescing(kLongest);
  const absl::Time start = absl::Now();
  std::function<void()> turn = [&] {
    for (int i = 0; i < 1000; ++i) loop.CountRead();
    if (absl::Now() - start < absl::Milliseconds(50)) {
      loop.Post(turn);
    } else {
      loop.Close();
    }
  };
  loop.Post(turn);
  loop.Start();
  loop.Join();
  EXPECT_LT(absl::Now() - start, kLongest);
}

TEST(MailboxTest, TakesTasksFromTasks) {
  EventLoop loop;
  loop.Start();
  int runs = 0;
  loop.Post([&] {
    ++runs;
    loop.Post([&] {
      ++runs;
      loop.Close();
    });
  });
  loop.Join();
  EXPECT_EQ(runs, 2);
}

TEST(MailboxTest, RefusesTasksAfterTheEnd) {
  std::shared_ptr<Mailbox> mailbox;
  {
    EventLoop loop;
    mailbox = loop.mailbox();
    loop.Start();
    loop.Post([&loop] { loop.Close(); });
    loop.Join();
    EXPECT_FALSE(loop.Post([] { FAIL(); }));
  }
  EXPECT_FALSE(mailbox->Post([] { FAIL(); }));
}

// What is set by the new time is not to be moved, and the rest is.
TEST(EventLoopTest, TheTimeIsTheOldOneUntilItIsToldThatTheClockWasSet) {
  EventLoop loop(SetClock);
  const absl::Time start = absl::Now();
  bool told = false;  // these by the loop's thread only
  absl::Time latest;
  loop.OnClockSet([&](absl::Duration) {
    told = true;
    EXPECT_GT(loop.Now(), start + absl::Minutes(59));
    loop.Close();
  });
  // Runs between any two others.
  std::function<void()> look = [&] {
    if (told) return;
    latest = loop.Now();
    loop.Post(look);
  };
  loop.Post([&] {
    look();
    set_by_seconds = 3600;
  });
  loop.Start();
  loop.Join();
  set_by_seconds = 0;
  EXPECT_TRUE(told);
  EXPECT_LT(latest, start + absl::Minutes(1));
}

TEST(EventLoopTest, FollowsTheSystemClock) {
  EventLoop loop;
  const absl::Time before = absl::Now();
  const absl::Time now = loop.Now();
  EXPECT_LT(absl::AbsDuration(now - before), absl::Seconds(1));
  EXPECT_EQ(loop.Now(), now);  // within one turn it stands still
}

// See WakeupPreemption. That the core is free for a tenth of a second is all
// that it takes.
TEST(EventLoopTest, InterruptsNobodyOnAFreeCore) {
  // A loop of another test may have run on this thread.
  const sched_param priority = {};
  ASSERT_EQ(sched_setscheduler(0, SCHED_OTHER, &priority), 0);
  EventLoop loop;
  loop.Start();
  std::atomic<bool> is_batch{false};
  const absl::Time end = absl::Now() + absl::Seconds(60);
  while (!is_batch && absl::Now() < end) {
    loop.Post([&is_batch] { is_batch = sched_getscheduler(0) == SCHED_BATCH; });
    absl::SleepFor(absl::Milliseconds(1));
  }
  loop.Post([&loop] { loop.Close(); });
  loop.Join();
  EXPECT_TRUE(is_batch);
}

class DeadlineTimerTest : public ::testing::Test,
                          public DeadlineTimer::HandlerInterface {
 protected:
  void OnDeadline() override {
    ++calls_;
    fired_at_ = absl::Now();
    timer_.reset();  // may be destroyed in its callback
  }
  void RunUntilIdle() {
    loop_.Close();
    uv_run(loop_.uv(), UV_RUN_DEFAULT);
  }

  EventLoop loop_;
  std::unique_ptr<DeadlineTimer> timer_ =
      std::make_unique<DeadlineTimer>(&loop_, this);
  int calls_ = 0;
  absl::Time fired_at_;
};

TEST_F(DeadlineTimerTest, MovesWithTheClock) {
  const absl::Time start = absl::Now();
  timer_->Set(start + absl::Hours(1));
  timer_->Move(absl::Milliseconds(20) - absl::Hours(1));
  RunUntilIdle();
  EXPECT_EQ(calls_, 1);
  EXPECT_GE(fired_at_, start + absl::Milliseconds(20));
}

TEST_F(DeadlineTimerTest, IsNeverEarly) {
  const absl::Time deadline = absl::Now() + absl::Microseconds(20300);
  timer_->Set(deadline);
  RunUntilIdle();
  EXPECT_EQ(calls_, 1);
  EXPECT_GE(fired_at_, deadline);
}

TEST_F(DeadlineTimerTest, TakesTheLatestDeadline) {
  const absl::Time start = absl::Now();
  timer_->Set(start + absl::Milliseconds(1));
  timer_->Set(start + absl::Hours(10));
  timer_->Set(start + absl::Milliseconds(30));
  RunUntilIdle();
  EXPECT_EQ(calls_, 1);
  EXPECT_GE(fired_at_, start + absl::Milliseconds(30));
}

TEST_F(DeadlineTimerTest, FiresAtOnceForThePast) {
  timer_->Set(absl::InfinitePast());
  RunUntilIdle();
  EXPECT_EQ(calls_, 1);
}

TEST_F(DeadlineTimerTest, DoesNotFireAfterClear) {
  timer_->Set(loop_.Now());
  timer_->Clear();
  RunUntilIdle();
  EXPECT_EQ(calls_, 0);
  timer_.reset();
}

TEST_F(DeadlineTimerTest, DoesNotFireForTheInfiniteFuture) {
  timer_->Set(absl::InfiniteFuture());
  RunUntilIdle();
  EXPECT_EQ(calls_, 0);
  timer_.reset();
}

}  // namespace
}  // namespace sluice::transport
