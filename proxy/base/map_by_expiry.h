#ifndef PROXY_BASE_MAP_BY_EXPIRY_H_
#define PROXY_BASE_MAP_BY_EXPIRY_H_

#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "absl/container/node_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sluice {

// Entries by key, and by when they expire, with the bytes that they are said to
// take. What is bounded, and what goes when, is its owner's to say. Not
// thread-safe.
template <typename Value>
class MapByExpiry {
 public:
  struct Entry {
    Value value;
    absl::Time expires_at;
  };

  MapByExpiry() = default;
  MapByExpiry(const MapByExpiry&) = delete;
  MapByExpiry& operator=(const MapByExpiry&) = delete;

  // Expired or not; null where there is none. Good until it is removed.
  const Entry* Find(absl::string_view key) const {
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? nullptr : &found->second.entry;
  }

  // Nothing where `key` has an entry.
  void Add(absl::string_view key, Entry entry, size_t bytes) {
    const absl::Time expires_at = entry.expires_at;
    const auto [added, is_new] =
        by_key_.try_emplace(key, Node{std::move(entry), bytes, {}});
    if (!is_new) return;
    added->second.by_expiry = by_expiry_.emplace(expires_at, added->first);
    bytes_ += bytes;
  }

  // These two do nothing where `key` has none.
  void SetExpiry(absl::string_view key, absl::Time expires_at) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    Node& node = found->second;
    node.entry.expires_at = expires_at;
    by_expiry_.erase(node.by_expiry);
    node.by_expiry = by_expiry_.emplace(expires_at, found->first);
  }
  void Remove(absl::string_view key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    bytes_ -= found->second.bytes;
    by_expiry_.erase(found->second.by_expiry);
    by_key_.erase(found);
  }

  // Those that have expired at `by`.
  void RemoveExpired(absl::Time by) {
    while (!by_expiry_.empty() && by_expiry_.begin()->first <= by) {
      RemoveFirst();
    }
  }
  // The one that expires first. There is one.
  void RemoveFirst() { Remove(by_expiry_.begin()->second); }

  size_t size() const { return by_key_.size(); }
  bool empty() const { return by_key_.empty(); }
  size_t bytes() const { return bytes_; }

 private:
  // Keys alias those of by_key_, whose nodes do not move.
  using ByExpiry = std::multimap<absl::Time, absl::string_view>;
  struct Node {
    Entry entry;
    size_t bytes;
    typename ByExpiry::iterator by_expiry;
  };

  absl::node_hash_map<std::string, Node> by_key_;
  ByExpiry by_expiry_;  // soonest first
  size_t bytes_ = 0;
};

}  // namespace sluice

#endif  // PROXY_BASE_MAP_BY_EXPIRY_H_
