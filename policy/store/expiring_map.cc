#include "policy/store/expiring_map.h"

#include <utility>

#include "policy/revocation/kept_after_end.h"
#include "policy/store/store_errors.h"

namespace sluice::policy {
namespace {

// Hash node, expiry node and the allocator's share of them.
constexpr size_t kBookkeepingBytes = 256;

}  // namespace

const ExpiringMap::Entry* ExpiringMap::Find(absl::string_view key,
                                            absl::Time now) const {
  const Entry* const entry = entries_.Find(key);
  return entry == nullptr || entry->expires_at <= now ? nullptr : entry;
}

absl::Status ExpiringMap::Insert(absl::string_view key, Entry entry,
                                 absl::Time now) {
  entries_.Remove(key);  // not live
  entries_.RemoveExpired(now - kKeptAfterEnd);
  const size_t bytes = key.size() + entry.value.size() + kBookkeepingBytes;
  const auto has_room = [&] {
    return entries_.size() < max_entries_ &&
           entries_.bytes() + bytes <= max_bytes_;
  };
  if (!has_room()) entries_.RemoveExpired(now);
  if (!has_room()) return StoreIsFullError();
  entries_.Add(key, std::move(entry), bytes);
  return absl::OkStatus();
}

}  // namespace sluice::policy
