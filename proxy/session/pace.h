#ifndef PROXY_SESSION_PACE_H_
#define PROXY_SESSION_PACE_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"

namespace sluice::session {

// How often something may be: so many times at once, and from then on once an
// interval. Both are the same in each call.
class Pace {
 public:
  // Whether it may be once more.
  bool Take(int64_t burst, absl::Duration interval, absl::Time now) {
    const absl::Time from = std::max(taken_until_, now);
    if (from - now > (burst - 1) * interval) return false;
    taken_until_ = from + interval;
    return true;
  }

  // The clock was set.
  void OnClockSet(absl::Duration by) { taken_until_ += by; }

 private:
  absl::Time taken_until_ = absl::InfinitePast();
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_PACE_H_
