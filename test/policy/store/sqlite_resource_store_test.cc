// What is SQLite's own; resource_store_test.cc has what all stores do.
#include "policy/store/sqlite_resource_store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "policy/store/facts.h"
#include "policy/store/sqlite_fact_store.h"
#include "test/policy/store/resource_observer.h"
#include "test/policy/store/store_samples.h"
#include "test/policy/store/test_database.h"
#include "test/testing/test_certificates.h"

namespace sluice::policy {
namespace {

class SqliteResourceStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<SqliteResourceStore> Open(
      const ResourceLimits& limits = ResourceLimits()) {
    auto store = SqliteResourceStore::Create(OpenTestDatabase(path_), limits);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }

  // A child that writes resources called `first`, `first` + 1, ... and prints
  // "ID REVISION" when a write has returned, until it is killed. Sets the pipe
  // that it prints to.
  pid_t StartWriter(int first, FILE** output);

  const sluice::testing::TempDir dir_;
  const std::string path_ = absl::StrCat(dir_.path(), "/policy.db");
};

pid_t SqliteResourceStoreTest::StartWriter(int first, FILE** output) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  EXPECT_GE(child, 0);
  if (child != 0) {
    close(ends[1]);
    *output = fdopen(ends[0], "r");
    return child;
  }
  const std::unique_ptr<SqliteResourceStore> store = Open();
  for (int id = first; store != nullptr; ++id) {
    const auto put = store->Put(TestResource(absl::StrCat(id)), 0, kNow);
    if (!put.ok()) break;
    const std::string line = absl::StrCat(id, " ", put->revision, "\n");
    if (write(ends[1], line.data(), line.size()) < 0) break;
  }
  _exit(1);
}

TEST_F(SqliteResourceStoreTest, KeepsEverythingAcrossARestart) {
  ResourceObserver observer;
  std::string id;
  int64_t deleted = 0;
  {
    const auto store = Open();
    id = store->id();
    Resource ending = TestResource("a");
    ending.expires_at = kLater;
    ASSERT_TRUE(store->Put(ending, std::nullopt, kNow).ok());
    ASSERT_TRUE(store->Put(TestResource("b"), std::nullopt, kNow).ok());
    const auto revision = store->Delete("rules", "b", std::nullopt, kNow);
    ASSERT_TRUE(revision.ok());
    deleted = *revision;
  }
  const auto store = Open();
  EXPECT_EQ(store->id(), id);
  store->Follow(&observer);
  EXPECT_EQ(observer.revision(), deleted);
  EXPECT_EQ(observer.values().size(), 1u);
  const auto found = store->Get("rules", "a", kNow);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->value, "value");
  EXPECT_EQ((*found)->expires_at, kLater);
  const auto put = store->Put(TestResource("a"), (*found)->revision, kNow);
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_GT(put->revision, deleted);
}

TEST_F(SqliteResourceStoreTest, TwoFilesHaveTwoIds) {
  const std::string id = Open()->id();
  ASSERT_EQ(unlink(path_.c_str()), 0);
  EXPECT_NE(Open()->id(), id);
}

TEST_F(SqliteResourceStoreTest, KeepsToItsLimitsAcrossARestart) {
  ASSERT_TRUE(Open()->Put(TestResource("a"), std::nullopt, kNow).ok());
  ResourceLimits limits;
  limits.max_resources = 1;
  const auto store = Open(limits);
  EXPECT_EQ(store->Put(TestResource("b"), std::nullopt, kNow).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(store->Put(TestResource("a"), std::nullopt, kNow).ok());
}

TEST_F(SqliteResourceStoreTest, SharesTheFileWithTheFacts) {
  const std::shared_ptr<SqliteDatabase> database = OpenTestDatabase(path_);
  const Facts facts(std::make_shared<SqliteFactStore>(database));
  const auto resources = SqliteResourceStore::Create(database);
  ASSERT_TRUE(resources.ok()) << resources.status();
  ASSERT_TRUE(facts.UseProof("proof", kLater, kNow).ok());
  ASSERT_TRUE((*resources)->Put(TestResource("a"), std::nullopt, kNow).ok());
  const auto again = facts.UseProof("proof", kLater, kNow);
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(*again);
}

TEST_F(SqliteResourceStoreTest, AFailedWriteChangesNothingAndTellsNobody) {
  const std::shared_ptr<SqliteDatabase> database = OpenTestDatabase(path_);
  const auto store = SqliteResourceStore::Create(database);
  ASSERT_TRUE(store.ok()) << store.status();
  ResourceObserver observer;
  (*store)->Follow(&observer);
  ASSERT_TRUE(database
                  ->Execute("CREATE TEMP TRIGGER no BEFORE INSERT ON resources "
                            "BEGIN SELECT RAISE(ABORT, 'no'); END")
                  .ok());
  EXPECT_EQ(
      (*store)->Put(TestResource("a"), std::nullopt, kNow).status().code(),
      absl::StatusCode::kUnavailable);
  ASSERT_TRUE(database->Execute("DROP TRIGGER no").ok());
  ASSERT_TRUE((*store)->Put(TestResource("b"), std::nullopt, kNow).ok());
  EXPECT_EQ(observer.history(), std::vector<std::string>{"+rules/b=value"});
  EXPECT_EQ(observer.revision(), 1);
}

TEST_F(SqliteResourceStoreTest, ReadsAgainWhatCouldNotBeRead) {
  const std::shared_ptr<SqliteDatabase> database = OpenTestDatabase(path_);
  ResourceObserver observer;
  const auto store = SqliteResourceStore::Create(database);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE((*store)->Put(TestResource("a"), std::nullopt, kNow).ok());
  {
    const std::lock_guard<std::mutex> lock(database->mutex());
    ASSERT_TRUE(database->Execute("ALTER TABLE resources RENAME TO away").ok());
  }
  (*store)->Follow(&observer);
  observer.WaitUntilStale();
  EXPECT_EQ(observer.snapshots(), 0);
  {
    const std::lock_guard<std::mutex> lock(database->mutex());
    ASSERT_TRUE(database->Execute("ALTER TABLE away RENAME TO resources").ok());
  }
  observer.WaitUntilFresh();
  EXPECT_EQ(observer.values().size(), 1u);
}

// What was acknowledged is there, whenever the process is killed.
TEST_F(SqliteResourceStoreTest, SurvivesBeingKilledAtAnyMoment) {
  std::minstd_rand random(20240229);
  int acknowledged = 0;
  int next = 1;
  for (int round = 0; round < 12; ++round) {
    FILE* output = nullptr;
    const pid_t child = StartWriter(next, &output);
    const int kill_after = 1 + static_cast<int>(random() % 20);
    int id = 0;
    long long revision = 0;
    for (int i = 0; fscanf(output, "%d %lld", &id, &revision) == 2; ++i) {
      acknowledged = id;
      if (i + 1 == kill_after) {
        ASSERT_EQ(kill(child, SIGKILL), 0);
      }
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the writer failed";
    fclose(output);
    const auto store = Open();
    ResourceObserver observer;
    store->Follow(&observer);
    // All that was acknowledged, and at most one write more.
    const int present = static_cast<int>(observer.values().size());
    EXPECT_GE(present, acknowledged);
    EXPECT_LE(present, acknowledged + 1);
    for (int i = 1; i <= acknowledged; ++i) {
      ASSERT_EQ(observer.values().count(absl::StrCat("rules/", i)), 1u) << i;
    }
    EXPECT_EQ(observer.revision(), present);
    EXPECT_GE(observer.revision(), revision);
    next = present + 1;
  }
}

}  // namespace
}  // namespace sluice::policy
