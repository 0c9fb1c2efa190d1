#include "proxy/transport/address_rates.h"

#include <algorithm>

namespace sluice::transport {
namespace {

// Beyond, addresses whose buckets are full are forgotten, and if these are not
// many, all: a flood from everywhere is not a client's.
constexpr size_t kMaxBuckets = 64 * 1024;
// What an address may owe, in what it gets in a second.
constexpr double kMaxDebtSeconds = 10;

}  // namespace

bool AddressRates::Has(const SocketAddress& client, absl::Time now) {
  if (per_second_ <= 0) return true;
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = buckets_.find(client.Network());
  if (found == buckets_.end()) return true;
  Fill(&found->second, now);
  return found->second.tokens >= 1;
}

bool AddressRates::Take(const SocketAddress& client, absl::Time now) {
  if (per_second_ <= 0) return true;
  std::lock_guard<std::mutex> lock(mutex_);
  Bucket& bucket = BucketOf(client, now);
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

void AddressRates::Charge(const SocketAddress& client, absl::Time now) {
  if (per_second_ <= 0) return;
  std::lock_guard<std::mutex> lock(mutex_);
  Bucket& bucket = BucketOf(client, now);
  bucket.tokens = std::max(bucket.tokens - 1, -kMaxDebtSeconds * per_second_);
}

size_t AddressRates::size() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return buckets_.size();
}

double AddressRates::TokensOf(const Bucket& bucket, absl::Time now) const {
  const double earned =
      absl::ToDoubleSeconds(now - bucket.filled_at) * per_second_;
  return std::min(capacity(), bucket.tokens + std::max(earned, 0.0));
}

AddressRates::Bucket& AddressRates::BucketOf(const SocketAddress& client,
                                             absl::Time now) {
  const uint64_t network = client.Network();
  if (buckets_.size() >= kMaxBuckets && !buckets_.contains(network)) {
    Forget(now);
  }
  Bucket& bucket =
      buckets_.try_emplace(network, Bucket{capacity(), now}).first->second;
  Fill(&bucket, now);
  return bucket;
}

void AddressRates::Fill(Bucket* bucket, absl::Time now) const {
  bucket->tokens = TokensOf(*bucket, now);
  bucket->filled_at = now;
}

// Goes through all of them, so it has to make room for many.
void AddressRates::Forget(absl::Time now) {
  for (auto it = buckets_.begin(); it != buckets_.end();) {
    const auto current = it++;
    if (TokensOf(current->second, now) >= capacity()) buckets_.erase(current);
  }
  if (buckets_.size() > kMaxBuckets / 2) buckets_.clear();
}

}  // namespace sluice::transport
