#ifndef PROXY_TRANSPORT_ADDRESS_RATES_H_
#define PROXY_TRANSPORT_ADDRESS_RATES_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>

#include "absl/container/flat_hash_map.h"
#include "proxy/transport/socket_address.h"

namespace sluice::transport {

// How often clients of one address (see SocketAddress::Network()) do something:
// a token bucket each, which holds what it gets in a second, one at least. What
// is remembered is bounded, whoever comes, and so is what each call costs: for
// a new address one is forgotten that owes nothing, the one that has been quiet
// longest; only where all owe something, one of these. Any thread.
//
// Time is asked for under the lock, not of the callers: event loops know it to
// some milliseconds, each in its own way, and a bucket that is filled for the
// same milliseconds twice holds too much.
class AddressRates {
 public:
  // Nanoseconds of a monotonic clock.
  using Clock = uint64_t (*)();
  static uint64_t SystemClock();

  // `per_second` 0: no limit.
  explicit AddressRates(double per_second, Clock clock = SystemClock)
      : per_second_(per_second), clock_(clock) {}

  // Whether an address may once more, without taking anything.
  bool Has(const SocketAddress& client);
  // The same, and takes it.
  bool Take(const SocketAddress& client);
  // Takes what may not be there; what an address owes is bounded as well.
  void Charge(const SocketAddress& client);

  // Addresses that are remembered.
  size_t size() const;

 private:
  struct Bucket {
    uint64_t network;
    double tokens;
    uint64_t filled_at;  // by `clock_`
    bool owes;           // which of the lists below it is in
  };
  // In the order in which they were used last.
  using Buckets = std::list<Bucket>;

  double capacity() const { return per_second_ < 1 ? 1 : per_second_; }
  // What `bucket` holds at `now`.
  double TokensOf(const Bucket& bucket, uint64_t now) const;
  // The bucket of an address, filled; forgets another if need be.
  Buckets::iterator BucketOf(const SocketAddress& client);
  // Puts it, after its use, where it belongs.
  void Place(Buckets::iterator bucket);
  void ForgetOne(uint64_t now);

  const double per_second_;
  const Clock clock_;
  mutable std::mutex mutex_;
  Buckets owing_;
  Buckets others_;
  absl::flat_hash_map<uint64_t, Buckets::iterator> buckets_;  // by network
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_ADDRESS_RATES_H_
