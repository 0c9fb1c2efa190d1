#ifndef PROXY_TRANSPORT_WAKEUP_PREEMPTION_H_
#define PROXY_TRANSPORT_WAKEUP_PREEMPTION_H_

#include <cstdint>

#include "absl/types/optional.h"
#include "proxy/transport/thread_scheduler.h"

namespace sluice::transport {

// Decides whether a loop that an event wakes should interrupt what runs on its
// core. That is, on a core with time to spare, the one who has just sent the
// event: to let it finish takes some microseconds, and then the loop has the
// core to itself; to interrupt it leaves two that want to run, and whom the
// loop wakes next is sent to another core, which sleeps and has nothing in its
// caches. Where others want the core all the time, though, one that interrupts
// nobody waits for the ends of their time slices, some milliseconds each. What
// tells the two apart is how long the loop has to wait for the core.
//
// Pure: what it knows is in its arguments. On one thread.
class WakeupPreemption {
 public:
  // A loop that interrupts nobody and waits longer than the former at a time,
  // on the average, interrupts again; one that does and waits for less than
  // the latter is let try without. Nanoseconds.
  static constexpr uint64_t kLongWait = 250'000;
  static constexpr uint64_t kShortWait = 100'000;
  // So many waits say something. Time between two looks, nanoseconds.
  static constexpr uint64_t kEnough = 16;
  static constexpr uint64_t kInterval = 100'000'000;
  // After it was tried in vain, not again for so long, twice as long each time.
  // Nanoseconds.
  static constexpr uint64_t kShortestHold = 1'000'000'000;
  static constexpr uint64_t kLongestHold = 64'000'000'000;

  // Whether it is time to call Look(), at `now` nanoseconds of a monotonic
  // clock.
  bool IsDue(uint64_t now) const { return now >= next_look_; }
  // How the thread has been scheduled since it began, if that is known. Returns
  // whether it should interrupt from now on; at the start it does.
  bool Look(uint64_t now, const absl::optional<RunDelay>& total);
  bool interrupts() const { return interrupts_; }

 private:
  void Decide(uint64_t now, uint64_t wait);

  RunDelay before_;
  uint64_t next_look_ = 0;
  bool interrupts_ = true;
  uint64_t since_ = 0;       // of `interrupts_`
  uint64_t hold_ = 0;        // how long it lasts at least, if true
  uint64_t well_until_ = 0;  // if false: when it had last not waited long
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_WAKEUP_PREEMPTION_H_
