#ifndef POLICY_STORE_EXPIRING_MAP_H_
#define POLICY_STORE_EXPIRING_MAP_H_

#include <cstddef>
#include <map>
#include <string>

#include "absl/container/node_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sluice::policy {

// A bounded map whose entries go some time after they expire, and not before.
// Not thread-safe.
class ExpiringMap {
 public:
  ExpiringMap(size_t max_entries, size_t max_bytes)
      : max_entries_(max_entries), max_bytes_(max_bytes) {}
  ExpiringMap(const ExpiringMap&) = delete;
  ExpiringMap& operator=(const ExpiringMap&) = delete;

  struct Entry {
    std::string value;
    absl::Time expires_at;
  };

  // The live entry of `key`, null where there is none. Good until the next
  // change of the map.
  const Entry* Find(absl::string_view key, absl::Time now) const;

  // Adds an entry for `key`, which has no live one. kResourceExhausted where
  // live entries leave no room for it.
  absl::Status Insert(absl::string_view key, Entry entry, absl::Time now);

  // Lets the live entry of `key` expire at `expires_at`.
  void SetExpiry(absl::string_view key, absl::Time expires_at);

  // What is held, expired entries that no Insert() has cleared yet included.
  size_t entries() const { return by_key_.size(); }
  size_t bytes() const { return bytes_; }

 private:
  // Keys alias those of by_key_, whose nodes do not move.
  using ByExpiry = std::multimap<absl::Time, absl::string_view>;
  struct Node {
    Entry entry;
    size_t bytes;
    ByExpiry::iterator by_expiry;
  };

  void Remove(absl::string_view key);
  void RemoveExpired(absl::Time by);

  const size_t max_entries_;
  const size_t max_bytes_;
  absl::node_hash_map<std::string, Node> by_key_;
  ByExpiry by_expiry_;  // soonest first
  size_t bytes_ = 0;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_EXPIRING_MAP_H_
