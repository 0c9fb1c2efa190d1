#ifndef POLICY_STORE_CALL_DEADLINE_H_
#define POLICY_STORE_CALL_DEADLINE_H_

#include <chrono>

namespace sluice::policy {

// While it exists, what its thread asks of a store that is far away ends by
// `deadline`, all of it together: whoever waits for the sum waits no longer.
// An inner one cannot lengthen an outer one.
class CallDeadline {
 public:
  using Time = std::chrono::system_clock::time_point;

  explicit CallDeadline(Time deadline);
  ~CallDeadline();
  CallDeadline(const CallDeadline&) = delete;
  CallDeadline& operator=(const CallDeadline&) = delete;

  // That of the calling thread; Time::max() where it has none.
  static Time Current();

 private:
  const Time outer_;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_CALL_DEADLINE_H_
