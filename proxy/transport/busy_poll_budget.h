#ifndef PROXY_TRANSPORT_BUSY_POLL_BUDGET_H_
#define PROXY_TRANSPORT_BUSY_POLL_BUDGET_H_

#include <cstdint>

#include "absl/time/time.h"

namespace sluice::transport {

// How long an event loop may look for an event again and again before it
// sleeps. A broker's answer comes within tens of microseconds, and to be woken
// for it takes as long once more. Looking in vain is paid from a budget of a
// twentieth of the time, so that a loop to which no answers come, or which
// keeps its broker from a core, soon sleeps at once.
//
// Pure: time is an argument. On one thread.
class BusyPollBudget {
 public:
  // In vain, at most so much of the time.
  static constexpr uint64_t kShare = 20;
  // So many times in a row, after a pause.
  static constexpr uint64_t kBurst = 20;

  // `longest`: zero turns it off.
  explicit BusyPollBudget(absl::Duration longest);

  // How many nanoseconds, at `now` nanoseconds of a monotonic clock. 0: not.
  uint64_t Allowed(uint64_t now);
  // It was done for so many nanoseconds in vain.
  void Charge(uint64_t nanoseconds);

 private:
  uint64_t longest_;
  uint64_t budget_;
  uint64_t filled_at_ = 0;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_BUSY_POLL_BUDGET_H_
