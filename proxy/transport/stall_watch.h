#ifndef PROXY_TRANSPORT_STALL_WATCH_H_
#define PROXY_TRANSPORT_STALL_WATCH_H_

#include <uv.h>

#include <cstdint>

#include "absl/time/time.h"
#include "proxy/transport/stream.h"
#include "proxy/transport/uv_handle.h"

namespace sluice::transport {

// Watches whether the peers of a connection take what they are sent, as far as
// the kernel knows: one that is slow, and takes a little now and then, is told
// from one that takes nothing. A broker that sends something is at work, on
// what its kernel took long ago maybe. On the loop's thread.
class StallWatch {
 public:
  class HandlerInterface {
   public:
    virtual ~HandlerInterface() = default;
    // Another interval has passed, of `passed` since the watch began. In the
    // last `stalled` of them neither peer has taken anything, and the broker
    // has sent nothing. May destroy the watch.
    virtual void OnInterval(int passed, int stalled) = 0;
  };

  // All outlive the watch, which begins at once. `broker` may be null.
  StallWatch(uv_loop_t* loop, absl::Duration interval, const Stream* client,
             const Stream* broker, HandlerInterface* handler);

 private:
  void OnTimer();
  int64_t Progress() const;

  const Stream* const client_;
  const Stream* const broker_;
  HandlerInterface* const handler_;
  int64_t progress_;  // when it was looked at last
  int passed_ = 0;
  int stalled_ = 0;
  UvHandle<uv_timer_t> timer_;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_STALL_WATCH_H_
