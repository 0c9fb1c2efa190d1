#include "proxy/session/broker_keep_alive.h"

namespace sluice::session {
namespace {

// Of Keep Alive. The broker waits for one and a half times as long, and the
// client's next packet may be as late as once: this leaves a quarter for the
// way.
constexpr int kParts = 4;

}  // namespace

absl::Time BrokerKeepAlive::Due() const {
  return interval_ == absl::ZeroDuration() ? absl::InfiniteFuture()
                                           : sent_at_ + interval_ / kParts;
}

bool BrokerKeepAlive::TakePing(absl::Time now) {
  if (now < Due()) return false;
  sent_at_ = now;
  ++own_pings_;
  return true;
}

bool BrokerKeepAlive::TakePingresp() {
  if (client_pings_ > 0) {
    --client_pings_;
    return true;
  }
  if (own_pings_ == 0) return true;  // nobody asked; the client sees to it
  --own_pings_;
  return false;
}

}  // namespace sluice::session
