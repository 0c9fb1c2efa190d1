// What is etcd's own; resource_store_test.cc and token_store_test.cc have what
// all stores do.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/empty.pb.h"
#include "policy/store/call_deadline.h"
#include "policy/store/etcd_client.h"
#include "policy/store/etcd_fact_store.h"
#include "policy/store/etcd_key_counter.h"
#include "policy/store/etcd_request.h"
#include "policy/store/etcd_resource_store.h"
#include "policy/store/etcd_token_store.h"
#include "policy/store/facts.h"
#include "test/policy/store/resource_observer.h"
#include "test/policy/store/store_samples.h"
#include "test/testing/dead_proxy.h"
#include "test/testing/etcd_server.h"

namespace sluice::policy {
namespace {

using ::sluice::testing::EtcdServer;
using SteadyClock = std::chrono::steady_clock;

constexpr char kPrefix[] = "/sluice";

std::shared_ptr<EtcdClient> ClientOf(const std::string& endpoint,
                                     absl::Duration timeout) {
  EtcdOptions options;
  options.endpoints = {endpoint};
  options.prefix = kPrefix;
  options.timeout = timeout;
  return std::make_shared<EtcdClient>(options);
}

class EtcdStoreTest : public ::testing::Test {
 protected:
  // Starting takes etcd its time.
  std::shared_ptr<EtcdClient> Client(
      absl::Duration timeout = absl::Seconds(20)) {
    return ClientOf(etcd_.endpoint(), timeout);
  }

  static std::unique_ptr<EtcdResourceStore> Open(
      const std::shared_ptr<EtcdClient>& client) {
    auto store =
        EtcdResourceStore::Open(client, ResourceLimits(), [] { return kNow; });
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }

  static int64_t Put(EtcdResourceStore* store, const Resource& resource) {
    const auto put = store->Put(resource, std::nullopt, kNow);
    EXPECT_TRUE(put.ok()) << put.status();
    return put.ok() ? put->revision : 0;
  }

  static Facts FactsOf(const std::shared_ptr<EtcdClient>& client) {
    return Facts(std::make_shared<EtcdFactStore>(client));
  }

  // Makes etcd forget what was before `revision`.
  void Compact(int64_t revision) {
    const auto stub = etcdserverpb::KV::NewStub(grpc::CreateChannel(
        etcd_.endpoint(), grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    etcdserverpb::CompactionRequest request;
    request.set_revision(revision);
    request.set_physical(true);
    etcdserverpb::CompactionResponse response;
    const grpc::Status status = stub->Compact(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }

  // Does `work` while etcd is where its follower does not look.
  template <typename Work>
  void WhileItIsElsewhere(Work work) {
    const std::string endpoint = etcd_.endpoint();
    etcd_.Kill();
    observer_.WaitUntilStale();
    etcd_.StartAt(EtcdServer::FreeEndpoint());
    work();
    etcd_.Kill();
    etcd_.StartAt(endpoint);
  }

  EtcdServer etcd_;
  ResourceObserver observer_;
};

TEST_F(EtcdStoreTest, TheEnvironmentsProxyIsNotUsed) {
  const ::sluice::testing::DeadProxy proxy;
  const auto store = Open(Client());
  ASSERT_NE(store, nullptr);
  EXPECT_GT(Put(store.get(), TestResource("1")), 0);
}

TEST_F(EtcdStoreTest, TwoStoresSeeEachOthersWritesAtOnce) {
  const auto ours = Open(Client());
  const auto theirs = Open(Client());
  EXPECT_EQ(ours->id(), theirs->id());
  ours->Follow(&observer_);
  std::vector<std::chrono::milliseconds> delays;
  for (int i = 0; i < 21; ++i) {
    const int64_t revision = Put(theirs.get(), TestResource(absl::StrCat(i)));
    const auto written = SteadyClock::now();
    observer_.WaitFor(revision);
    delays.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(
        SteadyClock::now() - written));
  }
  std::sort(delays.begin(), delays.end());
  EXPECT_LT(delays[10].count(), 100);
  const auto found = ours->Get("rules", "7", kNow);
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->has_value());
}

TEST_F(EtcdStoreTest, AnotherPrefixIsAnotherStore) {
  const auto ours = Open(Client());
  EtcdOptions options = Client()->options();
  options.prefix = "/sluice/two";
  const auto theirs = Open(std::make_shared<EtcdClient>(options));
  EXPECT_NE(ours->id(), theirs->id());
  Put(theirs.get(), TestResource("a"));
  const auto found = ours->List("rules", "", 10, kNow);
  ASSERT_TRUE(found.ok());
  EXPECT_TRUE(found->empty());
}

// It may have been a revocation: whoever follows must know that one is there.
TEST_F(EtcdStoreTest, AValueThatIsNotOursIsAResourceThatNobodyCanRead) {
  const auto client = Client();
  const auto store = Open(client);
  store->Follow(&observer_);
  const auto put = [&](absl::string_view name) {
    etcdserverpb::TxnRequest txn;
    AddPut(absl::StrCat(client->Prefix("resources"), name), "\xFFnonsense",
           /*lease=*/0, &txn);
    const auto done = client->Txn(txn, client->NewDeadline());
    EXPECT_TRUE(done.ok()) << done.status();
  };
  put("revocations/bad");
  observer_.WaitFor(Put(store.get(), TestResource("good")));
  const auto found = store->Get("revocations", "bad", kNow);
  ASSERT_TRUE(found.ok());
  ASSERT_TRUE(found->has_value());
  EXPECT_FALSE(google::protobuf::Empty().ParseFromString((*found)->value));
  EXPECT_EQ((*found)->expires_at, absl::InfiniteFuture());
  EXPECT_EQ(observer_.values().count("revocations/bad"), 1u);
  ASSERT_TRUE(store->Delete("revocations", "bad", std::nullopt, kNow).ok());
  observer_.WaitFor(Put(store.get(), TestResource("better")));
  EXPECT_EQ(observer_.values().count("revocations/bad"), 0u);
}

TEST_F(EtcdStoreTest, FollowsAcrossARestartWithoutAGap) {
  const auto store = Open(Client());
  const auto other = Open(Client());
  store->Follow(&observer_);
  for (int round = 0; round < 3; ++round) {
    for (const char* id : {"a", "b"}) {
      Put(other.get(), TestResource(id, absl::StrCat(round)));
    }
    etcd_.Kill();
    observer_.WaitUntilStale();
    etcd_.Start();
  }
  observer_.WaitFor(Put(other.get(), TestResource("a", "last")));
  const std::map<std::string, std::string> expected = {{"rules/a", "last"},
                                                       {"rules/b", "2"}};
  EXPECT_EQ(observer_.values(), expected);
}

TEST_F(EtcdStoreTest, HearsThatTheStoreIsBackWhereNothingHasChanged) {
  const auto store = Open(Client());
  store->Follow(&observer_);
  etcd_.Kill();
  observer_.WaitUntilStale();
  etcd_.Start();
  observer_.WaitUntilFresh();
}

TEST_F(EtcdStoreTest, CatchesUpWithWhatWasWrittenMeanwhile) {
  const auto store = Open(Client());
  store->Follow(&observer_);
  Put(store.get(), TestResource("a", "1"));
  WhileItIsElsewhere([&] {
    const auto other = Open(Client());
    Put(other.get(), TestResource("a", "2"));
    Put(other.get(), TestResource("b", "3"));
  });
  // Not before all of that: a revocation may be the last.
  observer_.WaitUntilFresh();
  const std::map<std::string, std::string> expected = {{"rules/a", "2"},
                                                       {"rules/b", "3"}};
  EXPECT_EQ(observer_.values(), expected);
}

TEST_F(EtcdStoreTest, IsFreshAgainWhenItHasToldADeletion) {
  const auto store = Open(Client());
  store->Follow(&observer_);
  Put(store.get(), TestResource("a", "1"));
  observer_.WaitFor(Put(store.get(), TestResource("b", "1")));
  WhileItIsElsewhere([&] {
    const auto other = Open(Client());
    const auto deleted = other->Delete("rules", "a", std::nullopt, kNow);
    ASSERT_TRUE(deleted.ok()) << deleted.status();
  });
  observer_.WaitUntilFresh();
  const std::map<std::string, std::string> expected = {{"rules/b", "1"}};
  EXPECT_EQ(observer_.values(), expected);
}

// Its connections stay open, so nothing else says so.
TEST_F(EtcdStoreTest, IsStaleSoonWhenEtcdIsFrozen) {
  const auto store = Open(Client());
  store->Follow(&observer_);
  observer_.WaitFor(Put(store.get(), TestResource("a")));
  const auto begin = SteadyClock::now();
  etcd_.Suspend();
  observer_.WaitUntilStale();
  EXPECT_LT(SteadyClock::now() - begin, std::chrono::seconds(6));
  etcd_.Resume();
  observer_.WaitUntilFresh();
}

// Others' writes elsewhere in etcd, which the watch does not tell of, are no
// reason to take it for late.
TEST_F(EtcdStoreTest, StaysFreshWhileEtcdHasOtherWork) {
  const auto client = Client();
  const auto store = Open(client);
  const Facts facts = FactsOf(client);
  store->Follow(&observer_);
  const auto end = SteadyClock::now() + std::chrono::seconds(4);
  for (int i = 0; SteadyClock::now() < end; ++i) {
    ASSERT_TRUE(facts.UseProof(absl::StrCat(i), kLater, kNow).ok());
  }
  EXPECT_EQ(observer_.times_stale(), 0);
}

TEST_F(EtcdStoreTest, TellsAnewWhatThereIsWhereTheChangesAreGone) {
  const auto store = Open(Client());
  store->Follow(&observer_);
  Put(store.get(), TestResource("a", "1"));
  observer_.WaitFor(Put(store.get(), TestResource("b", "1")));
  int64_t last = 0;
  WhileItIsElsewhere([&] {
    const auto other = Open(Client());
    Put(other.get(), TestResource("a", "2"));
    EXPECT_TRUE(other->Delete("rules", "b", std::nullopt, kNow).ok());
    last = Put(other.get(), TestResource("c", "2"));
    Compact(last);
  });
  observer_.WaitFor(last);
  const std::map<std::string, std::string> expected = {{"rules/a", "2"},
                                                       {"rules/c", "2"}};
  EXPECT_EQ(observer_.values(), expected);
  observer_.WaitFor(Put(store.get(), TestResource("d")));
}

TEST_F(EtcdStoreTest, AFullOneIsOpenedAndReadAndSaysThatItIsFull) {
  const auto store = Open(Client());
  Put(store.get(), TestResource("before"));
  etcd_.Kill();
  etcd_.StartFull();
  const auto put = store->Put(TestResource("a"), std::nullopt, kNow);
  EXPECT_EQ(put.status().code(), absl::StatusCode::kResourceExhausted)
      << put.status();
  const auto opened = Open(Client());
  ASSERT_NE(opened, nullptr);
  EXPECT_EQ(opened->id(), store->id());
  const auto found = opened->Get("rules", "before", kNow);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE(found->has_value());
}

TEST_F(EtcdStoreTest, NoticesThatItIsAnotherStoreNow) {
  const auto store = Open(Client());
  store->Follow(&observer_);
  observer_.WaitFor(Put(store.get(), TestResource("a")));
  etcd_.Kill();
  observer_.WaitUntilStale();
  etcd_.ForgetAll();
  etcd_.Start();
  const auto other = Open(Client());
  EXPECT_NE(other->id(), store->id());
  // A follower that trusted it would have been told of these.
  int64_t last = 0;
  while (last <= observer_.revision()) {
    last = Put(other.get(), TestResource("b"));
  }
  EXPECT_EQ(observer_.history(), std::vector<std::string>{"+rules/a=value"});
}

// A backup, say. What follows it there has the revisions of what is lost.
TEST_F(EtcdStoreTest, TellsAnewWhatThereIsInAnOlderStateThatHasGoneOn) {
  const auto store = Open(Client());
  store->Follow(&observer_);
  observer_.WaitFor(Put(store.get(), TestResource("kept")));
  const std::string endpoint = etcd_.endpoint();
  etcd_.Kill();
  etcd_.KeepCopy();
  etcd_.Start();
  observer_.WaitFor(Put(store.get(), TestResource("lost")));
  etcd_.Kill();
  etcd_.PutBack();
  etcd_.StartAt(EtcdServer::FreeEndpoint());
  {
    const auto client = Client();
    const auto other = Open(client);
    EXPECT_EQ(other->id(), store->id());
    Put(other.get(), TestResource("new"));
    // As proofs that clients bring do.
    const Facts facts = FactsOf(client);
    for (int i = 0; i < 5; ++i) {
      EXPECT_TRUE(facts.UseProof(absl::StrCat(i), kLater, kNow).ok());
    }
  }
  etcd_.Kill();
  etcd_.StartAt(endpoint);
  observer_.WaitFor(Put(store.get(), TestResource("last")));
  const std::map<std::string, std::string> expected = {
      {"rules/kept", "value"}, {"rules/new", "value"}, {"rules/last", "value"}};
  EXPECT_EQ(observer_.values(), expected);
  EXPECT_GE(observer_.snapshots(), 2);
}

// What was acknowledged there would not count here: a revocation, say.
TEST_F(EtcdStoreTest, WritesNothingToAnotherStore) {
  const auto client = Client();
  const auto store = Open(client);
  const Facts facts = FactsOf(client);
  store->Follow(&observer_);
  observer_.WaitFor(Put(store.get(), TestResource("a")));
  etcd_.Kill();
  etcd_.ForgetAll();
  etcd_.Start();
  constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
  const auto put = [&] {
    return store->Put(TestResource("b"), std::nullopt, kNow);
  };
  EXPECT_EQ(put().status().code(), kDataLoss);
  EXPECT_EQ(facts.UseProof("proof", kLater, kNow).status().code(), kDataLoss);
  const auto other = Open(Client());  // makes it a store
  EXPECT_EQ(put().status().code(), kDataLoss);
  Put(other.get(), TestResource("a"));
  EXPECT_EQ(store->Put(TestResource("a"), 0, kNow).status().code(), kDataLoss);
  EXPECT_EQ(store->Delete("rules", "a", std::nullopt, kNow).status().code(),
            kDataLoss);
  const auto found = other->List("rules", "", 10, kNow);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->size(), 1u);
  observer_.WaitUntilStaleFor(kDataLoss);
}

// A condition that does not hold is told from another store.
TEST_F(EtcdStoreTest, TellsAConflictInItsOwnStore) {
  const auto store = Open(Client());
  const int64_t revision = Put(store.get(), TestResource("a"));
  EXPECT_EQ(store->Put(TestResource("a"), 0, kNow).status().code(),
            absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(store->Put(TestResource("a"), revision + 1, kNow).status().code(),
            absl::StatusCode::kAborted);
  EXPECT_TRUE(store->Put(TestResource("a"), revision, kNow).ok());
}

// So that threads are left for what does not need it.
TEST_F(EtcdStoreTest, WhileItIsAwayAFewCallsWait) {
  const auto client = Client(absl::Seconds(1));
  const Facts facts = FactsOf(client);
  ASSERT_TRUE(facts.UseProof("before", kLater, kNow).ok());
  etcd_.Suspend();
  const auto try_once = [&](int i) {
    return facts.UseProof(absl::StrCat("proof", i), kLater, kNow).ok();
  };
  EXPECT_FALSE(try_once(0));
  EXPECT_FALSE(try_once(1));
  std::atomic<int> at_once{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 12; ++i) {
    threads.emplace_back([&, i] {
      const auto begin = SteadyClock::now();
      EXPECT_FALSE(try_once(i));
      at_once += SteadyClock::now() - begin < std::chrono::milliseconds(500);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(at_once, 8);
  etcd_.Resume();
  for (int i = 0; i < 100 && !try_once(20 + i); ++i) {
  }
  EXPECT_TRUE(try_once(200));
}

TEST_F(EtcdStoreTest, WhatALeaseRemovesIsNoChange) {
  const auto client = Client();
  const auto store = Open(client);
  store->Follow(&observer_);
  Put(store.get(), TestResource("a", "1", kLater));
  const std::string key = client->Prefix("resources") + "rules/a";
  const auto found = client->Range(EtcdKey(key), client->NewDeadline());
  ASSERT_TRUE(found.ok() && found->kvs_size() == 1);
  // Not before its end by a clock that is right, where ours was ahead.
  EXPECT_EQ(
      found->kvs(0).lease(),
      client->LeaseUntil(kLater + absl::Hours(1), kNow, client->NewDeadline())
          .value());
  // As the end of the lease does, with the record's end in the past.
  ResourceObserver late_observer;
  const auto late =
      EtcdResourceStore::Open(client, ResourceLimits(), [] { return kLater; });
  ASSERT_TRUE(late.ok()) << late.status();
  (*late)->Follow(&late_observer);
  etcdserverpb::TxnRequest removal;
  AddDelete(key, &removal);
  ASSERT_TRUE(client->Txn(removal, client->NewDeadline()).ok());
  const int64_t last = Put(store.get(), TestResource("b", "2"));
  observer_.WaitFor(last);
  late_observer.WaitFor(last);
  const std::vector<std::string> expected = {"+rules/b=2"};
  EXPECT_EQ(late_observer.history(), expected);
  const std::vector<std::string> early = {"+rules/a=1", "-rules/a",
                                          "+rules/b=2"};
  EXPECT_EQ(observer_.history(), early);
}

TEST_F(EtcdStoreTest, CallsEndAtTheirDeadline) {
  const auto store = Open(Client());
  const auto hasty = Client(absl::Milliseconds(300));
  const auto theirs = Open(hasty);
  const Facts facts = FactsOf(hasty);
  ASSERT_TRUE(facts.UseProof("before", kLater, kNow).ok());
  etcd_.Suspend();
  const auto begin = SteadyClock::now();
  EXPECT_EQ(theirs->Put(TestResource("a"), std::nullopt, kNow).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(facts.UseProof("proof", kLater, kNow).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_LT(SteadyClock::now() - begin, std::chrono::seconds(5));
  etcd_.Resume();
  Put(store.get(), TestResource("b"));
  etcd_.Kill();
  EXPECT_EQ(theirs->Get("rules", "b", kNow).status().code(),
            absl::StatusCode::kUnavailable);
  EXPECT_EQ(EtcdResourceStore::Open(hasty).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(EtcdStoreTest, CallsOfOneRequestShareItsDeadline) {
  const Facts facts = FactsOf(Client());
  ASSERT_TRUE(facts.UseProof("before", kLater, kNow).ok());
  etcd_.Suspend();
  const auto begin = SteadyClock::now();
  {
    const CallDeadline outer(std::chrono::system_clock::now() +
                             std::chrono::milliseconds(300));
    const CallDeadline inner(std::chrono::system_clock::now() +
                             std::chrono::hours(1));
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(facts.UseProof("proof", kLater, kNow).status().code(),
                absl::StatusCode::kUnavailable);
    }
  }
  EXPECT_LT(SteadyClock::now() - begin, std::chrono::seconds(5));
  EXPECT_EQ(CallDeadline::Current(), CallDeadline::Time::max());
  etcd_.Resume();
}

TEST_F(EtcdStoreTest, GoesToAMemberThatIsThere) {
  EtcdOptions options = Client()->options();
  options.endpoints.insert(options.endpoints.begin(),
                           EtcdServer::FreeEndpoint());
  const auto store = Open(std::make_shared<EtcdClient>(options));
  ASSERT_NE(store, nullptr);
  store->Follow(&observer_);
  observer_.WaitFor(Put(store.get(), TestResource("a")));
}

// covers: ACE-D01-2
TEST_F(EtcdStoreTest, OneOfTwoServicesTakesAProof) {
  std::vector<int> taken(4);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t, &taken] {
      const Facts facts = FactsOf(Client());
      for (int i = 0; i < 25; ++i) {
        const auto used = facts.UseProof(absl::StrCat(i), kLater, kNow);
        ASSERT_TRUE(used.ok()) << used.status();
        taken[t] += *used;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken[0] + taken[1] + taken[2] + taken[3], 25);
}

// covers: ACE-CON-5
TEST_F(EtcdStoreTest, KeepsTokensAndFactsAcrossARestart) {
  {
    const auto client = Client();
    TokenRecord record = TestRecord("key");
    record.client_id = "client";
    ASSERT_TRUE(EtcdTokenStore(client).Put(record, kNow).ok());
    ASSERT_TRUE(FactsOf(client).UseProof("proof", kLater, kNow).ok());
  }
  etcd_.Kill();
  etcd_.Start();
  const auto client = Client();
  const auto found = EtcdTokenStore(client).FindByClientId("client", kNow);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->token, "token");
  const auto used = FactsOf(client).UseProof("proof", kLater, kNow);
  ASSERT_TRUE(used.ok());
  EXPECT_FALSE(*used);
}

// covers: ACE-AZI-3
TEST_F(EtcdStoreTest, TakesNoTokenFarAboveTheNumberUntilTheOldestAreGone) {
  const auto put = [](EtcdTokenStore* tokens, int i) {
    // Their order is not that of their ages.
    return tokens->Put(TestRecord(absl::StrCat(i * 7 % 10, "-", i)), kNow);
  };
  const auto client = Client();
  EtcdTokenStore wide(client);
  for (int i = 0; i < 420; ++i) ASSERT_TRUE(put(&wide, i).ok());
  TokenLimits limits;
  limits.max_tokens = 300;
  EtcdTokenStore tokens(client, limits);
  EXPECT_EQ(put(&tokens, 420).code(), absl::StatusCode::kResourceExhausted);
  const auto is_there = [&](int i) {
    const auto found = tokens.Find(absl::StrCat(i * 7 % 10, "-", i), kNow);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() && found->has_value();
  };
  const auto end = SteadyClock::now() + std::chrono::seconds(20);
  while (is_there(125) && SteadyClock::now() < end) {
  }
  for (int i = 0; i < 420; ++i) EXPECT_EQ(is_there(i), i > 125) << i;
  // Above it a little they are taken, and nobody waits for what goes.
  for (int i = 420; i < 500; ++i) EXPECT_TRUE(put(&tokens, i).ok()) << i;
  EXPECT_TRUE(is_there(499));
}

// covers: ACE-AZI-3
TEST_F(EtcdStoreTest, WhatIsOneTooManyTakesItsNamesAlong) {
  const auto client = Client();
  TokenLimits limits;
  limits.max_tokens = 100;
  EtcdTokenStore tokens(client, limits);
  const auto named = [](int i, const std::string& client_id) {
    TokenRecord record = TestRecord(absl::StrCat(i));
    record.client_id = client_id;
    record.issuer = "as";
    record.subject = "alice";
    record.kid = "kid";
    record.key = "key";
    record.named_since = kNow;
    return record;
  };
  const auto count = [&](absl::string_view kind) {
    const auto found =
        client->Range(EtcdCount(client->Prefix(kind)), client->NewDeadline());
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() ? found->count() : -1;
  };
  const auto wait = [&](absl::string_view kind, int64_t most) {
    const auto end = SteadyClock::now() + std::chrono::seconds(20);
    while (count(kind) > most && SteadyClock::now() < end) {
    }
  };
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(tokens.Put(named(i, absl::StrCat("c", i)), kNow).ok());
    // Its first owner is going to be among the oldest.
    if (i == 50) {
      ASSERT_TRUE(tokens.Put(named(1000, "c0"), kNow).ok());
    }
    if (i > 100) wait("tokens", 104);
  }
  wait("tokens", 99);
  const int64_t left = count("tokens");
  EXPECT_LE(left, 99);
  EXPECT_GT(left, 90);
  EXPECT_EQ(count("clients"), left);
  EXPECT_EQ(count("kids"), left);
  EXPECT_EQ(count("secrets"), left);
  EXPECT_EQ(count("subjects"), left);
  // Those of the others lead to them.
  const auto found = tokens.FindByClientId("c199", kNow);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->binding, "199");
}

TEST_F(EtcdStoreTest, ANameThatIsLeftLeadsToNoOtherToken) {
  const auto client = Client();
  EtcdTokenStore tokens(client);
  TokenRecord record = TestRecord("b");
  record.kid = "kid";
  record.named_since = kNow;
  ASSERT_TRUE(tokens.Put(record, kNow).ok());
  // As when an older version has forgotten one too many.
  etcdserverpb::TxnRequest txn;
  AddDelete(client->Prefix("tokens") + "b", &txn);
  ASSERT_TRUE(client->Txn(txn, client->NewDeadline()).ok());
  record.kid.clear();
  record.named_since.reset();
  ASSERT_TRUE(tokens.Put(record, kNow).ok());
  const auto found = tokens.FindSymmetricByKid("kid", kNow);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE(found->empty());
}

// etcd walks through all behind the first for each range that it is asked for.
TEST_F(EtcdStoreTest, ListsALongPageOfManyTokensInTime) {
  const auto client = Client();
  {
    EtcdTokenStore tokens(client);
    ASSERT_TRUE(tokens.Put(TestRecord("0"), kNow).ok());
  }
  const std::string prefix = client->Prefix("tokens");
  const auto one = client->Range(EtcdKey(prefix + "0"), client->NewDeadline());
  ASSERT_TRUE(one.ok() && one->kvs_size() == 1);
  for (int i = 0; i < 40'000;) {
    etcdserverpb::TxnRequest txn;
    for (int end = i + 100; i < end; ++i) {
      AddPut(absl::StrCat(prefix, 100'000 + i), one->kvs(0).value(),
             /*lease=*/0, &txn);
    }
    ASSERT_TRUE(client->Txn(txn, client->NewDeadline()).ok());
  }
  EtcdTokenStore hasty(Client(absl::Milliseconds(400)));
  const auto listed = hasty.List("", 1001, kNow);
  ASSERT_TRUE(listed.ok()) << listed.status();
  EXPECT_EQ(listed->size(), 1001u);
}

TEST_F(EtcdStoreTest, DoesNotCountAllForEachTokenAndFact) {
  const auto client = Client();
  EtcdKeyCounter counter(client, client->Prefix("used_proofs"));
  const Facts facts = FactsOf(client);
  const auto count = [&] {
    const auto counted = counter.Get(client->NewDeadline());
    EXPECT_TRUE(counted.ok()) << counted.status();
    return counted.ok() ? *counted : -1;
  };
  EXPECT_EQ(count(), 0);
  ASSERT_TRUE(facts.UseProof("a", kLater, kNow).ok());
  EXPECT_EQ(count(), 0);
  EXPECT_EQ(counter.Add(2), 2);
  EXPECT_EQ(counter.Add(-3), 0);
  const auto end = SteadyClock::now() + std::chrono::seconds(20);
  while (count() == 0 && SteadyClock::now() < end) {
  }
  EXPECT_EQ(count(), 1);
}

// A new etcd does not know the leases that are remembered.
TEST_F(EtcdStoreTest, TakesANewLeaseForOneThatIsGone) {
  const Facts facts = FactsOf(Client());
  ASSERT_TRUE(facts.UseProof("a", kLater, kNow).ok());
  etcd_.Kill();
  etcd_.ForgetAll();
  etcd_.Start();
  const auto used = facts.UseProof("b", kLater, kNow);
  ASSERT_TRUE(used.ok()) << used.status();
  EXPECT_TRUE(*used);
}

}  // namespace
}  // namespace sluice::policy
