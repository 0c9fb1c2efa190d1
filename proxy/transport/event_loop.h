#ifndef PROXY_TRANSPORT_EVENT_LOOP_H_
#define PROXY_TRANSPORT_EVENT_LOOP_H_

#include <uv.h>

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "proxy/transport/event_coalescer.h"
#include "proxy/transport/thread_scheduler.h"
#include "proxy/transport/uv_handle.h"
#include "proxy/transport/wakeup_preemption.h"

namespace sluice::transport {

// A way into an event loop from any thread, which outlives the loop.
class Mailbox {
 public:
  using Task = absl::AnyInvocable<void()>;

  // Runs `task` on the loop's thread, after the callback that is running now
  // and after the tasks that were posted before. Returns false, and drops the
  // task, when the loop takes none any more. Any thread.
  bool Post(Task task);

 private:
  friend class EventLoop;

  bool IsEmpty() const;

  mutable std::mutex mutex_;
  std::vector<Task> tasks_;
  uv_async_t* wakeup_ = nullptr;  // null: closed
};

// A libuv loop and the one thread that runs it. A process that has one ignores
// SIGPIPE.
class EventLoop {
 public:
  using Clock = absl::Time (*)();

  explicit EventLoop(Clock clock = absl::Now);
  // The thread has ended or was never started; whoever had handles on the loop
  // has let go of them.
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Starts the thread. Once.
  void Start();
  // The loop's thread: no more tasks are taken; the thread ends when the last
  // handle is closed.
  void Close();
  // Waits for the thread's end. Not the loop's thread.
  void Join();

  // While it is busy it lets events gather for at most so long: see
  // EventCoalescer. Before Start().
  void SetEventCoalescing(absl::Duration longest) {
    coalescer_ = EventCoalescer(longest);
  }
  // Something has been read. The loop's thread.
  void CountRead() { ++reads_; }

  // Has `handler` called on the loop's thread when the system's clock was set,
  // by more than a second: how far, forward or back. Now() is the new time
  // from then on, and the old one up to then. Noticed within two seconds.
  // Before Start().
  using ClockHandler = absl::AnyInvocable<void(absl::Duration)>;
  void OnClockSet(ClockHandler handler);

  // Before Start(), and on the loop's thread.
  uv_loop_t* uv() { return &loop_; }
  // As Mailbox::Post().
  bool Post(Mailbox::Task task) { return mailbox_->Post(std::move(task)); }
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }

  // Wall-clock time as of the start of this turn of the loop: at most about a
  // millisecond ahead, and behind by what the turn has taken so far. Costs no
  // system call but once a second, in which it follows the system's clock. The
  // loop's thread.
  absl::Time Now();

 private:
  static void OnWakeup(uv_async_t* wakeup);
  void BeforePoll();
  void LookAtScheduling(uint64_t now);
  void FollowClock();
  // Moves the time, and what waits for it.
  void SetTime();
  void RunTasks();

  uv_loop_t loop_;
  std::shared_ptr<Mailbox> mailbox_;
  UvHandle<uv_async_t> wakeup_;
  UvHandle<uv_timer_t> clock_timer_;
  const Clock clock_;
  ClockHandler clock_handler_;
  std::vector<Mailbox::Task> running_;  // capacity is kept
  EventCoalescer coalescer_{absl::ZeroDuration()};
  UvHandle<uv_prepare_t> before_poll_;
  uint32_t reads_ = 0;  // since the last poll
  WakeupPreemption preemption_;
  ThreadScheduler scheduler_;
  std::thread thread_;
  absl::Time epoch_;            // when uv_now() was 0
  uint64_t synced_at_ = 0;      // uv_now()
  bool clock_was_set_ = false;  // SetTime() is to follow
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_EVENT_LOOP_H_
