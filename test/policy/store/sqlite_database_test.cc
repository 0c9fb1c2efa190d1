#include "policy/store/sqlite_database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "test/testing/test_certificates.h"

namespace sluice::policy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

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

  absl::StatusOr<int64_t> Rows(const std::string& path) {
    const auto database = Open(1, path);
    if (!database.ok()) return database.status();
    SqliteStatement count = (*database)->Prepare("SELECT COUNT(*) FROM t");
    const auto row = count.Step();
    if (!row.ok()) return row.status();
    return count.Number(0);
  }

  void Copy(const std::string& from, const std::string& to) {
    std::ofstream(to, std::ios::binary)
        << std::ifstream(from, std::ios::binary).rdbuf();
  }
  int64_t SizeOf(const std::string& path) {
    struct stat info;
    return stat(path.c_str(), &info) == 0 ? info.st_size : -1;
  }

  const sluice::testing::TempDir dir_;
  const std::string path_ = absl::StrCat(dir_.path(), "/test.db");
  const std::string backup_ = absl::StrCat(dir_.path(), "/backup.db");
};

// Another program's connection.
class Onlooker {
 public:
  explicit Onlooker(const std::string& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &database_), SQLITE_OK);
  }
  ~Onlooker() { sqlite3_close(database_); }
  Onlooker(const Onlooker&) = delete;
  Onlooker& operator=(const Onlooker&) = delete;

  // Whether it went through.
  bool Execute(const std::string& script) {
    return sqlite3_exec(database_, script.c_str(), nullptr, nullptr, nullptr) ==
           SQLITE_OK;
  }

 private:
  sqlite3* database_ = nullptr;
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

TEST_F(SqliteDatabaseTest, SaysThatTheDirectoryIsMissing) {
  const std::string path = absl::StrCat(dir_.path(), "/none/test.db");
  EXPECT_THAT(std::string(Open(1, path).status().message()),
              AllOf(StartsWith(path), HasSubstr("No such file")));
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

TEST_F(SqliteDatabaseTest, ACopyThatIsMadeMeanwhileIsWhole) {
  const auto database = Open(1);
  ASSERT_TRUE(database.ok());
  ASSERT_TRUE((*database)->Execute("INSERT INTO t VALUES (2)").ok());
  ASSERT_TRUE(
      Onlooker(path_).Execute(absl::StrCat("VACUUM INTO '", backup_, "'")));
  EXPECT_EQ(*Rows(backup_), 2);
}

TEST_F(SqliteDatabaseTest, WhatWasMovedIsInTheFileItself) {
  const auto database = Open(1);
  ASSERT_TRUE(database.ok());
  Copy(path_, backup_);
  EXPECT_EQ(*Rows(backup_), 1) << "of a file that was just made";
  ASSERT_TRUE((*database)->Execute("INSERT INTO t VALUES (2)").ok());
  (*database)->Checkpoint();
  Copy(path_, backup_);
  EXPECT_EQ(*Rows(backup_), 2);
  EXPECT_EQ(SizeOf(path_ + "-wal"), 0);
}

TEST_F(SqliteDatabaseTest, WhoReadsKeepsNobodyFromWriting) {
  const auto database = Open(1);
  ASSERT_TRUE(database.ok());
  Onlooker reader(path_);
  ASSERT_TRUE(reader.Execute("BEGIN; SELECT * FROM t"));
  EXPECT_TRUE((*database)->Execute("INSERT INTO t VALUES (2)").ok());
  (*database)->Checkpoint();
  ASSERT_TRUE(reader.Execute("COMMIT"));
  EXPECT_TRUE((*database)->Execute("INSERT INTO t VALUES (3)").ok());
  (*database)->Checkpoint();
  EXPECT_EQ(SizeOf(path_ + "-wal"), 0);
}

TEST_F(SqliteDatabaseTest, IsOfOneProcessAtATime) {
  {
    const auto database = Open(1);
    ASSERT_TRUE(database.ok());
    EXPECT_EQ(Open(1).status().message(),
              absl::StrCat(path_, ": in use by another process"));
    EXPECT_TRUE(SqliteDatabase::Examine(path_, kId, 1).ok());
  }
  EXPECT_TRUE(Open(1).ok());
  // One that does not know of our lock.
  Onlooker writer(path_);
  ASSERT_TRUE(writer.Execute("BEGIN EXCLUSIVE"));
  EXPECT_EQ(Open(1).status().message(),
            absl::StrCat(path_, ": in use by another process"));
}

TEST_F(SqliteDatabaseTest, ABackupBesideAnothersLogIsRefused) {
  const std::string log = path_ + "-wal";
  {
    const auto database = Open(1);
    ASSERT_TRUE(database.ok());
    ASSERT_TRUE(
        Onlooker(path_).Execute(absl::StrCat("VACUUM INTO '", backup_, "'")));
    ASSERT_TRUE((*database)->Execute("INSERT INTO t VALUES (2)").ok());
    // As the service leaves it that is killed.
    Copy(log, log + ".left");
  }
  Copy(log + ".left", log);
  Copy(backup_, path_);
  for (const absl::Status& status :
       {Open(1).status(), SqliteDatabase::Examine(path_, kId, 1)}) {
    EXPECT_THAT(std::string(status.message()), StartsWith(path_ + ": "));
    EXPECT_THAT(std::string(status.message()), HasSubstr("remove " + log));
  }
  ASSERT_EQ(remove(log.c_str()), 0);
  EXPECT_EQ(*Rows(path_), 1);
}

// As where the service was once started as another user.
TEST_F(SqliteDatabaseTest, AJournalThatCannotBeWrittenIsNamed) {
  ASSERT_TRUE(Open(1).ok());
  for (const char* end : {"-wal", "-shm"}) {
    const std::string journal = path_ + end;
    ASSERT_EQ(mkdir(journal.c_str(), 0700), 0);
    for (const absl::Status& status :
         {SqliteDatabase::Examine(path_, kId, 1), Open(1).status()}) {
      EXPECT_THAT(std::string(status.message()),
                  StartsWith(absl::StrCat(path_, ": beside it, ", journal,
                                          " cannot be read and written: ")));
    }
    ASSERT_EQ(rmdir(journal.c_str()), 0);
  }
  EXPECT_TRUE(Open(1).ok());
}

TEST_F(SqliteDatabaseTest, AnotherProgramsDatabaseIsRefused) {
  const struct {
    const char* script;
    bool is_ours;
  } kCases[] = {
      {"CREATE TABLE t (a)", false},
      {"CREATE TABLE t (a); PRAGMA journal_mode = WAL", false},
      {"PRAGMA user_version = 1", false},
      {"PRAGMA application_id = 5", false},
      {"CREATE TABLE t (a); PRAGMA application_id = 17", true},
      // As good as new.
      {"", true},
      {"PRAGMA journal_mode = WAL", true},
      {"CREATE TABLE t (a); DROP TABLE t", true},
  };
  for (const auto& c : kCases) {
    remove(path_.c_str());
    ASSERT_TRUE(Onlooker(path_).Execute(c.script));
    for (const absl::Status& status :
         {SqliteDatabase::Examine(path_, kId, 0), Open(0).status()}) {
      EXPECT_EQ(status.message(),
                c.is_ours
                    ? ""
                    : absl::StrCat(path_, ": a database of another program"))
          << c.script;
    }
  }
  // As large as a schema gets.
  std::string script = "BEGIN;";
  for (int i = 0; i < 100; ++i) {
    absl::StrAppend(&script, "CREATE TABLE t", i, " (a);");
  }
  remove(path_.c_str());
  ASSERT_TRUE(Onlooker(path_).Execute(script + "COMMIT"));
  EXPECT_FALSE(SqliteDatabase::Examine(path_, kId, 0).ok());
}

TEST_F(SqliteDatabaseTest, ExaminingChangesNothing) {
  EXPECT_TRUE(SqliteDatabase::Examine(path_, kId, 1).ok());
  EXPECT_EQ(SizeOf(path_), -1);
  ASSERT_TRUE(Open(2).ok());
  EXPECT_TRUE(SqliteDatabase::Examine(path_, kId, 2).ok());
  EXPECT_EQ(SizeOf(path_ + "-wal"), -1);
  const struct {
    std::string path;
    int32_t application_id;
    size_t newest;
    std::string message;
  } kCases[] = {
      {path_, kId, 1, "written by a newer version"},
      {path_, kId + 1, 2, "a database of another program"},
      {dir_.Write("text", "text"), kId, 2, "not a database of SQLite"},
      {dir_.path(), kId, 2, "cannot be opened"},
      {dir_.path() + "/none/test.db", kId, 2, "cannot be written"},
  };
  for (const auto& c : kCases) {
    const absl::Status status =
        SqliteDatabase::Examine(c.path, c.application_id, c.newest);
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.message));
  }
}

}  // namespace
}  // namespace sluice::policy
