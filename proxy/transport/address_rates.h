#ifndef PROXY_TRANSPORT_ADDRESS_RATES_H_
#define PROXY_TRANSPORT_ADDRESS_RATES_H_

#include <cstddef>
#include <cstdint>
#include <mutex>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "proxy/transport/socket_address.h"

namespace sluice::transport {

// How often clients of one address (see SocketAddress::Network()) do something:
// a token bucket each, which holds what it gets in a second, one at least. What
// is remembered is bounded, whoever comes. Any thread.
class AddressRates {
 public:
  // 0: no limit.
  explicit AddressRates(double per_second) : per_second_(per_second) {}

  // Whether an address may once more, without taking anything.
  bool Has(const SocketAddress& client, absl::Time now);
  // The same, and takes it.
  bool Take(const SocketAddress& client, absl::Time now);
  // Takes what may not be there; what an address owes is bounded as well.
  void Charge(const SocketAddress& client, absl::Time now);

  // Addresses that are remembered.
  size_t size() const;

 private:
  struct Bucket {
    double tokens;
    absl::Time filled_at;
  };

  double capacity() const { return per_second_ < 1 ? 1 : per_second_; }
  // What `bucket` holds at `now`; nothing more where the clock was set back
  // since it was filled.
  double TokensOf(const Bucket& bucket, absl::Time now) const;
  void Fill(Bucket* bucket, absl::Time now) const;
  // The bucket of an address, filled; forgets others if need be.
  Bucket& BucketOf(const SocketAddress& client, absl::Time now);
  void Forget(absl::Time now);

  const double per_second_;
  mutable std::mutex mutex_;
  absl::flat_hash_map<uint64_t, Bucket> buckets_;  // by network
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_ADDRESS_RATES_H_
