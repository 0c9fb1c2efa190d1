#include "proxy/transport/event_coalescer.h"

#include <algorithm>

namespace sluice::transport {
namespace {

// Nanoseconds. A window lasts at least the former; after the latter without a
// poll, what was before says nothing any more.
constexpr uint64_t kWindow = 2'000'000;
constexpr uint64_t kForget = 20'000'000;

// A shorter sleep is not worth its system call.
constexpr absl::Duration kShortest = absl::Microseconds(50);

}  // namespace

absl::Duration EventCoalescer::BeforePoll(uint64_t now, uint32_t reads) {
  reads_ += reads;
  const uint64_t elapsed = now - window_start_;
  if (elapsed < kWindow) return wait_;
  const double rate =
      static_cast<double>(reads_) * 1e9 / static_cast<double>(elapsed);
  rate_ = elapsed > kForget ? rate : (rate_ + rate) / 2;
  window_start_ = now;
  reads_ = 0;
  const double share = (rate_ - kIdleRate) / (kBusyRate - kIdleRate);
  wait_ = longest_ * std::clamp(share, 0.0, 1.0);
  if (wait_ < kShortest) wait_ = absl::ZeroDuration();
  return wait_;
}

}  // namespace sluice::transport
