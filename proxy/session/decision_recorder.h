#ifndef PROXY_SESSION_DECISION_RECORDER_H_
#define PROXY_SESSION_DECISION_RECORDER_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "proxy/session/decision.h"
#include "proxy/session/decision_id.h"
#include "proxy/session/random.h"

namespace sluice::session {

// What the sessions of one event loop need to record decisions: names, a clock
// of microseconds, and the choice of messages. Not thread-safe.
//
// Messages that may pass are too many to be all recorded: each is with the
// probability `sample`, whatever comes before it. What that costs the others is
// a decrement.
class DecisionRecorder {
 public:
  // Both outlive the recorder. `sample` is from 0 to 1.
  DecisionRecorder(DecisionObserverInterface* observer, RandomInterface* random,
                   double sample, absl::Time (*now)() = absl::Now);
  DecisionRecorder(const DecisionRecorder&) = delete;
  DecisionRecorder& operator=(const DecisionRecorder&) = delete;

  // Whether the message at hand, which may pass, is to be recorded.
  bool TakesMessage() {
    if (--countdown_ != 0) return false;
    countdown_ = NextGap();
    return observer_.IsListening();
  }

  absl::Time Now() const { return now_(); }
  // Gives `decision` its time and its id, passes it on and returns the id.
  // Empty where nobody listens.
  DecisionId Record(Decision decision);

 private:
  // How many messages it is to the next that is recorded.
  uint64_t NextGap();
  std::array<uint8_t, DecisionId::kRandomSize> NextRandom();

  DecisionObserverInterface& observer_;
  RandomInterface& random_;
  const double sample_;
  absl::Time (*const now_)();
  uint64_t countdown_;
  // Drawn for many decisions at a time: each draw rekeys the generator.
  std::array<uint8_t, 64 * DecisionId::kRandomSize> random_bytes_;
  size_t random_bytes_left_ = 0;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_DECISION_RECORDER_H_
