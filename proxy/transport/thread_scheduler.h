#ifndef PROXY_TRANSPORT_THREAD_SCHEDULER_H_
#define PROXY_TRANSPORT_THREAD_SCHEDULER_H_

#include <cstdint>

#include "absl/types/optional.h"
#include "proxy/base/unique_fd.h"

namespace sluice::transport {

// How long a thread has waited for a core while it could have run, and how many
// times it was given one.
struct RunDelay {
  uint64_t nanoseconds = 0;
  uint64_t times = 0;
};

// The kernel's scheduling of the calling thread, which is always the same one.
class ThreadScheduler {
 public:
  // In all so far. Nullopt where the kernel does not say. One system call, but
  // for the first time.
  absl::optional<RunDelay> Delay();
  // Whether the thread, when it is woken, may interrupt another one of the same
  // priority that is running: SCHED_OTHER or SCHED_BATCH, see sched(7). Needs
  // no privilege. What an operator has chosen, such as a real-time policy, or
  // SCHED_BATCH itself, stays; as all does where the kernel refuses. Threads
  // that this one starts inherit it.
  void SetInterrupts(bool interrupts);

 private:
  UniqueFd statistics_;    // schedstat of proc(5)
  bool is_batch_ = false;  // of our making
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_THREAD_SCHEDULER_H_
