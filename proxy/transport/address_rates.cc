#include "proxy/transport/address_rates.h"

#include <uv.h>

#include <algorithm>

namespace sluice::transport {
namespace {

// Beyond, addresses whose buckets are full are forgotten, and if these are not
// many, all: a flood from everywhere is not a client's.
constexpr size_t kMaxBuckets = 64 * 1024;
// What an address may owe, in what it gets in a second.
constexpr double kMaxDebtSeconds = 10;

}  // namespace

uint64_t AddressRates::SystemClock() { return uv_hrtime(); }

bool AddressRates::Has(const SocketAddress& client) {
  if (per_second_ <= 0) return true;
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = buckets_.find(client.Network());
  return found == buckets_.end() || TokensOf(found->second, clock_()) >= 1;
}

bool AddressRates::Take(const SocketAddress& client) {
  if (per_second_ <= 0) return true;
  std::lock_guard<std::mutex> lock(mutex_);
  Bucket& bucket = BucketOf(client);
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

void AddressRates::Charge(const SocketAddress& client) {
  if (per_second_ <= 0) return;
  std::lock_guard<std::mutex> lock(mutex_);
  Bucket& bucket = BucketOf(client);
  bucket.tokens = std::max(bucket.tokens - 1, -kMaxDebtSeconds * per_second_);
}

size_t AddressRates::size() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return buckets_.size();
}

double AddressRates::TokensOf(const Bucket& bucket, uint64_t now) const {
  const double seconds = static_cast<double>(now - bucket.filled_at) * 1e-9;
  return std::min(capacity(), bucket.tokens + seconds * per_second_);
}

AddressRates::Bucket& AddressRates::BucketOf(const SocketAddress& client) {
  const uint64_t now = clock_();
  const uint64_t network = client.Network();
  if (buckets_.size() >= kMaxBuckets && !buckets_.contains(network)) {
    Forget(now);
  }
  Bucket& bucket =
      buckets_.try_emplace(network, Bucket{capacity(), now}).first->second;
  bucket = {TokensOf(bucket, now), now};
  return bucket;
}

// Goes through all of them, so it has to make room for many.
void AddressRates::Forget(uint64_t now) {
  for (auto it = buckets_.begin(); it != buckets_.end();) {
    const auto current = it++;
    if (TokensOf(current->second, now) >= capacity()) buckets_.erase(current);
  }
  if (buckets_.size() > kMaxBuckets / 2) buckets_.clear();
}

}  // namespace sluice::transport
