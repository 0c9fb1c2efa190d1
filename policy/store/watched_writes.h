#ifndef POLICY_STORE_WATCHED_WRITES_H_
#define POLICY_STORE_WATCHED_WRITES_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policy/store/resource_store.h"

namespace sluice::policy {

// Another store, with somebody who hears what it does not write: for want of
// room, or as it is out of reach. What the caller is to blame for he does not
// hear. Thread-safe, where `on_failure` is; calls come from within Put() and
// Delete().
class WatchedWrites final : public ResourceStoreInterface {
 public:
  WatchedWrites(std::shared_ptr<ResourceStoreInterface> store,
                std::function<void(const absl::Status&)> on_failure)
      : store_(std::move(store)), on_failure_(std::move(on_failure)) {}

  const std::string& id() const override { return store_->id(); }
  absl::StatusOr<Resource> Put(Resource resource,
                               std::optional<int64_t> expected,
                               absl::Time now) override;
  absl::StatusOr<int64_t> Delete(absl::string_view collection,
                                 absl::string_view id,
                                 std::optional<int64_t> expected,
                                 absl::Time now) override;
  absl::StatusOr<std::optional<Resource>> Get(absl::string_view collection,
                                              absl::string_view id,
                                              absl::Time now) override {
    return store_->Get(collection, id, now);
  }
  absl::StatusOr<std::vector<Resource>> List(absl::string_view collection,
                                             absl::string_view after,
                                             size_t limit,
                                             absl::Time now) override {
    return store_->List(collection, after, limit, now);
  }
  void Follow(ResourceObserverInterface* observer) override {
    store_->Follow(observer);
  }

 private:
  void Watch(const absl::Status& status) const;

  const std::shared_ptr<ResourceStoreInterface> store_;
  const std::function<void(const absl::Status&)> on_failure_;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_WATCHED_WRITES_H_
