#ifndef PROXY_BASE_LIMITED_EVENT_H_
#define PROXY_BASE_LIMITED_EVENT_H_

#include <atomic>
#include <cstdint>
#include <mutex>

#include "absl/time/time.h"
#include "proxy/base/line_limit.h"
#include "proxy/base/log.h"

namespace sluice {

// Decides which lines of one event are written, where anybody can cause it: at
// most LineLimit::kPerSecond a second. How many there would have been more, the
// next line tells, or the end:
//
//   lines_suppressed  warning  `of` which event, and how many `lines`
//
// Thread-safe.
class LimitedEvent {
 public:
  // `event` is a literal. What is left out is added to `suppressed`, which
  // outlives this.
  LimitedEvent(const char* event, std::atomic<uint64_t>* suppressed)
      : event_(event), suppressed_(*suppressed) {}
  LimitedEvent(const LimitedEvent&) = delete;
  LimitedEvent& operator=(const LimitedEvent&) = delete;

  // Whether there may be one more line; says to `log` how many there were not
  // before.
  bool Take(absl::Time now, Logger& log);

  // Says how many there were not, as nothing comes any more.
  void TellRest(Logger& log);

 private:
  const char* const event_;
  std::atomic<uint64_t>& suppressed_;
  std::mutex mutex_;
  LineLimit lines_;
  uint64_t untold_ = 0;
};

}  // namespace sluice

#endif  // PROXY_BASE_LIMITED_EVENT_H_
