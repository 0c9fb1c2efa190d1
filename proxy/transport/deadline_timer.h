#ifndef PROXY_TRANSPORT_DEADLINE_TIMER_H_
#define PROXY_TRANSPORT_DEADLINE_TIMER_H_

#include <uv.h>

#include "absl/time/time.h"
#include "proxy/transport/event_loop.h"
#include "proxy/transport/uv_handle.h"

namespace sluice::transport {

// Calls its handler once a wall-clock time has come: never early by the loop's
// clock, also when the system's clock was set meanwhile. On the loop's thread.
class DeadlineTimer {
 public:
  class HandlerInterface {
   public:
    virtual ~HandlerInterface() = default;
    // May destroy the timer.
    virtual void OnDeadline() = 0;
  };

  // Both outlive the timer.
  DeadlineTimer(EventLoop* loop, HandlerInterface* handler);

  // Replaces the deadline set before.
  void Set(absl::Time deadline);
  void Clear();
  // The deadline is a time to wait, and not one of the clock, which has been
  // set: it moves along.
  void Move(absl::Duration by);

 private:
  void Arm();
  void OnTimer();

  EventLoop* loop_;
  HandlerInterface* handler_;
  absl::Time deadline_ = absl::InfiniteFuture();
  absl::Time armed_for_ = absl::InfiniteFuture();
  UvHandle<uv_timer_t> timer_;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_DEADLINE_TIMER_H_
