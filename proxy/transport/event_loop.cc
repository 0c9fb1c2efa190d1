#include "proxy/transport/event_loop.h"

#include <sys/prctl.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <utility>

namespace sluice::transport {
namespace {

constexpr uint64_t kResyncMilliseconds = 1000;
// By how much the clock is set without an effect on what is being waited for.
constexpr absl::Duration kUnnoticed = absl::Seconds(1);

// Only for want of memory or descriptors at start-up, and for programming
// errors.
void Require(int result, const char* what) {
  if (result == 0) return;
  std::fprintf(stderr, "%s: %s\n", what, uv_strerror(result));
  std::abort();
}

}  // namespace

bool Mailbox::IsEmpty() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return tasks_.empty();
}

bool Mailbox::Post(Task task) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (wakeup_ == nullptr) return false;
  tasks_.push_back(std::move(task));
  // Wake-ups coalesce: one is enough until the loop has taken the tasks.
  if (tasks_.size() == 1) uv_async_send(wakeup_);
  return true;
}

EventLoop::EventLoop(Clock clock)
    : mailbox_(std::make_shared<Mailbox>()), clock_(clock) {
  // A peer that is gone is an error of the write, not the program's end.
  std::signal(SIGPIPE, SIG_IGN);
  Require(uv_loop_init(&loop_), "uv_loop_init");
  auto* wakeup = new uv_async_t;
  Require(uv_async_init(&loop_, wakeup, OnWakeup), "uv_async_init");
  wakeup->data = this;
  wakeup_.reset(wakeup);
  mailbox_->wakeup_ = wakeup;
  auto* prepare = new uv_prepare_t;
  uv_prepare_init(&loop_, prepare);  // none of these can fail
  prepare->data = this;
  uv_prepare_start(prepare, [](uv_prepare_t* self) {
    static_cast<EventLoop*>(self->data)->BeforePoll();
  });
  uv_unref(reinterpret_cast<uv_handle_t*>(prepare));
  before_poll_.reset(prepare);
}

EventLoop::~EventLoop() {
  Close();
  Join();
  uv_run(&loop_, UV_RUN_DEFAULT);  // what was never started still gets closed
  Require(uv_loop_close(&loop_), "uv_loop_close");
}

void EventLoop::BeforePoll() {
  const uint64_t now = uv_hrtime();
  if (preemption_.IsDue(now)) LookAtScheduling(now);
  const absl::Duration wait =
      coalescer_.BeforePoll(now, std::exchange(reads_, 0));
  // What is there already, such as the next turn of a client that sends a lot,
  // has others behind it.
  if (wait > absl::ZeroDuration() && mailbox_->IsEmpty()) {
    const timespec time = absl::ToTimespec(wait);
    nanosleep(&time, nullptr);
    // The time that passed is not to be missing from what the turn sees.
    uv_update_time(&loop_);
  }
}

void EventLoop::LookAtScheduling(uint64_t now) {
  const bool before = preemption_.interrupts();
  const bool after = preemption_.Look(now, scheduler_.Delay());
  if (after != before) scheduler_.SetInterrupts(after);
}

void EventLoop::Start() {
  thread_ = std::thread([this] {
    // A sleep ends when it should, and not up to 50 us later.
    prctl(PR_SET_TIMERSLACK, 1000);
    prctl(PR_SET_NAME, "event_loop");
    uv_run(&loop_, UV_RUN_DEFAULT);
  });
}

void EventLoop::Close() {
  {
    std::lock_guard<std::mutex> lock(mailbox_->mutex_);
    mailbox_->wakeup_ = nullptr;
  }
  clock_timer_.reset();
  wakeup_.reset();
  before_poll_.reset();
}

void EventLoop::Join() {
  if (thread_.joinable()) thread_.join();
}

absl::Time EventLoop::Now() {
  uint64_t now = uv_now(&loop_);
  if (now - synced_at_ >= kResyncMilliseconds || synced_at_ == 0) {
    uv_update_time(&loop_);
    now = uv_now(&loop_);
    FollowClock();
  }
  return epoch_ + absl::Milliseconds(now);
}

void EventLoop::OnClockSet(ClockHandler handler) {
  clock_handler_ = std::move(handler);
  auto* timer = new uv_timer_t;
  uv_timer_init(&loop_, timer);  // cannot fail
  timer->data = this;
  clock_timer_.reset(timer);
  uv_timer_start(
      timer,
      [](uv_timer_t* self) { static_cast<EventLoop*>(self->data)->Now(); },
      kResyncMilliseconds, kResyncMilliseconds);
}

void EventLoop::FollowClock() {
  const uint64_t now = uv_now(&loop_);
  const absl::Time epoch = clock_() - absl::Milliseconds(now);
  const bool was_set =
      synced_at_ != 0 && absl::AbsDuration(epoch - epoch_) > kUnnoticed;
  synced_at_ = now;
  if (!was_set || !clock_handler_) {
    epoch_ = epoch;
    return;
  }
  // Later: somebody is in the midst of something, and wants to know the time.
  // Until then it is the old one, so that whatever is set by it is moved.
  if (!std::exchange(clock_was_set_, true)) {
    Post([this] { SetTime(); });
  }
}

void EventLoop::SetTime() {
  clock_was_set_ = false;
  const absl::Time epoch = clock_() - absl::Milliseconds(uv_now(&loop_));
  const absl::Duration moved = epoch - std::exchange(epoch_, epoch);
  clock_handler_(moved);
}

void EventLoop::OnWakeup(uv_async_t* wakeup) {
  static_cast<EventLoop*>(wakeup->data)->RunTasks();
}

void EventLoop::RunTasks() {
  {
    std::lock_guard<std::mutex> lock(mailbox_->mutex_);
    running_.swap(mailbox_->tasks_);
  }
  for (Mailbox::Task& task : running_) task();
  running_.clear();
}

}  // namespace sluice::transport
