// What every store does, whatever it keeps the resources in.
#include "policy/store/resource_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/store/etcd_client.h"
#include "policy/store/etcd_resource_store.h"
#include "policy/store/memory_resource_store.h"
#include "policy/store/sqlite_resource_store.h"
#include "test/policy/store/resource_observer.h"
#include "test/policy/store/store_kind.h"
#include "test/policy/store/store_samples.h"
#include "test/policy/store/test_database.h"
#include "test/testing/test_certificates.h"

namespace sluice::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class ResourceStoreTest : public ::testing::TestWithParam<Kind> {
 protected:
  ResourceStoreTest() { MakeStore(ResourceLimits()); }

  // A new, empty store.
  void MakeStore(const ResourceLimits& limits) {
    store_.reset();
    switch (GetParam()) {
      case Kind::kMemory:
        store_ = std::make_unique<MemoryResourceStore>(limits);
        return;
      case Kind::kSqlite:
        return MakeSqliteStore(limits);
      case Kind::kEtcd:
        return MakeEtcdStore(limits);
    }
  }

  void MakeSqliteStore(const ResourceLimits& limits) {
    auto store = SqliteResourceStore::Create(
        OpenTestDatabase(absl::StrCat(dir_.path(), "/", ++files_, ".db")),
        limits);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  void MakeEtcdStore(const ResourceLimits& limits) {
    auto store =
        EtcdResourceStore::Open(std::make_shared<EtcdClient>(NewPlaceInEtcd()),
                                limits, [] { return kNow; });
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  // The revision of what was written, 0 where that failed.
  int64_t Put(const Resource& resource, absl::Time now = kNow) {
    const auto put = store_->Put(resource, std::nullopt, now);
    EXPECT_TRUE(put.ok()) << put.status();
    return put.ok() ? put->revision : 0;
  }

  absl::StatusCode PutCode(const Resource& resource,
                           std::optional<int64_t> expected = std::nullopt,
                           absl::Time now = kNow) {
    return store_->Put(resource, expected, now).status().code();
  }

  absl::StatusCode DeleteCode(const std::string& id,
                              std::optional<int64_t> expected = std::nullopt,
                              absl::Time now = kNow) {
    return store_->Delete("rules", id, expected, now).status().code();
  }

  std::string ValueOf(const std::string& id, absl::Time now = kNow) {
    const auto found = store_->Get("rules", id, now);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() && found->has_value() ? (*found)->value : "";
  }

  std::vector<std::string> Ids(const std::string& after = "",
                               size_t limit = 1000, absl::Time now = kNow) {
    const auto found = store_->List("rules", after, limit, now);
    EXPECT_TRUE(found.ok()) << found.status();
    std::vector<std::string> ids;
    if (!found.ok()) return ids;
    for (const Resource& resource : *found) ids.push_back(resource.id);
    return ids;
  }

  const sluice::testing::TempDir dir_;
  int files_ = 0;
  ResourceObserver observer_;  // outlives the store
  std::unique_ptr<ResourceStoreInterface> store_;
};

TEST_P(ResourceStoreTest, FindsWhatWasPut) {
  const std::string bytes("\0\xff'\"", 4);
  const auto put =
      store_->Put(TestResource("a", bytes, kLater), std::nullopt, kNow);
  ASSERT_TRUE(put.ok()) << put.status();
  EXPECT_GT(put->revision, 0);
  const auto found = store_->Get("rules", "a", kNow);
  ASSERT_TRUE(found.ok() && found->has_value());
  for (const Resource& resource : {*put, **found}) {
    EXPECT_EQ(resource.collection, "rules");
    EXPECT_EQ(resource.id, "a");
    EXPECT_EQ(resource.value, bytes);
    EXPECT_EQ(resource.expires_at, kLater);
    EXPECT_EQ(resource.revision, put->revision);
  }
  EXPECT_EQ(ValueOf("b"), "");
  const auto elsewhere = store_->Get("other", "a", kNow);
  ASSERT_TRUE(elsewhere.ok());
  EXPECT_FALSE(elsewhere->has_value());
}

TEST_P(ResourceStoreTest, KeepsEmptyValuesAndThoseThatNeverEnd) {
  Put(TestResource("a", ""));
  const auto found =
      store_->Get("rules", "a", absl::FromUnixSeconds(1LL << 40));
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->value, "");
  EXPECT_EQ((*found)->expires_at, absl::InfiniteFuture());
}

TEST_P(ResourceStoreTest, EachWriteHasAHigherRevision) {
  int64_t last = Put(TestResource("a"));
  for (const char* id : {"b", "a", "c"}) {
    const int64_t next = Put(TestResource(id));
    EXPECT_GT(next, last);
    last = next;
  }
  const auto deleted = store_->Delete("rules", "a", std::nullopt, kNow);
  ASSERT_TRUE(deleted.ok()) << deleted.status();
  EXPECT_GT(*deleted, last);
  EXPECT_GT(Put(TestResource("a")), *deleted);
}

TEST_P(ResourceStoreTest, HasAnId) { EXPECT_FALSE(store_->id().empty()); }

TEST_P(ResourceStoreTest, RefusesOtherNames) {
  const std::string longest(255, 'x');
  Resource resource;
  for (const auto& name : std::vector<std::string>{
           "", "a/b", "a b", "\xc3\xa9", std::string(1, '\0'),
           absl::StrCat(longest, "x")}) {
    EXPECT_EQ(PutCode(TestResource(name)), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(DeleteCode(name), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(store_->Get("rules", name, kNow).status().code(),
              absl::StatusCode::kInvalidArgument);
    resource.collection = name;
    resource.id = "a";
    EXPECT_EQ(PutCode(resource), absl::StatusCode::kInvalidArgument);
  }
  resource.collection = longest;
  resource.id = "AZaz09-_.";
  Put(resource);
}

TEST_P(ResourceStoreTest, ListsACollectionByIdAPageAtATime) {
  for (const char* id : {"b", "d", "a-", "a", "c", "a."}) Put(TestResource(id));
  Resource other = TestResource("aa");
  for (const char* collection : {"rule", "rules-", "s"}) {
    other.collection = collection;
    Put(other);
  }
  EXPECT_THAT(Ids(), ElementsAre("a", "a-", "a.", "b", "c", "d"));
  EXPECT_THAT(Ids("", 2), ElementsAre("a", "a-"));
  EXPECT_THAT(Ids("a-", 2), ElementsAre("a.", "b"));
  EXPECT_THAT(Ids("bb"), ElementsAre("c", "d"));
  EXPECT_THAT(Ids("d"), IsEmpty());
  EXPECT_THAT(Ids("", 0), IsEmpty());
}

TEST_P(ResourceStoreTest, AWriteMayExpectARevision) {
  const int64_t first = Put(TestResource("a", "1"));
  EXPECT_EQ(PutCode(TestResource("a", "2"), first + 1),
            absl::StatusCode::kAborted);
  EXPECT_EQ(PutCode(TestResource("b", "2"), first),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(DeleteCode("a", first + 1), absl::StatusCode::kAborted);
  EXPECT_EQ(ValueOf("a"), "1");
  const auto second = store_->Put(TestResource("a", "2"), first, kNow);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(PutCode(TestResource("a", "3"), first), absl::StatusCode::kAborted);
  EXPECT_EQ(DeleteCode("a", first), absl::StatusCode::kAborted);
  EXPECT_EQ(ValueOf("a"), "2");
  EXPECT_EQ(DeleteCode("a", second->revision), absl::StatusCode::kOk);
  EXPECT_EQ(ValueOf("a"), "");
  EXPECT_EQ(DeleteCode("a"), absl::StatusCode::kNotFound);
  EXPECT_EQ(DeleteCode("a", second->revision), absl::StatusCode::kNotFound);
}

TEST_P(ResourceStoreTest, AWriteMayExpectThatThereIsNone) {
  EXPECT_EQ(PutCode(TestResource("a", "1", kLater), 0), absl::StatusCode::kOk);
  EXPECT_EQ(PutCode(TestResource("a", "2"), 0),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ValueOf("a"), "1");
  // What has expired is not there.
  EXPECT_EQ(PutCode(TestResource("a", "3"), 0, kLater), absl::StatusCode::kOk);
  EXPECT_EQ(ValueOf("a", kLater), "3");
}

TEST_P(ResourceStoreTest, HidesAResourceFromTheInstantItExpires) {
  const int64_t revision = Put(TestResource("a", "value", kLater));
  Put(TestResource("b"));
  EXPECT_EQ(ValueOf("a", kLater - absl::Nanoseconds(1)), "value");
  EXPECT_EQ(ValueOf("a", kLater), "");
  EXPECT_THAT(Ids("", 1, kLater), ElementsAre("b"));
  EXPECT_EQ(DeleteCode("a", std::nullopt, kLater), absl::StatusCode::kNotFound);
  EXPECT_EQ(PutCode(TestResource("a"), revision, kLater),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(PutCode(TestResource("c", "value", kNow)),
            absl::StatusCode::kInvalidArgument);
}

// A revocation counts again then, and is to be seen and to be taken back.
TEST_P(ResourceStoreTest, KeepsWhatHasExpiredForAClockThatWasAhead) {
  ASSERT_TRUE(
      store_->Put(TestResource("a", "1", kLater), std::nullopt, kNow).ok());
  ASSERT_TRUE(store_->Put(TestResource("b"), std::nullopt, kLater).ok());
  EXPECT_EQ(store_->Delete("rules", "a", std::nullopt, kLater).status().code(),
            absl::StatusCode::kNotFound);
  const auto found = store_->Get("rules", "a", kNow);
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->has_value());
  EXPECT_TRUE(store_->Delete("rules", "a", std::nullopt, kNow).ok());
}

TEST_P(ResourceStoreTest, ReplacingChangesTheEnd) {
  Put(TestResource("a", "1", kLater));
  Put(TestResource("a", "2", kLater + absl::Hours(1)));
  EXPECT_EQ(ValueOf("a", kLater), "2");
  Put(TestResource("a", "3"));
  EXPECT_EQ(ValueOf("a", kLater + absl::Hours(1)), "3");
}

TEST_P(ResourceStoreTest, KeepsToTheNumberOfResources) {
  ResourceLimits limits;
  limits.max_resources = 2;
  MakeStore(limits);
  Put(TestResource("a", "value", kLater));
  Put(TestResource("b"));
  EXPECT_EQ(PutCode(TestResource("c")), absl::StatusCode::kResourceExhausted);
  Put(TestResource("b", "replaced"));
  EXPECT_EQ(DeleteCode("b"), absl::StatusCode::kOk);
  Put(TestResource("c"));
  EXPECT_EQ(PutCode(TestResource("d")), absl::StatusCode::kResourceExhausted);
}

TEST_P(ResourceStoreTest, KeepsToTheBytesOfAValue) {
  ResourceLimits limits;
  limits.max_value_bytes = 100;
  MakeStore(limits);
  EXPECT_EQ(PutCode(TestResource("a", std::string(101, 'x'))),
            absl::StatusCode::kResourceExhausted);
  Put(TestResource("a", std::string(100, 'x')));
}

TEST_P(ResourceStoreTest, TellsWhatThereIs) {
  Put(TestResource("a", "1", kLater));
  Put(TestResource("b", "2"));
  Resource other = TestResource("a", "3");
  other.collection = "revocations";
  const int64_t last = Put(other);
  store_->Follow(&observer_);
  EXPECT_EQ(observer_.snapshots(), 1);
  EXPECT_GE(observer_.revision(), last);
  EXPECT_THAT(observer_.values(),
              ElementsAre(Pair("revocations/a", "3"), Pair("rules/a", "1"),
                          Pair("rules/b", "2")));
}

TEST_P(ResourceStoreTest, TellsWhatChanges) {
  store_->Follow(&observer_);
  EXPECT_EQ(observer_.snapshots(), 1);
  EXPECT_THAT(observer_.values(), IsEmpty());
  Put(TestResource("a", "1", kLater));
  Put(TestResource("a", "2"));
  Put(TestResource("b", "3"));
  EXPECT_EQ(PutCode(TestResource("b"), 0), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(DeleteCode("c"), absl::StatusCode::kNotFound);
  const auto deleted = store_->Delete("rules", "a", std::nullopt, kNow);
  ASSERT_TRUE(deleted.ok());
  observer_.WaitFor(*deleted);
  EXPECT_THAT(observer_.history(), ElementsAre("+rules/a=1", "+rules/a=2",
                                               "+rules/b=3", "-rules/a"));
  EXPECT_EQ(observer_.revision(), *deleted);
  EXPECT_EQ(observer_.snapshots(), 1);
}

TEST_P(ResourceStoreTest, ExpiryIsNoChange) {
  store_->Follow(&observer_);
  Put(TestResource("a", "1", kLater));
  Put(TestResource("b", "2", kLater), kNow);
  EXPECT_EQ(ValueOf("a", kLater), "");
  const int64_t last = Put(TestResource("c", "3"), kLater);
  observer_.WaitFor(last);
  EXPECT_THAT(observer_.history(),
              ElementsAre("+rules/a=1", "+rules/b=2", "+rules/c=3"));
}

TEST_P(ResourceStoreTest, ManyWritersMakeOneHistory) {
  store_->Follow(&observer_);
  constexpr int kWriters = 4;
  constexpr int kWrites = 50;
  std::vector<std::set<int64_t>> revisions(kWriters);
  std::vector<std::thread> threads;
  for (int t = 0; t < kWriters; ++t) {
    threads.emplace_back([this, t, &revisions] {
      for (int i = 0; i < kWrites; ++i) {
        revisions[t].insert(
            Put(TestResource(absl::StrCat(i % 5), absl::StrCat(t))));
        EXPECT_LE(Ids().size(), 5u);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<int64_t> all;
  for (const auto& some : revisions) all.insert(some.begin(), some.end());
  EXPECT_EQ(all.size(), size_t{kWriters * kWrites});
  observer_.WaitFor(*all.rbegin());
  EXPECT_EQ(observer_.history().size(), size_t{kWriters * kWrites});
  for (const auto& [name, value] : observer_.values()) {
    EXPECT_EQ(ValueOf(name.substr(6)), value) << name;
  }
}

TEST_P(ResourceStoreTest, OneOfManyCreatorsWins) {
  std::vector<int> wins(4);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t, &wins] {
      for (int i = 0; i < 25; ++i) {
        const absl::StatusCode code = PutCode(TestResource(absl::StrCat(i)), 0);
        wins[t] += code == absl::StatusCode::kOk;
        EXPECT_TRUE(code == absl::StatusCode::kOk ||
                    code == absl::StatusCode::kAlreadyExists);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int sum = 0;
  for (const int won : wins) sum += won;
  EXPECT_EQ(sum, 25);
}

INSTANTIATE_TEST_SUITE_P(Stores, ResourceStoreTest,
                         ::testing::Values(Kind::kMemory, Kind::kSqlite,
                                           Kind::kEtcd),
                         KindName);

// Stores that know how much they hold at any time.
using CountingResourceStoreTest = ResourceStoreTest;

TEST_P(CountingResourceStoreTest, KeepsToTheBytesOfAll) {
  ResourceLimits limits;
  limits.max_bytes = 10'000;
  MakeStore(limits);
  const std::string big(3'000, 'x');
  Put(TestResource("a", big));
  Put(TestResource("b", big));
  Put(TestResource("c", big, kLater));
  EXPECT_EQ(PutCode(TestResource("d", big)),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(PutCode(TestResource("a", absl::StrCat(big, big))),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ValueOf("a"), big);
  Put(TestResource("a", big));
  // What has expired makes room.
  Put(TestResource("d", big), kLater);
  EXPECT_EQ(DeleteCode("a", std::nullopt, kLater), absl::StatusCode::kOk);
  Put(TestResource("e", big), kLater);
}

TEST_P(CountingResourceStoreTest, WhatHasExpiredMakesRoomAtOnce) {
  ResourceLimits limits;
  limits.max_resources = 1;
  MakeStore(limits);
  Put(TestResource("a", "value", kLater));
  EXPECT_EQ(PutCode(TestResource("b")), absl::StatusCode::kResourceExhausted);
  Put(TestResource("b"), kLater);
}

INSTANTIATE_TEST_SUITE_P(Stores, CountingResourceStoreTest,
                         ::testing::Values(Kind::kMemory, Kind::kSqlite),
                         KindName);

}  // namespace
}  // namespace sluice::policy
