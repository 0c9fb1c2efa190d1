// What is SQLite's own; token_store_test.cc has what all stores do.
#include "policy/store/sqlite_token_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/store/facts.h"
#include "policy/store/sqlite_database.h"
#include "policy/store/sqlite_fact_store.h"
#include "policy/store/sqlite_schema.h"
#include "test/policy/store/store_samples.h"
#include "test/policy/store/test_database.h"
#include "test/testing/test_certificates.h"

namespace sluice::policy {
namespace {

using ::testing::HasSubstr;

class SqliteTokenStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<SqliteTokenStore> Open(const TokenLimits& limits = {}) {
    return std::make_unique<SqliteTokenStore>(OpenTestDatabase(path_), limits);
  }

  Facts OpenFacts(const FactLimits& limits = {}) {
    return Facts(
        std::make_shared<SqliteFactStore>(OpenTestDatabase(path_), limits));
  }

  // Why the file cannot be opened.
  std::string Problem() {
    const auto opened = OpenSqliteDatabase(path_);
    EXPECT_FALSE(opened.ok());
    return std::string(opened.status().message());
  }

  // Changes the file behind the store's back.
  void Execute(const char* sql) {
    const absl::Status status = OpenTestDatabase(path_)->Execute(sql);
    ASSERT_TRUE(status.ok()) << status;
  }

  std::string Contents() {
    std::ifstream file(path_, std::ios::binary);
    std::ostringstream contents;
    contents << file.rdbuf();
    return contents.str();
  }

  const sluice::testing::TempDir dir_;
  const std::string path_ = absl::StrCat(dir_.path(), "/policy.db");
};

TEST_F(SqliteTokenStoreTest, KeepsTokensAcrossARestart) {
  ASSERT_TRUE(
      Open()
          ->Put(TestRecord("key", "token", absl::Hours(1), "client"), kNow)
          .ok());
  const auto store = Open();
  const absl::Time now = kNow + absl::Minutes(1);
  const auto by_key = store->Find("key", now);
  ASSERT_TRUE(by_key.ok() && by_key->has_value());
  EXPECT_EQ((*by_key)->token, "token");
  EXPECT_EQ((*by_key)->expires_at, kLater);
  const auto by_client = store->FindByClientId("client", now);
  ASSERT_TRUE(by_client.ok() && by_client->has_value());
}

TEST_F(SqliteTokenStoreTest, KeepsFactsAcrossARestart) {
  {
    const Facts facts = OpenFacts();
    ASSERT_TRUE(facts.ClaimClientId({"id", "alice", kLater}, kNow).ok());
    ASSERT_TRUE(facts.FirstSeen("token", absl::InfiniteFuture(), kNow).ok());
    ASSERT_TRUE(facts.UseProof("proof", kLater, kNow).ok());
  }
  const Facts facts = OpenFacts();
  const absl::Time now = kNow + absl::Minutes(1);
  const auto claimed = facts.ClaimClientId({"id", "bob", kLater}, now);
  ASSERT_TRUE(claimed.ok());
  EXPECT_FALSE(*claimed);
  const auto seen = facts.FirstSeen("token", absl::InfiniteFuture(), now);
  ASSERT_TRUE(seen.ok());
  EXPECT_EQ(*seen, kNow);
  const auto used = facts.UseProof("proof", kLater, now);
  ASSERT_TRUE(used.ok());
  EXPECT_FALSE(*used);
}

// covers: ACE-TOK-4
TEST_F(SqliteTokenStoreTest, KeepsKeysAcrossARestart) {
  const TokenRecord record{"key", "token", kLater,   "",
                           "as",  "kid",   "secret", "alice"};
  ASSERT_TRUE(Open()->Put(record, kNow).ok());
  const auto found = Open()->FindByKid("as", "alice", "kid", kNow);
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().key, "secret");
}

// covers: ACE-TOK-4
TEST_F(SqliteTokenStoreTest, TakesOverAFileFromBeforeKeysWereKept) {
  {
    const auto first = SqliteDatabase::Open(path_, kSqliteApplicationId,
                                            SqliteMigrations().subspan(0, 1));
    ASSERT_TRUE(first.ok()) << first.status();
    ASSERT_TRUE(
        (*first)
            ->Prepare("INSERT INTO tokens "
                      "(binding, client_id, token, expires_at, bytes) "
                      "VALUES (CAST('key' AS BLOB), CAST('client' AS BLOB), "
                      "CAST('token' AS BLOB), ?, 300)")
            .Bind(absl::ToUnixMicros(kLater))
            .Run()
            .ok());
  }
  const auto store = Open();
  const auto found = store->FindByClientId("client", kNow);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->token, "token");
  EXPECT_EQ((*found)->issuer, "");
  EXPECT_EQ((*found)->kid, "");
  // The key comes in when its token is next used.
  const TokenRecord record{"key", "token", kLater,   "",
                           "as",  "kid",   "secret", "alice"};
  ASSERT_TRUE(store->Put(record, kNow).ok());
  const auto named = store->FindByKid("as", "alice", "kid", kNow);
  ASSERT_TRUE(named.ok()) << named.status();
  ASSERT_EQ(named->size(), 1u);
  EXPECT_EQ(named->front().client_id, "client");
}

// covers: ACE-TOK-7
TEST_F(SqliteTokenStoreTest, TakesOverAFileFromBeforeIatWasKept) {
  {
    const auto first = SqliteDatabase::Open(path_, kSqliteApplicationId,
                                            SqliteMigrations().subspan(0, 4));
    ASSERT_TRUE(first.ok()) << first.status();
    ASSERT_TRUE((*first)
                    ->Prepare("INSERT INTO tokens "
                              "(binding, token, expires_at, bytes, subject) "
                              "VALUES (CAST('key' AS BLOB), "
                              "CAST('token' AS BLOB), ?, 300, "
                              "CAST('alice' AS BLOB))")
                    .Bind(absl::ToUnixMicros(kLater))
                    .Run()
                    .ok());
  }
  {
    const auto store = Open();
    const auto found = store->Find("key", kNow);
    ASSERT_TRUE(found.ok() && found->has_value());
    EXPECT_FALSE((*found)->issued_at.has_value());
    TokenRecord newer{"key", "newer", kLater};
    newer.subject = "alice";
    newer.issued_at = kNow;
    ASSERT_TRUE(store->PutUnproven(newer, kNow).ok());
  }
  const auto found = Open()->Find("key", kNow);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->token, "newer");
  EXPECT_EQ((*found)->issued_at, kNow);
}

// covers: ACE-AUTH-3
TEST_F(SqliteTokenStoreTest, TakesOverAFileFromBeforeSymmetricKeysWereMarked) {
  {
    const auto first = SqliteDatabase::Open(path_, kSqliteApplicationId,
                                            SqliteMigrations().subspan(0, 5));
    ASSERT_TRUE(first.ok()) << first.status();
    const auto insert = [&](const char* binding, const char* key) {
      return (*first)
          ->Prepare(
              "INSERT INTO tokens (binding, token, expires_at, bytes, kid, "
              "key) VALUES (?, CAST('token' AS BLOB), ?, 300, "
              "CAST('kid' AS BLOB), ?)")
          .Bind(binding)
          .Bind(absl::ToUnixMicros(kLater))
          .Bind(key)
          .Run()
          .ok();
    };
    ASSERT_TRUE(insert("b", R"({"k":"AAAA","kty":"oct"})"));
    ASSERT_TRUE(
        insert("public", R"({"crv":"Ed25519","kty":"OKP","x":"AAAA"})"));
    ASSERT_TRUE(insert("a", R"({"k":"BBBB","kty":"oct"})"));
  }
  const auto store = Open();
  TokenRecord record{"0", "token", kLater, "", "as", "kid", "secret", "alice"};
  record.named_since = kNow;
  ASSERT_TRUE(store->Put(record, kNow).ok());
  const auto found = store->FindSymmetricByKid("kid", kNow);
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->size(), 3u);
  EXPECT_EQ((*found)[0].binding, "b");
  EXPECT_EQ((*found)[1].binding, "a");
  EXPECT_EQ((*found)[2].binding, "0");
}

TEST_F(SqliteTokenStoreTest, KeepsToItsLimitsAcrossARestart) {
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_TRUE(Open()->Put(TestRecord(name), kNow).ok());
    ASSERT_TRUE(OpenFacts().UseProof(name, kLater, kNow).ok());
  }
  FactLimits fact_limits;
  fact_limits.max_facts = 1;
  EXPECT_EQ(OpenFacts(fact_limits).UseProof("d", kLater, kNow).status().code(),
            absl::StatusCode::kResourceExhausted);
  TokenLimits limits;
  limits.max_tokens = 2;
  const auto store = Open(limits);
  ASSERT_TRUE(store->Put(TestRecord("d"), kNow).ok());
  const auto b = store->Find("b", kNow), c = store->Find("c", kNow);
  ASSERT_TRUE(b.ok() && c.ok());
  EXPECT_FALSE(b->has_value());
  EXPECT_TRUE(c->has_value());
}

TEST_F(SqliteTokenStoreTest, TheFilesAreForThisUserOnly) {
  const auto store = Open();
  ASSERT_TRUE(store->Put(TestRecord("key"), kNow).ok());
  for (const char* suffix : {"", "-wal"}) {
    EXPECT_EQ(sluice::testing::ModeOf(absl::StrCat(path_, suffix)), 0600u)
        << suffix;
  }
}

TEST_F(SqliteTokenStoreTest, TheFileIsOneProcessesOwn) {
  const auto store = Open();
  EXPECT_EQ(Problem(), absl::StrCat(path_, ": in use by another process"));
}

TEST_F(SqliteTokenStoreTest, RefusesAFileThatIsNoDatabase) {
  dir_.Write("policy.db", std::string(4096, 'x'));
  EXPECT_EQ(Problem(), absl::StrCat(path_, ": not a database of SQLite"));
}

TEST_F(SqliteTokenStoreTest, RefusesADamagedDatabase) {
  Open();
  const std::string whole = Contents();
  ASSERT_GT(whole.size(), 8192u);
  std::string damaged = whole;
  for (size_t i = 4096; i < 8192; ++i) damaged[i] = 'x';
  dir_.Write("policy.db", damaged);
  EXPECT_EQ(Problem(), absl::StrCat(path_, ": the database is damaged"));
  EXPECT_EQ(Contents(), damaged);
}

TEST_F(SqliteTokenStoreTest, RefusesANewerSchema) {
  Open();
  const std::vector<const char*> one_more(SqliteMigrations().size() + 1, "");
  ASSERT_TRUE(SqliteDatabase::Open(path_, kSqliteApplicationId, one_more).ok());
  EXPECT_THAT(Problem(), HasSubstr("newer version"));
}

TEST_F(SqliteTokenStoreTest, RefusesTheDatabaseOfAnotherProgram) {
  const char* const kTheirs[] = {"CREATE TABLE theirs (x)"};
  {
    const auto theirs = SqliteDatabase::Open(path_, 4711, kTheirs);
    ASSERT_TRUE(theirs.ok()) << theirs.status();
    ASSERT_TRUE((*theirs)->Execute("PRAGMA journal_mode = DELETE").ok());
  }
  const std::string before = Contents();
  EXPECT_EQ(Problem(), absl::StrCat(path_, ": a database of another program"));
  EXPECT_EQ(Contents(), before);
}

TEST_F(SqliteTokenStoreTest, AFailedChangeChangesNothing) {
  Open();
  Execute(
      "CREATE TRIGGER no BEFORE INSERT ON tokens BEGIN "
      "SELECT RAISE(ABORT, 'no'); END");
  const std::shared_ptr<SqliteDatabase> database = OpenTestDatabase(path_);
  EXPECT_EQ(SqliteTokenStore(database).Put(TestRecord("key"), kNow).code(),
            absl::StatusCode::kUnavailable);
  // The transaction is over, and others go on.
  const Facts facts(std::make_shared<SqliteFactStore>(database));
  EXPECT_TRUE(facts.UseProof("proof", kLater, kNow).ok());
}

}  // namespace
}  // namespace sluice::policy
