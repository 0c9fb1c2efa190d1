#include "policy/store/expiring_map.h"

#include <utility>

#include "policy/revocation/kept_after_end.h"

namespace sluice::policy {
namespace {

// Hash node, expiry node and the allocator's share of them.
constexpr size_t kBookkeepingBytes = 256;

}  // namespace

const ExpiringMap::Entry* ExpiringMap::Find(absl::string_view key,
                                            absl::Time now) const {
  const auto found = by_key_.find(key);
  if (found == by_key_.end() || found->second.entry.expires_at <= now) {
    return nullptr;
  }
  return &found->second.entry;
}

absl::Status ExpiringMap::Insert(absl::string_view key, Entry entry,
                                 absl::Time now) {
  // It has no live one.
  if (by_key_.contains(key)) Remove(key);
  RemoveExpired(now - kKeptAfterEnd);
  const size_t bytes = key.size() + entry.value.size() + kBookkeepingBytes;
  const auto has_room = [&] {
    return by_key_.size() < max_entries_ && bytes_ + bytes <= max_bytes_;
  };
  if (!has_room()) RemoveExpired(now);
  if (!has_room()) return absl::ResourceExhaustedError("the store is full");
  const absl::Time expires_at = entry.expires_at;
  const auto added =
      by_key_.emplace(std::string(key), Node{std::move(entry), bytes, {}})
          .first;
  added->second.by_expiry = by_expiry_.emplace(expires_at, added->first);
  bytes_ += bytes;
  return absl::OkStatus();
}

void ExpiringMap::RemoveExpired(absl::Time by) {
  while (!by_expiry_.empty() && by_expiry_.begin()->first <= by) {
    Remove(by_expiry_.begin()->second);
  }
}

void ExpiringMap::SetExpiry(absl::string_view key, absl::Time expires_at) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  Node& node = found->second;
  node.entry.expires_at = expires_at;
  by_expiry_.erase(node.by_expiry);
  node.by_expiry = by_expiry_.emplace(expires_at, found->first);
}

void ExpiringMap::Remove(absl::string_view key) {
  const auto found = by_key_.find(key);
  bytes_ -= found->second.bytes;
  by_expiry_.erase(found->second.by_expiry);
  by_key_.erase(found);
}

}  // namespace sluice::policy
