#ifndef POLICY_STORE_RESOURCE_STORE_H_
#define POLICY_STORE_RESOURCE_STORE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sluice::policy {

// Something that operators manage: a revocation, a rule, ... The store knows
// its name and when it ends, and nothing of what it says.
struct Resource {
  // "revocations", "rules", ...; with `id`, its name. Both of 1 to 255 letters,
  // digits, '-', '_' and '.'.
  std::string collection;
  std::string id;
  std::string value;
  // From then on it is not there any more.
  absl::Time expires_at = absl::InfiniteFuture();
  // Of the store when this was written; the store sets it.
  int64_t revision = 0;

  // "collection/id".
  std::string name() const { return collection + "/" + id; }
};

// One write. `resource.revision` is the store's after it; of a deleted
// resource only name and revision are set.
struct ResourceChange {
  Resource resource;
  bool deleted = false;
};

// Follows a store. Calls come one after the other, from any thread, some within
// a call of the store; they must not call the store.
class ResourceObserverInterface {
 public:
  virtual ~ResourceObserverInterface() = default;

  // All that there is at `revision`, in place of what was told before.
  virtual void OnSnapshot(int64_t revision,
                          std::vector<Resource> resources) = 0;
  // What was written since, in order and without a gap. A resource that expires
  // is not a change.
  virtual void OnChanges(std::vector<ResourceChange> changes) = 0;
  // The store has come to that revision by what is no change: a resource that
  // was deleted after its end.
  virtual void OnRevision(int64_t revision) = 0;
  // What has been told may not be all from now on: the store cannot be reached;
  // again for each attempt that fails. OnSnapshot() or OnFresh() ends this.
  // kDataLoss: it will not be reached again, since there is another.
  virtual void OnStale(const absl::Status& reason) = 0;
  // What has been told is all that there is again.
  virtual void OnFresh() = 0;
};

// What a store holds at most.
struct ResourceLimits {
  size_t max_resources = 200'000;
  size_t max_value_bytes = 64 * 1024;
  size_t max_bytes = 128 << 20;
};

// The resources that operators manage, shared by whoever uses the same store,
// and kept as long as it is. Each write has a revision, higher than all before
// it. Thread-safe. Errors: kUnavailable where the store cannot be reached (the
// write may have been done or not), kResourceExhausted over its limits,
// kInvalidArgument for names it does not take, and for what has expired
// already.
class ResourceStoreInterface {
 public:
  virtual ~ResourceStoreInterface() = default;

  // Names the history that revisions count: two stores with one id have the
  // same resource at the same revision. Not empty; does not change.
  virtual const std::string& id() const = 0;

  // Writes `resource`, and returns it with its revision. It is durable when
  // this returns. With `expected`, only where that is the resource's revision
  // now, 0 meaning that there is none: else kAborted (kAlreadyExists for 0,
  // kNotFound where it is gone).
  virtual absl::StatusOr<Resource> Put(Resource resource,
                                       std::optional<int64_t> expected,
                                       absl::Time now) = 0;

  // Deletes the resource; kNotFound where there is none, kAborted where
  // `expected` is not its revision. Returns the store's revision.
  virtual absl::StatusOr<int64_t> Delete(absl::string_view collection,
                                         absl::string_view id,
                                         std::optional<int64_t> expected,
                                         absl::Time now) = 0;

  virtual absl::StatusOr<std::optional<Resource>> Get(
      absl::string_view collection, absl::string_view id, absl::Time now) = 0;

  // At most `limit` of the collection, in the order of their ids, from the
  // first after `after` on.
  virtual absl::StatusOr<std::vector<Resource>> List(
      absl::string_view collection, absl::string_view after, size_t limit,
      absl::Time now) = 0;

  // Tells `observer`, which outlives the store, what there is and what changes.
  // Once. A store within reach calls OnSnapshot() before this returns.
  virtual void Follow(ResourceObserverInterface* observer) = 0;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_RESOURCE_STORE_H_
