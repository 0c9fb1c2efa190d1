#ifndef PROXY_TRANSPORT_VISIT_PACE_H_
#define PROXY_TRANSPORT_VISIT_PACE_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace sluice::transport {

// How many of something are due in each turn. `now` is in nanoseconds, of a
// clock that is not set.
class VisitPace {
 public:
  // None.
  VisitPace() = default;
  // So many a turn, however long it is since the last. What is left over at the
  // end of a turn is not made up for in the next.
  static VisitPace EachTurn(size_t visits);
  // So many within `time` from now on, at even intervals, however long turns
  // are.
  static VisitPace Within(absl::Duration time, size_t visits, uint64_t now);

  void BeginTurn(uint64_t now);
  // Whether one more is due in this turn; it counts as done then.
  bool Take();

 private:
  // By turns.
  double each_turn_ = 0;
  // By time; 0: not by time.
  double each_nanosecond_ = 0;
  uint64_t started_at_ = 0;
  double taken_ = 0;

  double due_ = 0;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_VISIT_PACE_H_
