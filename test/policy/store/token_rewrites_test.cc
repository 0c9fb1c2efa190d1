// How often, and by whom, a record that is there can be written again: what
// every store does.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "policy/store/token_store.h"
#include "policy/store/write_pace.h"
#include "test/policy/store/store_kind.h"
#include "test/policy/store/store_samples.h"
#include "test/policy/store/token_stores.h"
#include "test/testing/test_certificates.h"

namespace sluice::policy {
namespace {

class TokenRewritesTest : public ::testing::TestWithParam<Kind> {
 protected:
  static TokenRecord Of(const std::string& client_id,
                        const std::string& token = "token") {
    TokenRecord record = TestRecord("key", token, absl::Hours(1), client_id);
    record.subject = "alice";
    return record;
  }

  absl::StatusCode Put(const TokenRecord& record, absl::Time now = kNow) {
    return store_->Put(record, now).code();
  }

  TokenRecord Find(absl::Time now = kNow) {
    const auto found = store_->Find("key", now);
    EXPECT_TRUE(found.ok() && found->has_value()) << found.status();
    return found.ok() && found->has_value() ? **found : TokenRecord();
  }

  bool IsKnown(const std::string& client_id, absl::Time now = kNow) {
    const auto found = store_->FindByClientId(client_id, now);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() && found->has_value();
  }

  const sluice::testing::TempDir dir_;
  const std::unique_ptr<TokenStoreInterface> store_ =
      NewTokenStore(GetParam(), absl::StrCat(dir_.path(), "/tokens.db"));
};

// covers: ACE-POP-5, ACE-AZI-3
TEST_P(TokenRewritesTest, ATokenChangesItsClientIdAtAPace) {
  EXPECT_EQ(Put(Of("first")), absl::StatusCode::kOk);
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(Put(Of(absl::StrCat(i))), absl::StatusCode::kOk);
  }
  const std::string last = absl::StrCat(WritePace::kAtOnce - 1);
  EXPECT_EQ(Find().client_id, last);
  EXPECT_TRUE(IsKnown(last));
  EXPECT_FALSE(IsKnown("29"));
  // Another key has a pace of its own, and may take the identifier.
  EXPECT_TRUE(
      store_->Put(TestRecord("another", "token", absl::Hours(1), last), kNow)
          .ok());
  EXPECT_EQ(Find().client_id, "");
  EXPECT_EQ(Put(Of(last)), absl::StatusCode::kOk);
  EXPECT_EQ(Find().client_id, "");
  const absl::Time later = kNow + WritePace::kInterval;
  EXPECT_EQ(Put(Of("a"), later), absl::StatusCode::kOk);
  EXPECT_EQ(Put(Of("b"), later), absl::StatusCode::kOk);
  EXPECT_EQ(Find().client_id, "a");
}

// covers: ACE-TOK-7, ACE-AZI-3
TEST_P(TokenRewritesTest, TokensThatAreProvenInTurnAreKeptAtAPace) {
  const auto issued = [](int age, const std::string& client_id = "client") {
    TokenRecord record = Of(client_id, absl::StrCat("token ", age));
    record.issued_at = kNow - absl::Seconds(age);
    return record;
  };
  EXPECT_EQ(Put(issued(1)), absl::StatusCode::kOk);
  for (int i = 0; i < WritePace::kAtOnce; ++i) {
    EXPECT_EQ(Put(issued(2)), absl::StatusCode::kOk);
    EXPECT_EQ(Find().token, "token 2");
    EXPECT_EQ(Put(issued(1)), absl::StatusCode::kOk);
    EXPECT_EQ(Find().token, "token 1");
  }
  EXPECT_EQ(Put(issued(2)), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Find().token, "token 1");
  // A newer one always takes its place, under the identifier that there is.
  EXPECT_EQ(Put(issued(0, "another")), absl::StatusCode::kOk);
  EXPECT_EQ(Find().token, "token 0");
  EXPECT_EQ(Find().client_id, "client");
}

// covers: ACE-TOK-7, ACE-AZI-3
TEST_P(TokenRewritesTest, TokensThatAreLongerLivedInTurnAreKeptAtAPace) {
  // As of an authorization server that says of each only that it counts now.
  const auto until = [](int minutes) {
    TokenRecord record = Of("client", absl::StrCat("token ", minutes % 2));
    record.expires_at += absl::Minutes(minutes);
    return record;
  };
  EXPECT_EQ(Put(until(0)), absl::StatusCode::kOk);
  for (int i = 1; i <= WritePace::kAtOnce; ++i) {
    EXPECT_EQ(
        i % 3 == 0 ? Put(until(i)) : store_->PutUnproven(until(i), kNow).code(),
        absl::StatusCode::kOk);
  }
  for (int i = 100; i < 104; ++i) {
    EXPECT_EQ(Put(until(i)), i % 2 == 0 ? absl::StatusCode::kOk
                                        : absl::StatusCode::kAlreadyExists);
  }
  EXPECT_EQ(store_->PutUnproven(until(101), kNow).code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Find().token, "token 0");
}

TEST_P(TokenRewritesTest, WhoMayNotReplaceATokenUsesUpNobodysTurns) {
  EXPECT_EQ(Put(Of("client")), absl::StatusCode::kOk);
  TokenRecord mallorys = Of("", "another");
  mallorys.subject = "mallory";
  for (int i = 0; i < 30; ++i) {
    EXPECT_EQ(store_->PutUnproven(mallorys, kNow).code(),
              absl::StatusCode::kAlreadyExists);
  }
  EXPECT_EQ(Put(Of("new")), absl::StatusCode::kOk);
  EXPECT_EQ(Find().client_id, "new");
}

// covers: ACE-POP-5
TEST_P(TokenRewritesTest, WithoutAProofARecordKeepsItsClientId) {
  EXPECT_EQ(Put(Of("proven")), absl::StatusCode::kOk);
  EXPECT_TRUE(store_->PutUnproven(Of("another"), kNow).ok());
  EXPECT_EQ(Find().client_id, "proven");
  TokenRecord newer = Of("another", "newer");
  newer.expires_at += absl::Minutes(1);
  EXPECT_TRUE(store_->PutUnproven(newer, kNow).ok());
  EXPECT_EQ(Find().token, "newer");
  EXPECT_EQ(Find().client_id, "proven");
  EXPECT_FALSE(IsKnown("another"));
  // One that has lost its own may get another.
  EXPECT_TRUE(
      store_
          ->Put(TestRecord("other key", "token", absl::Hours(1), "proven"),
                kNow)
          .ok());
  EXPECT_TRUE(store_->PutUnproven(newer, kNow).ok());
  EXPECT_EQ(Find().client_id, "another");
}

TEST_P(TokenRewritesTest, TheSameTokenIsKeptLongerWhenHalfOfTheTimeIsOver) {
  const auto until = [](absl::Time time) {
    TokenRecord record = Of("client");
    record.expires_at = time;
    return record;
  };
  const absl::Duration kLife = absl::Hours(2);
  EXPECT_EQ(Put(until(kNow + kLife)), absl::StatusCode::kOk);
  absl::Time now = kNow + kLife / 2;
  EXPECT_EQ(Put(until(now + kLife), now), absl::StatusCode::kOk);
  EXPECT_EQ(Find(now).expires_at, kNow + kLife);
  now += absl::Seconds(1);
  EXPECT_EQ(Put(until(now + kLife), now), absl::StatusCode::kOk);
  EXPECT_EQ(Find(now).expires_at, now + kLife);
  // One that ends earlier than was known does.
  EXPECT_EQ(Put(until(now + absl::Minutes(1)), now), absl::StatusCode::kOk);
  EXPECT_EQ(Find(now).expires_at, now + absl::Minutes(1));
}

// Whenever it was issued.
// covers: ACE-TOK-5, ACE-TOK-7
TEST_P(TokenRewritesTest, WhatIsRestoredTakesNoOthersPlace) {
  TokenRecord lost = Of("client", "lost");
  lost.issued_at = kNow;
  EXPECT_TRUE(store_->Restore(lost, kNow).ok());
  EXPECT_TRUE(store_->Restore(lost, kNow).ok());
  EXPECT_EQ(Find().token, "lost");
  for (const absl::Duration age : {-absl::Hours(1), absl::ZeroDuration()}) {
    TokenRecord other = Of("client", "other");
    other.issued_at = kNow - absl::Minutes(1) - age;
    EXPECT_EQ(Put(other), absl::StatusCode::kOk);
    EXPECT_EQ(store_->Restore(lost, kNow).code(),
              absl::StatusCode::kAlreadyExists);
    EXPECT_EQ(Find().token, "other");
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, TokenRewritesTest,
                         ::testing::Values(Kind::kMemory, Kind::kSqlite,
                                           Kind::kEtcd),
                         KindName);

}  // namespace
}  // namespace sluice::policy
