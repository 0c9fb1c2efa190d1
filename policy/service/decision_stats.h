#ifndef POLICY_SERVICE_DECISION_STATS_H_
#define POLICY_SERVICE_DECISION_STATS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "proxy/base/histogram.h"

namespace sluice::policy {

// What proxies ask.
enum class DecisionKind { kAuthenticate, kStoreToken, kPreSharedKey, kCheck };
inline constexpr size_t kDecisionKinds = 4;

enum class DecisionResult {
  kGranted,
  kDenied,
  kContinued,  // more is wanted of the client first: a proof, or a nonce
  kError,      // nothing was decided
};
inline constexpr size_t kDecisionResults = 4;

// What was decided, and how long it took. Any thread writes or reads.
class DecisionStats {
 public:
  void Add(DecisionKind kind, DecisionResult result, absl::Duration took) {
    counts_[Index(kind)][static_cast<size_t>(result)].fetch_add(
        1, std::memory_order_relaxed);
    latencies_[Index(kind)].Observe(took);
  }

  uint64_t count(DecisionKind kind, DecisionResult result) const {
    return counts_[Index(kind)][static_cast<size_t>(result)].load(
        std::memory_order_relaxed);
  }
  const DurationHistogram& latency(DecisionKind kind) const {
    return latencies_[Index(kind)];
  }

 private:
  static constexpr size_t Index(DecisionKind kind) {
    return static_cast<size_t>(kind);
  }

  std::array<std::array<std::atomic<uint64_t>, kDecisionResults>,
             kDecisionKinds>
      counts_{};
  std::array<DurationHistogram, kDecisionKinds> latencies_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_DECISION_STATS_H_
