#include "test/bench/load/histogram.h"

#include <algorithm>
#include <cmath>

#include "test/bench/load/json_object.h"

namespace sluice::load {

void Histogram::Add(int64_t nanos) {
  nanos = std::max<int64_t>(nanos, 0);
  max_ = std::max(max_, nanos);
  ++count_;
  ++buckets_[BucketOf(static_cast<uint64_t>(nanos))];
}

int64_t Histogram::Quantile(double q) const {
  if (count_ == 0) return 0;
  const uint64_t rank = std::max<uint64_t>(
      1, static_cast<uint64_t>(std::ceil(q * static_cast<double>(count_))));
  uint64_t seen = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::min(static_cast<int64_t>(MiddleOf(i)), max_);
  }
  return max_;
}

std::string Histogram::ToJson() const {
  const auto micros = [](int64_t nanos) {
    return static_cast<double>(nanos) / 1e3;
  };
  JsonObject json;
  json.Number("p50", micros(Quantile(0.5)))
      .Number("p90", micros(Quantile(0.9)))
      .Number("p99", micros(Quantile(0.99)))
      .Number("p999", micros(Quantile(0.999)))
      .Number("max", micros(max_));
  return json.ToString();
}

size_t Histogram::BucketOf(uint64_t value) {
  if (value < kSteps) return static_cast<size_t>(value);
  // The highest bit chooses the group, the kBits bits below it the bucket.
  const int shift = 63 - __builtin_clzll(value) - kBits;
  return static_cast<size_t>(shift) * kSteps +
         static_cast<size_t>(value >> shift);
}

uint64_t Histogram::MiddleOf(size_t bucket) {
  if (bucket < 2 * kSteps) return bucket;
  const size_t shift = bucket / kSteps - 1;
  const uint64_t low = static_cast<uint64_t>(bucket - shift * kSteps) << shift;
  return low + ((uint64_t{1} << shift) >> 1);
}

}  // namespace sluice::load
