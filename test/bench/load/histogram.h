#ifndef TEST_BENCH_LOAD_HISTOGRAM_H_
#define TEST_BENCH_LOAD_HISTOGRAM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace sluice::load {

// Durations in nanoseconds, counted in buckets that are at most 1/64 of their
// value wide. Fixed memory; adding is a few instructions.
class Histogram {
 public:
  // Negative durations count as 0.
  void Add(int64_t nanos);

  uint64_t count() const { return count_; }
  int64_t max() const { return max_; }

  // The smallest duration that a share of `q` (0 to 1) of all does not exceed,
  // off by less than a bucket. 0 when there are none.
  int64_t Quantile(double q) const;

  // {"p50":...,"p90":...,"p99":...,"p999":...,"max":...} in microseconds.
  std::string ToJson() const;

 private:
  // 64 buckets of width 1, then 64 for each further power of two.
  static constexpr int kBits = 6;
  static constexpr size_t kSteps = size_t{1} << kBits;
  static constexpr size_t kBuckets = (64 - kBits) * kSteps;

  static size_t BucketOf(uint64_t value);
  static uint64_t MiddleOf(size_t bucket);

  std::array<uint64_t, kBuckets> buckets_{};
  uint64_t count_ = 0;
  int64_t max_ = 0;
};

}  // namespace sluice::load

#endif  // TEST_BENCH_LOAD_HISTOGRAM_H_
