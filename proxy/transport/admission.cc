#include "proxy/transport/admission.h"

#include <algorithm>

namespace sluice::transport {
namespace {

// Addresses that are remembered; beyond, those that have been quiet are
// forgotten, and if none has, all: a flood from everywhere is not a client's.
constexpr size_t kMaxBuckets = 64 * 1024;

}  // namespace

Admission::Verdict Admission::Admit(const SocketAddress& client,
                                    absl::Time now) {
  if (limits_.connections_per_second > 0 && !TakeToken(client, now)) {
    return Verdict::kTooFast;
  }
  const uint64_t before = connections_.fetch_add(1, std::memory_order_relaxed);
  if (limits_.max_connections > 0 && before >= limits_.max_connections) {
    Release();
    return Verdict::kTooMany;
  }
  return Verdict::kAdmitted;
}

void Admission::Release() {
  if (connections_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    std::lock_guard<std::mutex> lock(mutex_);
    none_.notify_all();
  }
}

size_t Admission::addresses() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return buckets_.size();
}

bool Admission::WaitUntilNone(absl::Duration timeout) {
  std::unique_lock<std::mutex> lock(mutex_);
  return none_.wait_for(lock, absl::ToChronoMilliseconds(timeout),
                        [this] { return connections() == 0; });
}

bool Admission::TakeToken(const SocketAddress& client, absl::Time now) {
  const double size = std::max(limits_.connections_per_second, 1.0);
  std::string key = client.Host();
  std::lock_guard<std::mutex> lock(mutex_);
  if (buckets_.size() >= kMaxBuckets && buckets_.count(key) == 0) Forget(now);
  Bucket& bucket =
      buckets_.try_emplace(std::move(key), Bucket{size, now}).first->second;
  const double earned = absl::ToDoubleSeconds(now - bucket.filled_at) *
                        limits_.connections_per_second;
  bucket.tokens = std::min(size, bucket.tokens + std::max(earned, 0.0));
  bucket.filled_at = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

void Admission::Forget(absl::Time now) {
  const absl::Duration full =
      absl::Seconds(1 + 1 / limits_.connections_per_second);
  for (auto it = buckets_.begin(); it != buckets_.end();) {
    it =
        now - it->second.filled_at >= full ? buckets_.erase(it) : std::next(it);
  }
  if (buckets_.size() >= kMaxBuckets) buckets_.clear();
}

}  // namespace sluice::transport
