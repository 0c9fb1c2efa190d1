#include "policy/store/memory_fact_store.h"

#include <algorithm>

#include "absl/status/status.h"

namespace sluice::policy {

MemoryFactStore::MemoryFactStore(const FactLimits& limits)
    : facts_{{{limits.max_facts, limits.max_bytes},
              {limits.max_facts, limits.max_bytes},
              {limits.max_facts, limits.max_bytes}}} {}

absl::StatusOr<std::optional<Fact>> MemoryFactStore::Find(FactKind kind,
                                                          absl::string_view key,
                                                          absl::Time now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const ExpiringMap::Entry* const found = Of(kind).Find(key, now);
  if (found == nullptr) return std::nullopt;
  return Fact{found->value, found->expires_at};
}

absl::StatusOr<std::optional<Fact>> MemoryFactStore::Make(FactKind kind,
                                                          absl::string_view key,
                                                          const Fact& fact,
                                                          absl::Time now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const ExpiringMap::Entry* const found = Of(kind).Find(key, now);
  if (found != nullptr) return Fact{found->value, found->expires_at};
  absl::Status added = Of(kind).Insert(key, {fact.value, fact.expires_at}, now);
  if (!added.ok()) return added;
  return std::nullopt;
}

absl::StatusOr<bool> MemoryFactStore::Extend(FactKind kind,
                                             absl::string_view key,
                                             const Fact& fact, absl::Time now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const ExpiringMap::Entry* const found = Of(kind).Find(key, now);
  if (found == nullptr || found->value != fact.value) return false;
  Of(kind).SetExpiry(key, std::max(found->expires_at, fact.expires_at));
  return true;
}

}  // namespace sluice::policy
