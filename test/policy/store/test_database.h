#ifndef TEST_POLICY_STORE_TEST_DATABASE_H_
#define TEST_POLICY_STORE_TEST_DATABASE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "policy/store/sqlite_schema.h"

namespace sluice::policy {

// The database of the stores over SQLite in the file at `path`; where it cannot
// be opened, the test fails, and it is null.
inline std::shared_ptr<SqliteDatabase> OpenTestDatabase(
    const std::string& path) {
  absl::StatusOr<std::shared_ptr<SqliteDatabase>> opened =
      OpenSqliteDatabase(path);
  EXPECT_TRUE(opened.ok()) << opened.status();
  return opened.ok() ? *std::move(opened) : nullptr;
}

}  // namespace sluice::policy

#endif  // TEST_POLICY_STORE_TEST_DATABASE_H_
