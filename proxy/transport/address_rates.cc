#include "proxy/transport/address_rates.h"

#include <uv.h>

#include <algorithm>
#include <iterator>

namespace sluice::transport {
namespace {

// So many addresses are remembered.
constexpr size_t kMaxBuckets = 64 * 1024;
// What an address may owe, in what it gets in a second.
constexpr double kMaxDebtSeconds = 10;

}  // namespace

uint64_t AddressRates::SystemClock() { return uv_hrtime(); }

bool AddressRates::Has(const SocketAddress& client) {
  if (per_second_ <= 0) return true;
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = buckets_.find(client.Network());
  return found == buckets_.end() || TokensOf(*found->second, clock_()) >= 1;
}

bool AddressRates::Take(const SocketAddress& client) {
  if (per_second_ <= 0) return true;
  std::lock_guard<std::mutex> lock(mutex_);
  const Buckets::iterator bucket = BucketOf(client);
  const bool may = bucket->tokens >= 1;
  if (may) bucket->tokens -= 1;
  Place(bucket);
  return may;
}

void AddressRates::Charge(const SocketAddress& client) {
  if (per_second_ <= 0) return;
  std::lock_guard<std::mutex> lock(mutex_);
  const Buckets::iterator bucket = BucketOf(client);
  bucket->tokens = std::max(bucket->tokens - 1, -kMaxDebtSeconds * per_second_);
  Place(bucket);
}

size_t AddressRates::size() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return buckets_.size();
}

double AddressRates::TokensOf(const Bucket& bucket, uint64_t now) const {
  const double seconds = static_cast<double>(now - bucket.filled_at) * 1e-9;
  return std::min(capacity(), bucket.tokens + seconds * per_second_);
}

AddressRates::Buckets::iterator AddressRates::BucketOf(
    const SocketAddress& client) {
  const uint64_t now = clock_();
  const uint64_t network = client.Network();
  const auto found = buckets_.find(network);
  if (found != buckets_.end()) {
    Bucket& bucket = *found->second;
    bucket.tokens = TokensOf(bucket, now);
    bucket.filled_at = now;
    return found->second;
  }
  if (buckets_.size() >= kMaxBuckets) ForgetOne(now);
  others_.push_back({network, capacity(), now, /*owes=*/false});
  return buckets_.emplace(network, std::prev(others_.end())).first->second;
}

void AddressRates::Place(Buckets::iterator bucket) {
  Buckets& from = bucket->owes ? owing_ : others_;
  bucket->owes = bucket->tokens < 0;
  Buckets& to = bucket->owes ? owing_ : others_;
  to.splice(to.end(), from, bucket);
}

void AddressRates::ForgetOne(uint64_t now) {
  // Debts are paid back by themselves: the oldest may be none any more.
  const bool from_owing =
      others_.empty() ||
      (!owing_.empty() && TokensOf(owing_.front(), now) >= 0);
  Buckets& buckets = from_owing ? owing_ : others_;
  buckets_.erase(buckets.front().network);
  buckets.pop_front();
}

}  // namespace sluice::transport
