// What the facts of every store do, whatever it keeps its memory in.
#include "policy/store/fact_store.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "policy/store/etcd_client.h"
#include "policy/store/etcd_fact_store.h"
#include "policy/store/facts.h"
#include "policy/store/memory_fact_store.h"
#include "policy/store/sqlite_fact_store.h"
#include "test/policy/store/store_kind.h"
#include "test/policy/store/store_samples.h"
#include "test/policy/store/test_database.h"
#include "test/testing/test_certificates.h"

namespace sluice::policy {
namespace {

class FactStoreTest : public ::testing::TestWithParam<Kind> {
 protected:
  FactStoreTest() { MakeStore(FactLimits()); }

  // A new, empty store.
  void MakeStore(const FactLimits& limits) {
    facts_.reset();
    store_.reset();
    switch (GetParam()) {
      case Kind::kMemory:
        store_ = std::make_shared<MemoryFactStore>(limits);
        break;
      case Kind::kSqlite:
        store_ = std::make_shared<SqliteFactStore>(
            OpenTestDatabase(absl::StrCat(dir_.path(), "/", ++files_, ".db")),
            limits);
        break;
      case Kind::kEtcd:
        store_ = std::make_shared<EtcdFactStore>(
            std::make_shared<EtcdClient>(NewPlaceInEtcd()), limits);
        break;
    }
    facts_.emplace(store_);
  }

  bool Claim(const std::string& client_id, const std::string& owner,
             absl::Time expires_at = kLater, absl::Time now = kNow) {
    const auto claimed =
        facts_->ClaimClientId({client_id, owner, expires_at}, now);
    EXPECT_TRUE(claimed.ok()) << claimed.status();
    return claimed.ok() && *claimed;
  }

  std::string OwnerOf(const std::string& client_id, absl::Time now = kNow) {
    const auto owner = facts_->FindClientIdOwner(client_id, now);
    EXPECT_TRUE(owner.ok()) << owner.status();
    return owner.ok() ? owner->value_or("") : "";
  }

  const sluice::testing::TempDir dir_;
  std::shared_ptr<FactStoreInterface> store_;
  std::optional<Facts> facts_;  // of store_
  int files_ = 0;
};

// Stores that know how much they hold at any time.
using CountingFactStoreTest = FactStoreTest;

TEST_P(FactStoreTest, MakesAFactWhereThereIsNone) {
  constexpr FactKind kKind = FactKind::kClientIdOwner;
  const std::string bytes("\0\xff'\"", 4);
  const auto none = store_->Find(kKind, bytes, kNow);
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_FALSE(none->has_value());
  const auto made = store_->Make(kKind, bytes, {bytes, kLater}, kNow);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_FALSE(made->has_value());
  for (const auto& found :
       {store_->Make(kKind, bytes, {"other", kLater + absl::Hours(1)}, kNow),
        store_->Find(kKind, bytes, kLater - absl::Seconds(1))}) {
    ASSERT_TRUE(found.ok() && found->has_value());
    EXPECT_EQ((*found)->value, bytes);
    EXPECT_EQ((*found)->expires_at, kLater);
  }
  const auto late = store_->Find(kKind, bytes, kLater);
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_FALSE(late->has_value());
}

TEST_P(FactStoreTest, ExtendsNothingButTheFactOfThatValue) {
  constexpr FactKind kKind = FactKind::kClientIdOwner;
  const auto extend = [this](const std::string& value, absl::Time now) {
    const auto extended =
        store_->Extend(kKind, "key", {value, now + absl::Hours(2)}, now);
    EXPECT_TRUE(extended.ok()) << extended.status();
    return extended.ok() && *extended;
  };
  EXPECT_FALSE(extend("a", kNow));
  ASSERT_TRUE(store_->Make(kKind, "key", {"a", kLater}, kNow).ok());
  EXPECT_FALSE(extend("b", kNow));
  EXPECT_FALSE(extend("a", kLater));
  EXPECT_TRUE(extend("a", kNow));
  const auto found = store_->Find(kKind, "key", kLater);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->expires_at, kNow + absl::Hours(2));
}

// covers: EDGE-20
TEST_P(FactStoreTest, TheFirstOwnsAClientIdUntilTheClaimExpires) {
  EXPECT_EQ(OwnerOf("id"), "");
  EXPECT_TRUE(Claim("id", "alice"));
  EXPECT_FALSE(Claim("id", "bob"));
  EXPECT_EQ(OwnerOf("id"), "alice");
  EXPECT_TRUE(Claim("other", "bob"));
  EXPECT_EQ(OwnerOf("id", kLater), "");
  EXPECT_TRUE(Claim("id", "bob", kLater + absl::Hours(1), kLater));
  EXPECT_FALSE(Claim("id", "alice", kLater + absl::Hours(1), kLater));
}

// covers: EDGE-20
TEST_P(FactStoreTest, AnOwnerLengthensTheOwnershipAndNeverShortensIt) {
  EXPECT_TRUE(Claim("id", "alice"));
  EXPECT_TRUE(Claim("id", "alice", kNow + absl::Minutes(1)));
  EXPECT_EQ(OwnerOf("id", kLater - absl::Seconds(1)), "alice");
  EXPECT_TRUE(Claim("id", "alice", kLater + absl::Hours(1)));
  EXPECT_EQ(OwnerOf("id", kLater), "alice");
}

// covers: EDGE-20
TEST_P(FactStoreTest, AFullTableTakesNoOwnerAndForgetsNone) {
  FactLimits limits;
  limits.max_facts = 2;
  MakeStore(limits);
  EXPECT_TRUE(Claim("a", "alice"));
  EXPECT_TRUE(Claim("b", "bob"));
  EXPECT_EQ(facts_->ClaimClientId({"c", "carol", kLater}, kNow).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(Claim("a", "alice"));
  EXPECT_FALSE(Claim("b", "carol"));
  limits.max_facts = 100;
  limits.max_bytes = 1'000;
  MakeStore(limits);
  EXPECT_EQ(
      facts_->ClaimClientId({std::string(1'000, 'c'), "carol", kLater}, kNow)
          .status()
          .code(),
      absl::StatusCode::kResourceExhausted);
}

// covers: ACE-TOK-8
TEST_P(FactStoreTest, RemembersWhenATokenWasFirstSeen) {
  for (const absl::Duration age :
       {absl::ZeroDuration(), absl::Minutes(1), absl::Hours(100'000)}) {
    const auto seen =
        facts_->FirstSeen("token", absl::InfiniteFuture(), kNow + age);
    ASSERT_TRUE(seen.ok()) << seen.status();
    EXPECT_EQ(*seen, kNow);
  }
  const auto other =
      facts_->FirstSeen("other", kLater, kNow + absl::Seconds(1));
  ASSERT_TRUE(other.ok());
  EXPECT_EQ(*other, kNow + absl::Seconds(1));
}

TEST_P(FactStoreTest, AFullTableTakesNoNewToken) {
  FactLimits limits;
  limits.max_facts = 1;
  MakeStore(limits);
  ASSERT_TRUE(facts_->FirstSeen("a", kLater, kNow).ok());
  EXPECT_EQ(facts_->FirstSeen("b", kLater, kNow).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(facts_->FirstSeen("a", kLater, kNow).ok());
}

// covers: ACE-D01-2
TEST_P(FactStoreTest, AProofIsUsedOnceUntilItIsForgotten) {
  const auto use = [this](const std::string& proof, absl::Time now) {
    const auto used = facts_->UseProof(proof, kLater, now);
    EXPECT_TRUE(used.ok()) << used.status();
    return used.ok() && *used;
  };
  EXPECT_TRUE(use("a", kNow));
  EXPECT_FALSE(use("a", kNow));
  EXPECT_TRUE(use("b", kNow));
  EXPECT_FALSE(use("a", kLater - absl::Seconds(1)));
}

// covers: ACE-D01-2
TEST_P(FactStoreTest, AFullTableTakesNoProof) {
  FactLimits limits;
  limits.max_facts = 1;
  MakeStore(limits);
  ASSERT_TRUE(facts_->UseProof("a", kLater, kNow).ok());
  EXPECT_EQ(facts_->UseProof("b", kLater, kNow).status().code(),
            absl::StatusCode::kResourceExhausted);
  const auto again = facts_->UseProof("a", kLater, kNow);
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(*again);
}

TEST_P(CountingFactStoreTest, FactsThatHaveExpiredMakeRoom) {
  FactLimits limits;
  limits.max_facts = 2;
  MakeStore(limits);
  for (const char* name : {"a", "b"}) {
    EXPECT_TRUE(Claim(name, "alice"));
    ASSERT_TRUE(facts_->FirstSeen(name, kLater, kNow).ok());
  }
  EXPECT_TRUE(Claim("c", "carol", kLater + absl::Hours(1), kLater));
  EXPECT_TRUE(facts_->FirstSeen("c", kLater + absl::Hours(1), kLater).ok());
}

TEST_P(FactStoreTest, TheTablesAreApart) {
  EXPECT_TRUE(Claim("x", "alice"));
  ASSERT_TRUE(facts_->FirstSeen("x", kLater, kNow).ok());
  const auto used = facts_->UseProof("x", kLater, kNow);
  ASSERT_TRUE(used.ok());
  EXPECT_TRUE(*used);
}

TEST_P(FactStoreTest, OfThoseWhoMakeAFactAtOnceOneDoes) {
  constexpr int kRounds = 50;
  std::vector<std::thread> threads;
  std::vector<int> first_uses(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t, &first_uses] {
      for (int i = 0; i < kRounds; ++i) {
        const auto used = facts_->UseProof(absl::StrCat(i), kLater, kNow);
        EXPECT_TRUE(used.ok());
        first_uses[t] += used.ok() && *used;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int sum = 0;
  for (const int uses : first_uses) sum += uses;
  EXPECT_EQ(sum, kRounds);
}

// covers: EDGE-20
TEST_P(FactStoreTest, OfManyClaimsAtOnceTheLongestCounts) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this, i] {
      EXPECT_TRUE(Claim("id", "alice", kNow + absl::Minutes(1 + i)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(OwnerOf("id", kNow + absl::Minutes(8) - absl::Seconds(1)), "alice");
  EXPECT_EQ(OwnerOf("id", kNow + absl::Minutes(8)), "");
}

INSTANTIATE_TEST_SUITE_P(Stores, FactStoreTest,
                         ::testing::Values(Kind::kMemory, Kind::kSqlite,
                                           Kind::kEtcd),
                         KindName);

INSTANTIATE_TEST_SUITE_P(Stores, CountingFactStoreTest,
                         ::testing::Values(Kind::kMemory, Kind::kSqlite),
                         KindName);

}  // namespace
}  // namespace sluice::policy
