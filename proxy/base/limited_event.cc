#include "proxy/base/limited_event.h"

#include <utility>

namespace sluice {

bool LimitedEvent::Take(absl::Time now, Logger& log) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!lines_.Take(now)) {
      ++untold_;
      ++suppressed_;
      return false;
    }
  }
  TellRest(log);
  return true;
}

void LimitedEvent::TellRest(Logger& log) {
  uint64_t lines = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    lines = std::exchange(untold_, 0);
  }
  if (lines == 0) return;
  log.Warning("lines_suppressed", {{"of", event_}, {"lines", lines}});
}

}  // namespace sluice
