#ifndef PROXY_BASE_HISTOGRAM_H_
#define PROXY_BASE_HISTOGRAM_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace sluice {

// How long something took, in fixed buckets as Prometheus counts them. Any
// thread may write or read; a reader sees each number whole, and numbers that
// may be a few observations apart.
class DurationHistogram {
 public:
  // Upper bounds in seconds, inclusive; a last bucket takes the rest.
  static constexpr std::array<double, 14> kBounds = {
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
      0.1,    0.25,  0.5,    1,     2.5,  5,     10};
  static constexpr size_t kBuckets = kBounds.size() + 1;

  void Observe(absl::Duration duration) {
    const double seconds = absl::ToDoubleSeconds(duration);
    size_t bucket = 0;
    while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
    buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
    microseconds_.fetch_add(
        static_cast<uint64_t>(absl::ToInt64Microseconds(duration)),
        std::memory_order_relaxed);
  }

  // Observations in one bucket, not cumulated.
  uint64_t count(size_t bucket) const {
    return buckets_[bucket].load(std::memory_order_relaxed);
  }
  double sum_seconds() const {
    return static_cast<double>(microseconds_.load(std::memory_order_relaxed)) *
           1e-6;
  }

 private:
  std::array<std::atomic<uint64_t>, kBuckets> buckets_{};
  std::atomic<uint64_t> microseconds_{0};
};

}  // namespace sluice

#endif  // PROXY_BASE_HISTOGRAM_H_
