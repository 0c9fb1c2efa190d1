#include "policy/store/etcd_key_counter.h"

#include <algorithm>

#include "policy/store/etcd_request.h"

namespace sluice::policy {
namespace {

// For so long what others write, and what expires, may go unnoticed.
constexpr auto kLifetime = std::chrono::seconds(3);

}  // namespace

absl::StatusOr<int64_t> EtcdKeyCounter::Get(EtcdClient::Deadline deadline) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (known_ && (counting_ || std::chrono::steady_clock::now() < next_)) {
      return keys_;
    }
    counting_ = true;
  }
  absl::StatusOr<int64_t> counted = Count(deadline);
  const std::lock_guard<std::mutex> lock(mutex_);
  counting_ = false;
  if (counted.ok() || !known_) return counted;
  next_ = std::chrono::steady_clock::now() + kLifetime;
  return keys_;
}

absl::StatusOr<int64_t> EtcdKeyCounter::Count(EtcdClient::Deadline deadline) {
  const absl::StatusOr<etcdserverpb::RangeResponse> counted =
      client_->Range(EtcdCount(prefix_), deadline);
  if (!counted.ok()) return counted.status();
  const std::lock_guard<std::mutex> lock(mutex_);
  known_ = true;
  keys_ = counted->count();
  next_ = std::chrono::steady_clock::now() + kLifetime;
  return keys_;
}

int64_t EtcdKeyCounter::Add(int64_t keys) {
  const std::lock_guard<std::mutex> lock(mutex_);
  keys_ = std::max(keys_ + keys, int64_t{0});
  return keys_;
}

}  // namespace sluice::policy
