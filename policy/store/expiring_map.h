#ifndef POLICY_STORE_EXPIRING_MAP_H_
#define POLICY_STORE_EXPIRING_MAP_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "proxy/base/map_by_expiry.h"

namespace sluice::policy {

// A bounded map whose entries go some time after they expire, and not before.
// Not thread-safe.
class ExpiringMap {
 public:
  ExpiringMap(size_t max_entries, size_t max_bytes)
      : max_entries_(max_entries), max_bytes_(max_bytes) {}
  ExpiringMap(const ExpiringMap&) = delete;
  ExpiringMap& operator=(const ExpiringMap&) = delete;

  using Entry = MapByExpiry<std::string>::Entry;

  // The live entry of `key`, null where there is none. Good until the next
  // change of the map.
  const Entry* Find(absl::string_view key, absl::Time now) const;

  // Adds an entry for `key`, which has no live one. kResourceExhausted where
  // live entries leave no room for it.
  absl::Status Insert(absl::string_view key, Entry entry, absl::Time now);

  // Lets the live entry of `key` expire at `expires_at`.
  void SetExpiry(absl::string_view key, absl::Time expires_at) {
    entries_.SetExpiry(key, expires_at);
  }

 private:
  const size_t max_entries_;
  const size_t max_bytes_;
  MapByExpiry<std::string> entries_;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_EXPIRING_MAP_H_
