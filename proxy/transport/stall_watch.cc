#include "proxy/transport/stall_watch.h"

#include <utility>

namespace sluice::transport {

StallWatch::StallWatch(uv_loop_t* loop, absl::Duration interval,
                       const Stream* client, const Stream* broker,
                       HandlerInterface* handler)
    : client_(client),
      broker_(broker),
      handler_(handler),
      progress_(Progress()),
      timer_(new uv_timer_t) {
  const auto period =
      static_cast<uint64_t>(absl::ToInt64Milliseconds(interval));
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
  stalled_ = std::exchange(progress_, progress) == progress ? stalled_ + 1 : 0;
  handler_->OnInterval(++passed_, stalled_);
}

int64_t StallWatch::Progress() const {
  if (broker_ == nullptr) return client_->Progress();
  return client_->Progress() + broker_->Progress() +
         static_cast<int64_t>(broker_->received());
}

}  // namespace sluice::transport
