#include "policy/store/memory_resource_store.h"

#include "absl/time/clock.h"
#include "policy/revocation/kept_after_end.h"
#include "policy/store/resource_rules.h"
#include "policy/store/store_errors.h"

namespace sluice::policy {

MemoryResourceStore::MemoryResourceStore(const ResourceLimits& limits)
    : limits_(limits),
      id_(NewStoreId()),
      // So that an etag of before a restart fits nothing.
      revision_(absl::ToUnixMicros(absl::Now())) {}

absl::StatusOr<Resource> MemoryResourceStore::Put(
    Resource resource, std::optional<int64_t> expected, absl::Time now) {
  absl::Status status = CheckNewResource(resource, limits_, now);
  if (!status.ok()) return status;
  const std::lock_guard<std::mutex> lock(mutex_);
  RemoveEndedBy(now - kKeptAfterEnd);
  const auto earlier = by_name_.find({resource.collection, resource.id});
  const bool exists =
      earlier != by_name_.end() && earlier->second.expires_at > now;
  status = CheckExpected(exists ? earlier->second.revision : 0, expected);
  if (!status.ok()) return status;
  if (!HasRoomFor(resource)) RemoveEndedBy(now);
  if (!HasRoomFor(resource)) return StoreIsFullError();
  const auto replaced = by_name_.find({resource.collection, resource.id});
  if (replaced != by_name_.end()) Remove(replaced);
  resource.revision = ++revision_;
  bytes_ += BytesOf(resource);
  Name name(resource.collection, resource.id);
  if (resource.expires_at != absl::InfiniteFuture()) {
    by_expiry_.emplace(resource.expires_at, name);
  }
  by_name_.emplace(std::move(name), resource);
  Tell(resource, /*deleted=*/false);
  return resource;
}

absl::StatusOr<int64_t> MemoryResourceStore::Delete(
    absl::string_view collection, absl::string_view id,
    std::optional<int64_t> expected, absl::Time now) {
  absl::Status status = CheckResourceName(collection, id);
  if (!status.ok()) return status;
  const std::lock_guard<std::mutex> lock(mutex_);
  RemoveEndedBy(now - kKeptAfterEnd);
  const auto found = by_name_.find({std::string(collection), std::string(id)});
  if (found == by_name_.end() || found->second.expires_at <= now) {
    return NoSuchResourceError();
  }
  status = CheckExpected(found->second.revision, expected);
  if (!status.ok()) return status;
  Resource deleted;
  deleted.collection = found->second.collection;
  deleted.id = found->second.id;
  deleted.revision = ++revision_;
  Remove(found);
  Tell(std::move(deleted), /*deleted=*/true);
  return revision_;
}

absl::StatusOr<std::optional<Resource>> MemoryResourceStore::Get(
    absl::string_view collection, absl::string_view id, absl::Time now) {
  absl::Status status = CheckResourceName(collection, id);
  if (!status.ok()) return status;
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = by_name_.find({std::string(collection), std::string(id)});
  if (found == by_name_.end() || found->second.expires_at <= now) {
    return std::nullopt;
  }
  return found->second;
}

absl::StatusOr<std::vector<Resource>> MemoryResourceStore::List(
    absl::string_view collection, absl::string_view after, size_t limit,
    absl::Time now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Resource> found;
  for (auto i =
           by_name_.upper_bound({std::string(collection), std::string(after)});
       i != by_name_.end() && i->first.first == collection; ++i) {
    if (found.size() >= limit) break;
    if (i->second.expires_at > now) found.push_back(i->second);
  }
  return found;
}

void MemoryResourceStore::Follow(ResourceObserverInterface* observer) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Resource> all;
  all.reserve(by_name_.size());
  for (const auto& [name, resource] : by_name_) all.push_back(resource);
  observer_ = observer;
  observer_->OnSnapshot(revision_, std::move(all));
}

bool MemoryResourceStore::HasRoomFor(const Resource& resource) const {
  const auto earlier = by_name_.find({resource.collection, resource.id});
  const bool exists = earlier != by_name_.end();
  const size_t freed = exists ? BytesOf(earlier->second) : 0;
  return (exists || by_name_.size() < limits_.max_resources) &&
         bytes_ - freed + BytesOf(resource) <= limits_.max_bytes;
}

void MemoryResourceStore::RemoveEndedBy(absl::Time end) {
  while (!by_expiry_.empty() && by_expiry_.begin()->first <= end) {
    Remove(by_name_.find(by_expiry_.begin()->second));
  }
}

void MemoryResourceStore::Remove(ByName::iterator resource) {
  bytes_ -= BytesOf(resource->second);
  by_expiry_.erase({resource->second.expires_at, resource->first});
  by_name_.erase(resource);
}

void MemoryResourceStore::Tell(Resource resource, bool deleted) {
  if (observer_ == nullptr) return;
  std::vector<ResourceChange> changes(1);
  changes[0] = {std::move(resource), deleted};
  observer_->OnChanges(std::move(changes));
}

}  // namespace sluice::policy
