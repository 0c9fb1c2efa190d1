#ifndef PROXY_TRANSPORT_YIELDING_CONNECTIONS_H_
#define PROXY_TRANSPORT_YIELDING_CONNECTIONS_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"

namespace sluice::transport {

// Connections of one loop of a kind that has to yield to others, those that are
// not let in yet or those without a token, and which of them goes where there
// are too many. Clients of one network (SocketAddress::Network()) get out of
// each other's way before they get into the way of others.
class YieldingConnections {
 public:
  // Ids grow.
  void Add(uint64_t id, uint64_t network, absl::Time now);
  // While it is `busy`, as the oldest of all it does not yield. Nothing if it
  // is not there.
  void SetBusy(uint64_t id, bool busy);
  // It does not yield any more, or has ended; nothing if it is not there.
  void Remove(uint64_t id);
  size_t size() const { return entries_.size(); }

  // Which one is to make room for a client of `network`: the oldest of the
  // network that has most, if that would still have more than `network` does,
  // or else the oldest of all that are not busy, if it is as old as `grace`.
  // Nothing: the client has to stay out.
  absl::optional<uint64_t> VictimFor(uint64_t network, absl::Time now,
                                     absl::Duration grace) const;
  // The same, for a client of a network that has none.
  absl::optional<uint64_t> Victim(absl::Time now, absl::Duration grace) const;

 private:
  struct Entry {
    uint64_t network;
    absl::Time since;
  };

  absl::optional<uint64_t> Choose(size_t own, absl::Time now,
                                  absl::Duration grace) const;
  // Keeps by_count_ up to date over a change of a network's ids.
  template <typename Change>
  void ChangeNetwork(uint64_t network, Change change);

  absl::flat_hash_map<uint64_t, Entry> entries_;
  absl::btree_set<uint64_t> ids_;  // but for busy ones; the oldest first
  absl::flat_hash_map<uint64_t, absl::btree_set<uint64_t>> by_network_;
  absl::btree_set<std::pair<size_t, uint64_t>> by_count_;  // count, network
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_YIELDING_CONNECTIONS_H_
