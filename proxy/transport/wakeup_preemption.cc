#include "proxy/transport/wakeup_preemption.h"

#include <algorithm>

namespace sluice::transport {

bool WakeupPreemption::Look(uint64_t now,
                            const absl::optional<RunDelay>& total) {
  next_look_ = now + kInterval;
  if (!total.has_value()) return interrupts_;
  const uint64_t times = total->times - before_.times;
  if (times < kEnough) return interrupts_;
  Decide(now, (total->nanoseconds - before_.nanoseconds) / times);
  before_ = *total;
  return interrupts_;
}

void WakeupPreemption::Decide(uint64_t now, uint64_t wait) {
  if (interrupts_) {
    if (wait >= kShortWait || now - since_ < hold_) return;
    interrupts_ = false;
  } else {
    if (wait <= kLongWait) {
      well_until_ = now;
      return;
    }
    interrupts_ = true;
    // What went well for long enough was not in vain.
    hold_ = well_until_ - since_ > hold_
                ? kShortestHold
                : std::clamp(2 * hold_, kShortestHold, kLongestHold);
  }
  since_ = now;
  well_until_ = now;
}

}  // namespace sluice::transport
