#include "policy/store/sqlite_fact_store.h"

#include <cstdint>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer

#include "absl/strings/str_cat.h"
#include "policy/revocation/kept_after_end.h"
#include "policy/store/sqlite_schema.h"
#include "policy/store/store_errors.h"

namespace sluice::policy {
namespace {

// Rows in table and index, with what SQLite keeps beside them.
constexpr size_t kBookkeepingBytes = 256;

}  // namespace

absl::StatusOr<std::optional<Fact>> SqliteFactStore::Find(FactKind kind,
                                                          absl::string_view key,
                                                          absl::Time now) {
  const std::lock_guard<std::mutex> lock(database_->mutex());
  return Lookup(kind, key, now);
}

absl::StatusOr<std::optional<Fact>> SqliteFactStore::Make(FactKind kind,
                                                          absl::string_view key,
                                                          const Fact& fact,
                                                          absl::Time now) {
  const std::lock_guard<std::mutex> lock(database_->mutex());
  // Nothing changes meanwhile: the file is this process's own.
  absl::StatusOr<std::optional<Fact>> found = Lookup(kind, key, now);
  if (!found.ok() || found->has_value()) return found;
  absl::Status added = Insert(kind, key, fact, now);
  if (!added.ok()) return added;
  return std::nullopt;
}

absl::StatusOr<bool> SqliteFactStore::Extend(FactKind kind,
                                             absl::string_view key,
                                             const Fact& fact, absl::Time now) {
  const std::lock_guard<std::mutex> lock(database_->mutex());
  const absl::StatusOr<std::optional<Fact>> found = Lookup(kind, key, now);
  if (!found.ok()) return found.status();
  if (!found->has_value() || (*found)->value != fact.value) return false;
  const int64_t expires_at = absl::ToUnixMicros(fact.expires_at);
  if (expires_at <= absl::ToUnixMicros((*found)->expires_at)) return true;
  absl::Status status =
      database_
          ->Prepare(absl::StrCat("UPDATE ", NameOf(kind),
                                 " SET expires_at = ? WHERE key = ?"))
          .Bind(expires_at)
          .Bind(key)
          .Run();
  if (!status.ok()) return status;
  return true;
}

absl::StatusOr<std::optional<Fact>> SqliteFactStore::Lookup(
    FactKind kind, absl::string_view key, absl::Time now) {
  SqliteStatement statement = database_->Prepare(
      absl::StrCat("SELECT value, expires_at FROM ", NameOf(kind),
                   " WHERE key = ? AND expires_at > ?"));
  const absl::StatusOr<bool> row =
      statement.Bind(key).Bind(absl::ToUnixMicros(now)).Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::nullopt;
  return Fact{statement.Bytes(0), absl::FromUnixMicros(statement.Number(1))};
}

absl::StatusOr<bool> SqliteFactStore::HasRoom(FactKind kind, size_t bytes) {
  const absl::StatusOr<SqliteUsage> usage =
      UsageOf(NameOf(kind), database_.get());
  if (!usage.ok()) return usage.status();
  return usage->entries < limits_.max_facts &&
         usage->bytes + bytes <= limits_.max_bytes;
}

absl::Status SqliteFactStore::Insert(FactKind kind, absl::string_view key,
                                     const Fact& fact, absl::Time now) {
  const size_t bytes = key.size() + fact.value.size() + kBookkeepingBytes;
  SqliteTransaction transaction(database_.get());
  if (!transaction.status().ok()) return transaction.status();
  absl::Status status =
      database_
          ->Prepare(absl::StrCat("DELETE FROM ", NameOf(kind),
                                 " WHERE expires_at <= ? OR key = ?"))
          .Bind(absl::ToUnixMicros(now - kKeptAfterEnd))
          .Bind(key)
          .Run();
  if (!status.ok()) return status;
  absl::StatusOr<bool> has_room = HasRoom(kind, bytes);
  if (has_room.ok() && !*has_room) {
    status = database_
                 ->Prepare(absl::StrCat("DELETE FROM ", NameOf(kind),
                                        " WHERE expires_at <= ?"))
                 .Bind(absl::ToUnixMicros(now))
                 .Run();
    if (!status.ok()) return status;
    has_room = HasRoom(kind, bytes);
  }
  if (!has_room.ok()) return has_room.status();
  if (!*has_room) return StoreIsFullError();
  status = database_
               ->Prepare(absl::StrCat("INSERT INTO ", NameOf(kind),
                                      " (key, value, expires_at, bytes) "
                                      "VALUES (?, ?, ?, ?)"))
               .Bind(key)
               .Bind(fact.value)
               .Bind(absl::ToUnixMicros(fact.expires_at))
               .Bind(static_cast<int64_t>(bytes))
               .Run();
  if (!status.ok()) return status;
  return transaction.Commit();
}

}  // namespace sluice::policy
