#ifndef POLICY_STORE_SQLITE_RESOURCE_STORE_H_
#define POLICY_STORE_SQLITE_RESOURCE_STORE_H_

#include <cstdint>
#include <memory>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/store/resource_store.h"
#include "policy/store/sqlite_database.h"
#include "proxy/base/wakeup_thread.h"

namespace sluice::policy {

// Keeps the resources in a database file; id and revision are the file's. Times
// are kept to the microsecond, rounded down. The observer is called within the
// call that changes something. Who copies the file alone between two changes
// has all of them.
class SqliteResourceStore : public ResourceStoreInterface {
 public:
  static constexpr absl::Duration kRetryInterval = absl::Seconds(1);

  // Of a database of OpenSqliteDatabase(), where it can be read.
  static absl::StatusOr<std::unique_ptr<SqliteResourceStore>> Create(
      std::shared_ptr<SqliteDatabase> database,
      const ResourceLimits& limits = ResourceLimits());

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
  // Where the file cannot be read, the observer hears OnStale(), and what there
  // is with the next write that succeeds, or within kRetryInterval of when it
  // can be read again.
  void Follow(ResourceObserverInterface* observer) override;

 private:
  SqliteResourceStore(std::string id, std::shared_ptr<SqliteDatabase> database,
                      const ResourceLimits& limits)
      : limits_(limits), id_(std::move(id)), database_(std::move(database)) {}

  // These are called with the database's mutex held, the writing ones within a
  // transaction, whose revision they return.
  absl::StatusOr<int64_t> Write(const Resource& resource,
                                std::optional<int64_t> expected,
                                absl::Time now);
  absl::StatusOr<int64_t> Erase(absl::string_view collection,
                                absl::string_view id,
                                std::optional<int64_t> expected,
                                absl::Time now);
  absl::Status Insert(const Resource& resource, int64_t revision);
  // Removes what had ended by `time`.
  absl::Status RemoveEndedBy(absl::Time time);
  absl::Status CheckRoom(const Resource& resource);
  // 0 where there is none at `now`.
  absl::StatusOr<int64_t> RevisionOf(absl::string_view collection,
                                     absl::string_view id, absl::Time now);
  absl::StatusOr<int64_t> NextRevision();

  // These are called with `writing_` held.
  void Tell(Resource resource, bool deleted);
  void TellSnapshot();

  // Reads for an observer that is stale; returns when to look again.
  absl::Duration Retry();

  const ResourceLimits limits_;
  const std::string id_;
  std::mutex writing_;  // from before a change to after the observer knows
  const std::shared_ptr<SqliteDatabase> database_;
  ResourceObserverInterface* observer_ = nullptr;
  bool observer_is_stale_ = false;
  // From the first failure on. Last: uses all of the above.
  std::unique_ptr<WakeupThread> retry_;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_SQLITE_RESOURCE_STORE_H_
