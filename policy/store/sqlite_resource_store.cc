#include "policy/store/sqlite_resource_store.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "policy/revocation/kept_after_end.h"
#include "policy/store/resource_rules.h"
#include "policy/store/sqlite_schema.h"
#include "policy/store/store_errors.h"

namespace sluice::policy {
namespace {

// The columns of a resource, in the order in which ToResource() reads them.
constexpr absl::string_view kSelect =
    "SELECT collection, id, value, expires_at, revision FROM resources";
constexpr absl::string_view kIsLive = "(expires_at IS NULL OR expires_at > ?)";

Resource ToResource(const SqliteStatement& row) {
  Resource resource;
  resource.collection = row.Bytes(0);
  resource.id = row.Bytes(1);
  resource.value = row.Bytes(2);
  if (!row.IsNull(3)) {
    resource.expires_at = absl::FromUnixMicros(row.Number(3));
  }
  resource.revision = row.Number(4);
  return resource;
}

// The only row's only number.
absl::StatusOr<int64_t> OneNumber(SqliteStatement* statement) {
  const absl::StatusOr<bool> row = statement->Step();
  if (!row.ok()) return row.status();
  if (!*row) return absl::DataLossError("a row is missing");
  return statement->Number(0);
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteResourceStore>>
SqliteResourceStore::Create(std::shared_ptr<SqliteDatabase> database,
                            const ResourceLimits& limits) {
  std::string id;
  {
    const std::lock_guard<std::mutex> lock(database->mutex());
    SqliteStatement statement = database->Prepare("SELECT id FROM history");
    const absl::StatusOr<bool> row = statement.Step();
    if (!row.ok()) return row.status();
    if (*row) id = statement.Bytes(0);
  }
  if (id.empty()) return absl::DataLossError("the database has no id");
  return std::unique_ptr<SqliteResourceStore>(
      new SqliteResourceStore(std::move(id), std::move(database), limits));
}

absl::StatusOr<Resource> SqliteResourceStore::Put(
    Resource resource, std::optional<int64_t> expected, absl::Time now) {
  absl::Status status = CheckNewResource(resource, limits_, now);
  if (!status.ok()) return status;
  const std::lock_guard<std::mutex> writing(writing_);
  {
    const std::lock_guard<std::mutex> lock(database_->mutex());
    SqliteTransaction transaction(database_.get());
    if (!transaction.status().ok()) return transaction.status();
    const absl::StatusOr<int64_t> revision = Write(resource, expected, now);
    if (!revision.ok()) return revision.status();
    status = transaction.Commit();
    if (!status.ok()) return status;
    database_->Checkpoint();
    resource.revision = *revision;
  }
  Tell(resource, /*deleted=*/false);
  return resource;
}

absl::StatusOr<int64_t> SqliteResourceStore::Write(
    const Resource& resource, std::optional<int64_t> expected, absl::Time now) {
  absl::Status status = RemoveEndedBy(now - kKeptAfterEnd);
  if (!status.ok()) return status;
  const absl::StatusOr<int64_t> present =
      RevisionOf(resource.collection, resource.id, now);
  if (!present.ok()) return present.status();
  status = CheckExpected(*present, expected);
  if (status.ok()) {
    status =
        database_
            ->Prepare("DELETE FROM resources WHERE collection = ? AND id = ?")
            .Bind(resource.collection)
            .Bind(resource.id)
            .Run();
  }
  if (status.ok()) status = CheckRoom(resource);
  if (absl::IsResourceExhausted(status)) {
    status = RemoveEndedBy(now);
    if (status.ok()) status = CheckRoom(resource);
  }
  if (!status.ok()) return status;
  const absl::StatusOr<int64_t> revision = NextRevision();
  if (!revision.ok()) return revision.status();
  status = Insert(resource, *revision);
  if (!status.ok()) return status;
  return revision;
}

absl::Status SqliteResourceStore::Insert(const Resource& resource,
                                         int64_t revision) {
  SqliteStatement insert = database_->Prepare(
      "INSERT INTO resources (collection, id, value, revision, bytes, "
      "expires_at) VALUES (?, ?, ?, ?, ?, ?)");
  insert.Bind(resource.collection)
      .Bind(resource.id)
      .Bind(resource.value)
      .Bind(revision)
      .Bind(static_cast<int64_t>(BytesOf(resource)));
  if (resource.expires_at == absl::InfiniteFuture()) {
    insert.BindNull();
  } else {
    insert.Bind(absl::ToUnixMicros(resource.expires_at));
  }
  return insert.Run();
}

absl::StatusOr<int64_t> SqliteResourceStore::Delete(
    absl::string_view collection, absl::string_view id,
    std::optional<int64_t> expected, absl::Time now) {
  absl::Status status = CheckResourceName(collection, id);
  if (!status.ok()) return status;
  Resource deleted;
  deleted.collection = std::string(collection);
  deleted.id = std::string(id);
  const std::lock_guard<std::mutex> writing(writing_);
  {
    const std::lock_guard<std::mutex> lock(database_->mutex());
    SqliteTransaction transaction(database_.get());
    if (!transaction.status().ok()) return transaction.status();
    const absl::StatusOr<int64_t> revision =
        Erase(collection, id, expected, now);
    if (!revision.ok()) return revision.status();
    status = transaction.Commit();
    if (!status.ok()) return status;
    database_->Checkpoint();
    deleted.revision = *revision;
  }
  const int64_t revision = deleted.revision;
  Tell(std::move(deleted), /*deleted=*/true);
  return revision;
}

absl::StatusOr<int64_t> SqliteResourceStore::Erase(
    absl::string_view collection, absl::string_view id,
    std::optional<int64_t> expected, absl::Time now) {
  absl::Status status = RemoveEndedBy(now - kKeptAfterEnd);
  if (!status.ok()) return status;
  const absl::StatusOr<int64_t> present = RevisionOf(collection, id, now);
  if (!present.ok()) return present.status();
  if (*present == 0) return NoSuchResourceError();
  status = CheckExpected(*present, expected);
  if (status.ok()) {
    status =
        database_
            ->Prepare("DELETE FROM resources WHERE collection = ? AND id = ?")
            .Bind(collection)
            .Bind(id)
            .Run();
  }
  if (!status.ok()) return status;
  return NextRevision();
}

absl::StatusOr<std::optional<Resource>> SqliteResourceStore::Get(
    absl::string_view collection, absl::string_view id, absl::Time now) {
  absl::Status status = CheckResourceName(collection, id);
  if (!status.ok()) return status;
  const std::lock_guard<std::mutex> lock(database_->mutex());
  SqliteStatement statement = database_->Prepare(
      absl::StrCat(kSelect, " WHERE collection = ? AND id = ? AND ", kIsLive));
  const absl::StatusOr<bool> row =
      statement.Bind(collection).Bind(id).Bind(absl::ToUnixMicros(now)).Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::nullopt;
  return ToResource(statement);
}

absl::StatusOr<std::vector<Resource>> SqliteResourceStore::List(
    absl::string_view collection, absl::string_view after, size_t limit,
    absl::Time now) {
  constexpr size_t kMaxLimit = std::numeric_limits<int32_t>::max();
  const std::lock_guard<std::mutex> lock(database_->mutex());
  SqliteStatement statement = database_->Prepare(
      absl::StrCat(kSelect, " WHERE collection = ? AND id > ? AND ", kIsLive,
                   " ORDER BY id LIMIT ?"));
  statement.Bind(collection)
      .Bind(after)
      .Bind(absl::ToUnixMicros(now))
      .Bind(static_cast<int64_t>(std::min(limit, kMaxLimit)));
  return statement.All(ToResource);
}

void SqliteResourceStore::Follow(ResourceObserverInterface* observer) {
  const std::lock_guard<std::mutex> writing(writing_);
  observer_ = observer;
  TellSnapshot();
}

absl::Status SqliteResourceStore::RemoveEndedBy(absl::Time time) {
  return database_->Prepare("DELETE FROM resources WHERE expires_at <= ?")
      .Bind(absl::ToUnixMicros(time))
      .Run();
}

absl::Status SqliteResourceStore::CheckRoom(const Resource& resource) {
  const absl::StatusOr<SqliteUsage> usage =
      UsageOf("resources", database_.get());
  if (!usage.ok()) return usage.status();
  if (usage->entries >= limits_.max_resources ||
      usage->bytes + BytesOf(resource) > limits_.max_bytes) {
    return StoreIsFullError();
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> SqliteResourceStore::RevisionOf(
    absl::string_view collection, absl::string_view id, absl::Time now) {
  SqliteStatement statement = database_->Prepare(absl::StrCat(
      "SELECT revision FROM resources WHERE collection = ? AND id = ? AND ",
      kIsLive));
  const absl::StatusOr<bool> row =
      statement.Bind(collection).Bind(id).Bind(absl::ToUnixMicros(now)).Step();
  if (!row.ok()) return row.status();
  return *row ? statement.Number(0) : 0;
}

absl::StatusOr<int64_t> SqliteResourceStore::NextRevision() {
  absl::Status status =
      database_->Prepare("UPDATE history SET revision = revision + 1").Run();
  if (!status.ok()) return status;
  SqliteStatement statement =
      database_->Prepare("SELECT revision FROM history");
  return OneNumber(&statement);
}

void SqliteResourceStore::Tell(Resource resource, bool deleted) {
  if (observer_ == nullptr) return;
  // The snapshot has what has just been written.
  if (observer_is_stale_) return TellSnapshot();
  std::vector<ResourceChange> changes(1);
  changes[0] = {std::move(resource), deleted};
  observer_->OnChanges(std::move(changes));
}

void SqliteResourceStore::TellSnapshot() {
  absl::StatusOr<std::vector<Resource>> resources;
  absl::StatusOr<int64_t> revision;
  {
    const std::lock_guard<std::mutex> lock(database_->mutex());
    SqliteStatement statement =
        database_->Prepare("SELECT revision FROM history");
    revision = OneNumber(&statement);
    resources = database_->Prepare(kSelect).All(ToResource);
  }
  if (resources.ok() && revision.ok()) {
    observer_is_stale_ = false;
    observer_->OnSnapshot(*revision, *std::move(resources));
  } else {
    const bool was_stale = std::exchange(observer_is_stale_, true);
    if (retry_ == nullptr) {
      retry_ = std::make_unique<WakeupThread>([this] { return Retry(); });
    } else if (!was_stale) {
      retry_->Wake();
    }
    observer_->OnStale(resources.ok() ? revision.status() : resources.status());
  }
}

absl::Duration SqliteResourceStore::Retry() {
  const std::lock_guard<std::mutex> writing(writing_);
  if (observer_is_stale_) TellSnapshot();
  return observer_is_stale_ ? kRetryInterval : absl::InfiniteDuration();
}

}  // namespace sluice::policy
