#ifndef POLICY_STORE_SQLITE_SCHEMA_H_
#define POLICY_STORE_SQLITE_SCHEMA_H_

#include <cstdint>

#include "absl/types/span.h"

namespace sluice::policy {

// "Slui": tells our database files from other programs'.
inline constexpr int32_t kSqliteApplicationId = 0x536C7569;

// The scripts of SqliteDatabase::Open(). A released script never changes: a
// new schema is a new script at the end.
absl::Span<const char* const> SqliteMigrations();

}  // namespace sluice::policy

#endif  // POLICY_STORE_SQLITE_SCHEMA_H_
