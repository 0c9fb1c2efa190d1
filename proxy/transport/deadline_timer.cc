#include "proxy/transport/deadline_timer.h"

#include <algorithm>

namespace sluice::transport {
namespace {

// The timer looks at the clock at least this often, to follow the system's.
constexpr absl::Duration kLongestSleep = absl::Hours(1);

}  // namespace

DeadlineTimer::DeadlineTimer(EventLoop* loop, HandlerInterface* handler)
    : loop_(loop), handler_(handler), timer_(new uv_timer_t) {
  uv_timer_init(loop->uv(), timer_.get());  // cannot fail
  timer_->data = this;
}

void DeadlineTimer::Set(absl::Time deadline) {
  deadline_ = deadline;
  // A later deadline is looked at when the timer wakes for the earlier one.
  if (deadline < armed_for_) Arm();
}

void DeadlineTimer::Clear() {
  deadline_ = absl::InfiniteFuture();
  armed_for_ = absl::InfiniteFuture();
  uv_timer_stop(timer_.get());
}

void DeadlineTimer::Move(absl::Duration by) {
  if (deadline_ == absl::InfiniteFuture()) return;
  deadline_ += by;
  Arm();
}

void DeadlineTimer::Arm() {
  armed_for_ = deadline_;
  const absl::Duration left = std::min(
      std::max(deadline_ - loop_->Now(), absl::ZeroDuration()), kLongestSleep);
  // Rounded up, and the clock may be ahead by up to a millisecond.
  const auto milliseconds = static_cast<uint64_t>(absl::ToInt64Milliseconds(
                                absl::Ceil(left, absl::Milliseconds(1)))) +
                            1;
  uv_timer_start(
      timer_.get(),
      [](uv_timer_t* timer) {
        static_cast<DeadlineTimer*>(timer->data)->OnTimer();
      },
      milliseconds, 0);
}

void DeadlineTimer::OnTimer() {
  armed_for_ = absl::InfiniteFuture();
  if (deadline_ == absl::InfiniteFuture()) return;
  if (loop_->Now() < deadline_) {
    Arm();
    return;
  }
  deadline_ = absl::InfiniteFuture();
  handler_->OnDeadline();
}

}  // namespace sluice::transport
