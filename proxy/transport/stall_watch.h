#ifndef PROXY_TRANSPORT_STALL_WATCH_H_
#define PROXY_TRANSPORT_STALL_WATCH_H_

#include <uv.h>

#include <cstdint>

#include "absl/time/time.h"
#include "proxy/transport/stream.h"
#include "proxy/transport/uv_handle.h"

namespace sluice::transport {

// Watches a connection of which a side is not read, since the other does not
// take what is queued for it. Whoever does not read a socket does not hear
// either that its peer has ended, so a client that takes nothing would keep its
// place long after its broker has given it up. A peer whose end cannot arrive,
// behind data for which there is no room, is probed for. On the loop's thread.
class StallWatch {
 public:
  class HandlerInterface {
   public:
    virtual ~HandlerInterface() = default;
    // The peer of `stream`, which is not read, has ended, and neither has taken
    // anything for `patience`. May destroy the watch.
    virtual void OnStalled(Stream* stream) = 0;
  };

  // All outlive the watch, which begins at once and looks each `patience`: who
  // takes something meanwhile, however little, gets all that was sent to it.
  StallWatch(uv_loop_t* loop, absl::Duration patience, Stream* client,
             Stream* broker, HandlerInterface* handler);

 private:
  void OnTimer();
  int64_t Progress() const;

  Stream* const client_;
  Stream* const broker_;
  HandlerInterface* const handler_;
  int64_t progress_;  // when it was looked at last
  UvHandle<uv_timer_t> timer_;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_STALL_WATCH_H_
