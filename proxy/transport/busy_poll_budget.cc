#include "proxy/transport/busy_poll_budget.h"

#include <algorithm>

namespace sluice::transport {

BusyPollBudget::BusyPollBudget(absl::Duration longest)
    : longest_(static_cast<uint64_t>(absl::ToInt64Nanoseconds(longest))),
      budget_(kBurst * longest_) {}

uint64_t BusyPollBudget::Allowed(uint64_t now) {
  budget_ = std::min(budget_ + (now - filled_at_) / kShare, kBurst * longest_);
  filled_at_ = now;
  return budget_ < longest_ ? 0 : longest_;
}

void BusyPollBudget::Charge(uint64_t nanoseconds) {
  budget_ -= std::min(budget_, nanoseconds);
}

}  // namespace sluice::transport
