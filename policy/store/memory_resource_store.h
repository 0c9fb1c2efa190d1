#ifndef POLICY_STORE_MEMORY_RESOURCE_STORE_H_
#define POLICY_STORE_MEMORY_RESOURCE_STORE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/store/resource_store.h"

namespace sluice::policy {

// Keeps all in this process, under an id of its own. The observer is called
// within the call that changes something.
class MemoryResourceStore : public ResourceStoreInterface {
 public:
  MemoryResourceStore() : MemoryResourceStore(ResourceLimits()) {}
  explicit MemoryResourceStore(const ResourceLimits& limits);
  MemoryResourceStore(const MemoryResourceStore&) = delete;
  MemoryResourceStore& operator=(const MemoryResourceStore&) = delete;

  const std::string& id() const override { return id_; }
  absl::StatusOr<Resource> Put(Resource resource,
                               std::optional<int64_t> expected,
                               absl::Time now) override;
  absl::StatusOr<int64_t> Delete(absl::string_view collection,
                                 absl::string_view id,
                                 std::optional<int64_t> expected,
                                 absl::Time now) override;
  absl::StatusOr<std::optional<Resource>> Get(absl::string_view collection,
                                              absl::string_view id,
                                              absl::Time now) override;
  absl::StatusOr<std::vector<Resource>> List(absl::string_view collection,
                                             absl::string_view after,
                                             size_t limit,
                                             absl::Time now) override;
  void Follow(ResourceObserverInterface* observer) override;

 private:
  // Collection and id.
  using Name = std::pair<std::string, std::string>;
  using ByName = std::map<Name, Resource>;

  // All of these are called with the mutex held.
  // Whether it fits, in the place of what has its name.
  bool HasRoomFor(const Resource& resource) const;
  void RemoveEndedBy(absl::Time end);
  void Remove(ByName::iterator resource);
  void Tell(Resource resource, bool deleted);

  const ResourceLimits limits_;
  const std::string id_;
  std::mutex mutex_;
  ByName by_name_;
  std::set<std::pair<absl::Time, Name>> by_expiry_;  // of those that expire
  size_t bytes_ = 0;
  int64_t revision_;
  ResourceObserverInterface* observer_ = nullptr;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_MEMORY_RESOURCE_STORE_H_
