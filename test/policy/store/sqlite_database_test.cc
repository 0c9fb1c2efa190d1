#include "policy/store/sqlite_database.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "test/testing/test_certificates.h"

namespace sluice::policy {
namespace {

constexpr int32_t kId = 17;
constexpr const char* kMigrations[] = {
    "CREATE TABLE t (a); INSERT INTO t VALUES (1)",
    "ALTER TABLE t ADD COLUMN b; UPDATE t SET b = a + 1",
    "SELECT nonsense FROM nowhere"};

class SqliteDatabaseTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<SqliteDatabase>> Open(
      size_t version, const std::string& path) {
    return SqliteDatabase::Open(
        path, kId, absl::MakeConstSpan(kMigrations).subspan(0, version));
  }
  absl::StatusOr<std::unique_ptr<SqliteDatabase>> Open(size_t version) {
    return Open(version, absl::StrCat(dir_.path(), "/test.db"));
  }

  const sluice::testing::TempDir dir_;
};

TEST_F(SqliteDatabaseTest, MigratesFromEveryVersion) {
  for (size_t from = 0; from <= 2; ++from) {
    const std::string path = absl::StrCat(dir_.path(), "/", from, ".db");
    ASSERT_TRUE(Open(from, path).ok());
    const auto database = Open(2, path);
    ASSERT_TRUE(database.ok()) << database.status();
    SqliteStatement rows = (*database)->Prepare("SELECT a, b FROM t");
    const auto row = rows.Step();
    ASSERT_TRUE(row.ok() && *row);
    EXPECT_EQ(rows.Number(0), 1);
    EXPECT_EQ(rows.Number(1), 2);
    EXPECT_FALSE(*rows.Step());
  }
}

TEST_F(SqliteDatabaseTest, AFailedMigrationLeavesTheVersionBeforeIt) {
  EXPECT_FALSE(Open(3).ok());
  EXPECT_TRUE(Open(2).ok());
  EXPECT_FALSE(Open(1).ok());
}

TEST_F(SqliteDatabaseTest, BindsAndReadsEveryKindOfValue) {
  const auto database = Open(0);
  ASSERT_TRUE(database.ok());
  SqliteStatement statement =
      (*database)->Prepare("SELECT ?, ?, ?, ?, typeof(?2), typeof(?3)");
  const std::string bytes("\0\xff", 2);
  const auto row =
      statement.Bind(bytes).Bind("").Bind(int64_t{-5}).BindNull().Step();
  ASSERT_TRUE(row.ok() && *row);
  EXPECT_EQ(statement.Bytes(0), bytes);
  EXPECT_EQ(statement.Bytes(1), "");
  EXPECT_FALSE(statement.IsNull(1));
  EXPECT_EQ(statement.Number(2), -5);
  EXPECT_TRUE(statement.IsNull(3));
  EXPECT_EQ(statement.Bytes(4), "blob");
  EXPECT_EQ(statement.Bytes(5), "integer");
}

TEST_F(SqliteDatabaseTest, AWrongStatementFailsWhenItIsRun) {
  const auto database = Open(0);
  ASSERT_TRUE(database.ok());
  EXPECT_FALSE(
      (*database)->Prepare("SELECT nonsense").Bind(int64_t{1}).Run().ok());
  EXPECT_FALSE((*database)->Prepare("SELECT 1").Bind(int64_t{1}).Run().ok());
  EXPECT_FALSE((*database)->Execute("nonsense").ok());
}

TEST_F(SqliteDatabaseTest, WhatIsNotCommittedIsTakenBack) {
  const auto database = Open(1);
  ASSERT_TRUE(database.ok());
  for (const bool commit : {false, true}) {
    SqliteTransaction transaction(database->get());
    ASSERT_TRUE(transaction.status().ok());
    ASSERT_TRUE((*database)->Execute("INSERT INTO t VALUES (2)").ok());
    const bool committed = commit && transaction.Commit().ok();
    EXPECT_EQ(committed, commit);
  }
  SqliteStatement count = (*database)->Prepare("SELECT COUNT(*) FROM t");
  ASSERT_TRUE(count.Step().ok());
  EXPECT_EQ(count.Number(0), 2);
}

}  // namespace
}  // namespace sluice::policy
