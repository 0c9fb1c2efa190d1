#include "policy/store/watched_writes.h"

namespace sluice::policy {

absl::StatusOr<Resource> WatchedWrites::Put(Resource resource,
                                            std::optional<int64_t> expected,
                                            absl::Time now) {
  absl::StatusOr<Resource> put =
      store_->Put(std::move(resource), expected, now);
  Watch(put.status());
  return put;
}

absl::StatusOr<int64_t> WatchedWrites::Delete(absl::string_view collection,
                                              absl::string_view id,
                                              std::optional<int64_t> expected,
                                              absl::Time now) {
  absl::StatusOr<int64_t> deleted =
      store_->Delete(collection, id, expected, now);
  Watch(deleted.status());
  return deleted;
}

void WatchedWrites::Watch(const absl::Status& status) const {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kDataLoss:
      on_failure_(status);
      return;
    default:
      return;
  }
}

}  // namespace sluice::policy
