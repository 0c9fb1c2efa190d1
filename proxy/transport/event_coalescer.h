#ifndef PROXY_TRANSPORT_EVENT_COALESCER_H_
#define PROXY_TRANSPORT_EVENT_COALESCER_H_

#include <cstdint>

#include "absl/time/time.h"

namespace sluice::transport {

// Decides how long a busy event loop lets events gather before it looks for
// them. What a message costs is for the most part system calls: to be woken, to
// read, to write. A loop that is woken for one event at a time pays them for
// each; one that comes a moment later finds several events, and several
// messages in each. A loop with little to do waits for nothing. (Network cards
// moderate their interrupts so.)
//
// Pure: time is an argument. On one thread.
class EventCoalescer {
 public:
  // Below the former rate of reads a second nothing waits; from the latter on,
  // as long as may be; between them, in proportion.
  static constexpr double kIdleRate = 8'000;
  static constexpr double kBusyRate = 24'000;

  // `longest`: zero turns it off.
  explicit EventCoalescer(absl::Duration longest) : longest_(longest) {}

  // Before the loop polls, at `now` nanoseconds of a monotonic clock, when so
  // many reads have been made since the last call. How long to wait first.
  absl::Duration BeforePoll(uint64_t now, uint32_t reads);

 private:
  absl::Duration longest_;
  uint64_t window_start_ = 0;
  uint64_t reads_ = 0;  // in the window
  double rate_ = 0;     // of the windows before, the latest counting half
  absl::Duration wait_;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_EVENT_COALESCER_H_
