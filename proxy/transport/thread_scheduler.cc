#include "proxy/transport/thread_scheduler.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>

namespace sluice::transport {

absl::optional<RunDelay> ThreadScheduler::Delay() {
  if (statistics_.get() < 0) {
    statistics_ =
        UniqueFd(open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC));
  }
  // "time on a core, time waited for one, times on one", nanoseconds.
  char text[96];
  const ssize_t size = pread(statistics_.get(), text, sizeof(text) - 1, 0);
  if (size <= 0) return absl::nullopt;
  text[size] = '\0';
  RunDelay delay;
  if (std::sscanf(text, "%*u %" SCNu64 " %" SCNu64, &delay.nanoseconds,
                  &delay.times) != 2) {
    return absl::nullopt;
  }
  return delay;
}

void ThreadScheduler::SetInterrupts(bool interrupts) {
  const int before = interrupts ? SCHED_BATCH : SCHED_OTHER;
  const int after = interrupts ? SCHED_OTHER : SCHED_BATCH;
  if (interrupts != is_batch_ || sched_getscheduler(0) != before) return;
  const sched_param priority = {};
  if (sched_setscheduler(0, after, &priority) == 0) is_batch_ = !interrupts;
}

}  // namespace sluice::transport
