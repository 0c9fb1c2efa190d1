#include "proxy/transport/stall_watch.h"

#include <utility>

namespace sluice::transport {

StallWatch::StallWatch(uv_loop_t* loop, absl::Duration patience, Stream* client,
                       Stream* broker, HandlerInterface* handler)
    : client_(client),
      broker_(broker),
      handler_(handler),
      progress_(Progress()),
      timer_(new uv_timer_t) {
  client_->ProbePeer();
  broker_->ProbePeer();
  const auto period =
      static_cast<uint64_t>(absl::ToInt64Milliseconds(patience));
  uv_timer_init(loop, timer_.get());  // cannot fail
  timer_->data = this;
  uv_timer_start(
      timer_.get(),
      [](uv_timer_t* timer) {
        static_cast<StallWatch*>(timer->data)->OnTimer();
      },
      period, period);
}

void StallWatch::OnTimer() {
  const int64_t progress = Progress();
  if (std::exchange(progress_, progress) != progress) return;
  for (Stream* stream : {client_, broker_}) {
    if (!stream->is_reading() && stream->PeerHasEnded()) {
      handler_->OnStalled(stream);
      return;
    }
  }
}

int64_t StallWatch::Progress() const {
  return client_->Progress() + broker_->Progress();
}

}  // namespace sluice::transport
