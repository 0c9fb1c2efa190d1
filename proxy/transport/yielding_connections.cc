#include "proxy/transport/yielding_connections.h"

namespace sluice::transport {

template <typename Change>
void YieldingConnections::ChangeNetwork(uint64_t network, Change change) {
  absl::btree_set<uint64_t>& ids = by_network_[network];
  if (!ids.empty()) by_count_.erase({ids.size(), network});
  change(&ids);
  if (ids.empty()) {
    by_network_.erase(network);
  } else {
    by_count_.insert({ids.size(), network});
  }
}

void YieldingConnections::Add(uint64_t id, uint64_t network, absl::Time now) {
  entries_.emplace(id, Entry{network, now});
  ids_.insert(ids_.end(), id);
  ChangeNetwork(network, [id](auto* ids) { ids->insert(ids->end(), id); });
}

void YieldingConnections::SetBusy(uint64_t id, bool busy) {
  if (!entries_.contains(id)) return;
  if (busy) {
    ids_.erase(id);
  } else {
    ids_.insert(id);
  }
}

void YieldingConnections::Remove(uint64_t id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  ChangeNetwork(found->second.network, [id](auto* ids) { ids->erase(id); });
  ids_.erase(id);
  entries_.erase(found);
}

absl::optional<uint64_t> YieldingConnections::VictimFor(
    uint64_t network, absl::Time now, absl::Duration grace) const {
  const auto own = by_network_.find(network);
  return Choose(own == by_network_.end() ? 0 : own->second.size(), now, grace);
}

absl::optional<uint64_t> YieldingConnections::Victim(
    absl::Time now, absl::Duration grace) const {
  return Choose(0, now, grace);
}

absl::optional<uint64_t> YieldingConnections::Choose(
    size_t own, absl::Time now, absl::Duration grace) const {
  if (entries_.empty()) return absl::nullopt;
  const auto& [most, network] = *by_count_.rbegin();
  if (most > own + 1) return *by_network_.at(network).begin();
  if (ids_.empty()) return absl::nullopt;
  const uint64_t oldest = *ids_.begin();
  const absl::Duration age = now - entries_.at(oldest).since;
  // Where the clock was set back, it is not known.
  if (age >= absl::ZeroDuration() && age < grace) return absl::nullopt;
  return oldest;
}

}  // namespace sluice::transport
