#include "proxy/session/decision_recorder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

namespace sluice::session {

DecisionRecorder::DecisionRecorder(DecisionObserverInterface* observer,
                                   RandomInterface* random, double sample,
                                   absl::Time (*now)())
    : observer_(*observer),
      random_(*random),
      sample_(sample),
      now_(now),
      countdown_(NextGap()) {}

DecisionId DecisionRecorder::Record(Decision decision) {
  if (!observer_.IsListening()) return DecisionId();
  decision.time = now_();
  decision.id = DecisionId::Make(decision.time, NextRandom());
  observer_.OnDecision(decision);
  return decision.id;
}

std::array<uint8_t, DecisionId::kRandomSize> DecisionRecorder::NextRandom() {
  std::array<uint8_t, DecisionId::kRandomSize> random;
  if (random_bytes_left_ == 0) {
    random_.Fill(absl::MakeSpan(random_bytes_));
    random_bytes_left_ = random_bytes_.size();
  }
  random_bytes_left_ -= random.size();
  std::copy_n(random_bytes_.begin() + random_bytes_left_, random.size(),
              random.begin());
  return random;
}

// Between successes of independent trials, gaps have a geometric distribution;
// this is its inverse.
uint64_t DecisionRecorder::NextGap() {
  constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
  if (sample_ >= 1) return 1;
  if (sample_ <= 0) return kNever;
  std::array<uint8_t, sizeof(uint64_t)> bytes;
  random_.Fill(absl::MakeSpan(bytes));
  uint64_t bits;
  std::memcpy(&bits, bytes.data(), sizeof(bits));
  // In (0, 1].
  const double uniform = (static_cast<double>(bits >> 11) + 1) * 0x1p-53;
  const double gap = std::floor(std::log(uniform) / std::log1p(-sample_)) + 1;
  return gap < 0x1p63 ? static_cast<uint64_t>(gap) : kNever;
}

}  // namespace sluice::session
