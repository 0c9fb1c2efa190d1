#ifndef POLICY_STORE_SQLITE_SCHEMA_H_
#define POLICY_STORE_SQLITE_SCHEMA_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/store/sqlite_database.h"

namespace sluice::policy {

// "Slui": tells our database files from other programs'.
inline constexpr int32_t kSqliteApplicationId = 0x536C7569;

// The scripts of SqliteDatabase::Open(). A released script never changes: a
// new schema is a new script at the end.
absl::Span<const char* const> SqliteMigrations();

// Opens or creates the file in which a policy service keeps all it remembers:
// the stores over SQLite share it. Fails as SqliteDatabase::Open() does.
absl::StatusOr<std::shared_ptr<SqliteDatabase>> OpenSqliteDatabase(
    const std::string& path);
// As SqliteDatabase::Examine().
absl::Status ExamineSqliteDatabase(const std::string& path);

// What the rows of a table count for against its limits.
struct SqliteUsage {
  size_t entries = 0;
  size_t bytes = 0;
};
// That of `table`. With the database's mutex held.
absl::StatusOr<SqliteUsage> UsageOf(absl::string_view table,
                                    SqliteDatabase* database);

}  // namespace sluice::policy

#endif  // POLICY_STORE_SQLITE_SCHEMA_H_
