#include "policy/service/replica.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proto/sluice/admin/v1/revocation.pb.h"

// covers: ACE-EXP-4

namespace sluice::policy {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

// A store that does what a test says.
class FakeStore : public ResourceStoreInterface {
 public:
  const std::string& id() const override { return id_; }
  absl::StatusOr<Resource> Put(Resource resource, std::optional<int64_t>,
                               absl::Time) override {
    resource.revision = ++revision;
    observer->OnChanges({{resource, false}});
    return resource;
  }
  absl::StatusOr<int64_t> Delete(absl::string_view collection,
                                 absl::string_view id, std::optional<int64_t>,
                                 absl::Time) override {
    Resource resource;
    resource.collection = std::string(collection);
    resource.id = std::string(id);
    resource.revision = ++revision;
    observer->OnChanges({{resource, true}});
    return revision;
  }
  absl::StatusOr<std::optional<Resource>> Get(absl::string_view,
                                              absl::string_view,
                                              absl::Time) override {
    return std::nullopt;
  }
  absl::StatusOr<std::vector<Resource>> List(absl::string_view,
                                             absl::string_view, size_t,
                                             absl::Time) override {
    return std::vector<Resource>();
  }
  void Follow(ResourceObserverInterface* follower) override {
    observer = follower;
    observer->OnSnapshot(revision, {});
  }

  int64_t revision = 0;
  ResourceObserverInterface* observer = nullptr;

 private:
  const std::string id_ = "store";
};

Resource Revoke(const std::string& id, const std::string& subject,
                absl::Time end = absl::InfiniteFuture()) {
  admin::v1::Revocation revocation;
  revocation.set_subject(subject);
  if (end != absl::InfiniteFuture()) {
    revocation.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(end));
  }
  Resource resource;
  resource.collection = kRevocations;
  resource.id = id;
  resource.value = revocation.SerializeAsString();
  resource.expires_at = end;
  return resource;
}

Resource Rule(const std::string& id, const std::string& value = "") {
  Resource resource;
  resource.collection = "rules";
  resource.id = id;
  resource.value = value;
  return resource;
}

// "snapshot a b more", "changes +a -b", "policy": what a proxy would read.
std::string Describe(const v1::WatchResponse& response) {
  std::vector<std::string> words;
  const auto id = [](const std::string& name) {
    return name.substr(name.find('/') + 1);
  };
  if (response.has_snapshot()) {
    words.push_back("snapshot");
    for (const auto& revocation : response.snapshot().revocations()) {
      words.push_back(id(revocation.name()));
    }
    if (response.snapshot().more()) words.push_back("more");
  } else if (response.has_changes()) {
    words.push_back("changes");
    for (const auto& revocation : response.changes().added()) {
      words.push_back(absl::StrCat("+", id(revocation.name())));
    }
    for (const auto& name : response.changes().deleted()) {
      words.push_back(absl::StrCat("-", id(name)));
    }
  } else if (response.has_state()) {
    words.push_back(response.state().undecided() ? "undecided" : "decides");
    EXPECT_EQ(response.state().detail().empty(), !response.state().undecided());
  } else {
    words.push_back("policy");
  }
  if (response.has_position()) {
    words.push_back(absl::StrCat("@", response.position().revision()));
  }
  return absl::StrJoin(words, " ");
}

class ReplicaTest : public ::testing::Test {
 protected:
  explicit ReplicaTest(Replica::Limits limits = {})
      : replica_([this] { return now_; }, limits) {
    replica_.SetConfiguration("config");
    replica_.Follow(&store_);
  }

  void Put(const Resource& resource) {
    EXPECT_TRUE(store_.Put(resource, std::nullopt, now_).ok());
  }
  void Delete(const std::string& id) {
    EXPECT_TRUE(store_.Delete(kRevocations, id, std::nullopt, now_).ok());
  }
  // All that the proxy is told.
  std::vector<std::string> Drain(WatchCursor* cursor) {
    std::vector<std::string> told;
    while (auto next = replica_.Next(cursor)) told.push_back(Describe(*next));
    return told;
  }
  static WatchCursor At(int64_t revision, const std::string& store = "store") {
    v1::WatchPosition position;
    position.set_store_id(store);
    position.set_revision(revision);
    return WatchCursor(position);
  }
  std::string Find(const std::string& subject) {
    return replica_.FindRevocation({"", "", subject, {}}, now_);
  }
  using Told = std::vector<std::string>;

  absl::Time now_ = kNow;
  FakeStore store_;
  Replica replica_;
};

TEST_F(ReplicaTest, FindsWhatIsRevoked) {
  EXPECT_EQ(Find("alice"), "");
  Put(Revoke("1", "alice", kNow + absl::Seconds(10)));
  EXPECT_EQ(Find("alice"), "revocations/1");
  now_ += absl::Seconds(10);
  EXPECT_EQ(Find("alice"), "");
  Put(Revoke("1", "alice"));
  EXPECT_EQ(Find("alice"), "revocations/1");
  Delete("1");
  EXPECT_EQ(Find("alice"), "");
}

TEST_F(ReplicaTest, ANewProxyGetsAll) {
  Put(Revoke("1", "alice"));
  Put(Revoke("2", "bob", kNow + absl::Seconds(1)));
  Put(Revoke("3", "carol"));
  now_ += absl::Seconds(1) + kKeptAfterEnd;
  WatchCursor cursor;
  EXPECT_EQ(Drain(&cursor), (Told{"snapshot 1 3 @3", "policy @3"}));
  EXPECT_EQ(Drain(&cursor), Told());
}

TEST_F(ReplicaTest, AProxyHearsWhatChanges) {
  WatchCursor cursor;
  EXPECT_EQ(Drain(&cursor), (Told{"snapshot @0", "policy @0"}));
  Put(Revoke("1", "alice"));
  EXPECT_EQ(Drain(&cursor), Told{"changes +1 @1"});
  Delete("1");
  Put(Revoke("2", "bob"));
  EXPECT_EQ(Drain(&cursor), Told{"changes +2 -1 @3"});
}

// A message deletes before it adds.
TEST_F(ReplicaTest, OnlyTheLastChangeOfARevocationCounts) {
  WatchCursor cursor;
  Drain(&cursor);
  Put(Revoke("1", "alice"));
  Delete("1");
  Put(Revoke("2", "bob"));
  Delete("2");
  Put(Revoke("2", "bob"));
  EXPECT_EQ(Drain(&cursor), Told{"changes +2 -1 @5"});
}

TEST_F(ReplicaTest, AProxyThatWasAwayHearsWhatItMissed) {
  for (int i = 1; i <= 5; ++i) Put(Revoke(absl::StrCat(i), "alice"));
  WatchCursor cursor = At(3);
  EXPECT_EQ(Drain(&cursor), (Told{"changes +4 +5 @5", "policy @5"}));
  cursor = At(5);
  EXPECT_EQ(Drain(&cursor), Told{"policy @5"});
}

TEST_F(ReplicaTest, APositionElsewhereIsNone) {
  Put(Revoke("1", "alice"));
  for (WatchCursor cursor : {At(1, "other"), At(2)}) {
    EXPECT_EQ(Drain(&cursor), (Told{"snapshot 1 @1", "policy @1"}));
  }
}

TEST_F(ReplicaTest, ThePolicysVersionFollowsWhatElseIsManaged) {
  WatchCursor cursor;
  Drain(&cursor);
  const std::string before = replica_.PolicyVersionOf("config");
  Put(Revoke("1", "alice"));
  EXPECT_EQ(replica_.PolicyVersionOf("config"), before);
  EXPECT_NE(replica_.PolicyVersionOf("other"), before);
  Drain(&cursor);
  Put(Rule("1"));
  const std::string with_rule = replica_.PolicyVersionOf("config");
  EXPECT_NE(with_rule, before);
  // It cannot be read.
  EXPECT_EQ(Drain(&cursor), (Told{"undecided", "policy @2"}));
  Put(Rule("1"));
  EXPECT_EQ(replica_.PolicyVersionOf("config"), with_rule);
  Put(Rule("1", "changed"));
  EXPECT_NE(replica_.PolicyVersionOf("config"), with_rule);
  EXPECT_TRUE(store_.Delete("rules", "1", std::nullopt, now_).ok());
  EXPECT_EQ(replica_.PolicyVersionOf("config"), before);
}

TEST_F(ReplicaTest, AnotherServiceWithTheSameHasTheSameVersion) {
  Put(Rule("1"));
  Put(Revoke("1", "alice"));
  Put(Rule("2"));
  std::vector<Resource> resources = {Rule("2"), Rule("1")};
  resources[0].revision = 3;
  resources[1].revision = 1;
  Replica other([] { return kNow; });
  other.OnSnapshot(3, resources);
  EXPECT_EQ(other.PolicyVersionOf("config"),
            replica_.PolicyVersionOf("config"));
}

// As one in memory does after a restart.
TEST_F(ReplicaTest, AStoreThatGivesOutARevisionAgainHasAnotherVersion) {
  Put(Rule("1"));
  const std::string before = replica_.PolicyVersionOf("config");
  store_.revision = 0;
  replica_.OnSnapshot(0, {});
  Put(Rule("1", "changed"));
  EXPECT_NE(replica_.PolicyVersionOf("config"), before);
}

TEST_F(ReplicaTest, AChangedConfigurationIsTold) {
  WatchCursor cursor;
  Drain(&cursor);
  int calls = 0;
  replica_.SetListener([&calls] { ++calls; });
  replica_.SetConfiguration("changed");
  EXPECT_EQ(calls, 1);
  const auto next = replica_.Next(&cursor);
  ASSERT_TRUE(next.has_value());
  EXPECT_EQ(next->policy().version(), replica_.PolicyVersionOf("changed"));
}

TEST_F(ReplicaTest, ASnapshotOfTheStoreStartsAnew) {
  Put(Revoke("1", "alice"));
  WatchCursor cursor;
  Drain(&cursor);
  Resource resource = Revoke("2", "bob");
  resource.revision = 7;
  replica_.OnSnapshot(9, {resource});
  EXPECT_EQ(Find("alice"), "");
  EXPECT_EQ(Find("bob"), "revocations/2");
  EXPECT_EQ(Drain(&cursor), Told{"snapshot 2 @9"});
}

// etcd was put back, and came to the same revision by another revocation.
// covers: ACE-EXP-4
TEST_F(ReplicaTest, ASnapshotOfTheSameRevisionIsToldWhereItIsAnother) {
  Put(Revoke("1", "carol"));
  WatchCursor cursor;
  Drain(&cursor);
  // Nothing of it has been told yet, of what another one began with.
  WatchCursor other = At(1);
  Drain(&other);
  Resource resource = Revoke("2", "alice");
  resource.revision = 1;
  replica_.OnSnapshot(1, {resource});
  EXPECT_EQ(Drain(&cursor), Told{"snapshot 2 @1"});
  EXPECT_EQ(Drain(&other), Told{"snapshot 2 @1"});
  // A stream of etcd's that broke is none.
  replica_.OnSnapshot(1, {resource});
  EXPECT_EQ(Drain(&cursor), Told());
  Put(Revoke("3", "bob"));
  EXPECT_EQ(Drain(&cursor), Told{"changes +3 @2"});
}

TEST_F(ReplicaTest, IsNotCompleteWithARevocationThatCannotBeRead) {
  std::vector<std::string> told;
  replica_.SetUnreadableListener(
      [&](absl::string_view collection, const absl::Status& problem) {
        told.push_back(absl::StrCat(collection, ": ", problem.message()));
      });
  Resource resource = Revoke("1", "alice", kNow + absl::Hours(1));
  resource.value = "\xff";
  Put(resource);
  EXPECT_EQ(Find(""), "");
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].find("revocations: revocations/1 cannot be read"), 0u);
  EXPECT_TRUE(absl::IsFailedPrecondition(replica_.CheckComplete()));
  EXPECT_TRUE(replica_.is_undecided());
  Put(Revoke("1", "alice"));
  EXPECT_TRUE(replica_.CheckComplete().ok());
  EXPECT_FALSE(replica_.is_undecided());
  Put(resource);
  EXPECT_FALSE(replica_.CheckComplete().ok());
  Delete("1");
  EXPECT_TRUE(replica_.CheckComplete().ok());
  resource.expires_at = kNow;  // it has ended
  replica_.OnSnapshot(9, {resource});
  EXPECT_TRUE(replica_.CheckComplete().ok());
}

TEST_F(ReplicaTest, AnUnreadableRuleIsToldOf) {
  std::vector<std::string> told;
  replica_.SetUnreadableListener(
      [&](absl::string_view collection, const absl::Status& problem) {
        EXPECT_EQ(collection, kRules);
        // Not under a lock.
        EXPECT_EQ(replica_.rules()->size(), 1u);
        told.push_back(std::string(problem.message()));
      });
  Put(Rule("1"));
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].find("rules/1 cannot be read"), 0u);
  replica_.OnSnapshot(9, {Rule("1")});
  EXPECT_EQ(told.size(), 2u);
  EXPECT_TRUE(replica_.is_undecided());
  replica_.OnSnapshot(10, {Revoke("1", "alice")});
  EXPECT_EQ(told.size(), 2u);
  EXPECT_FALSE(replica_.is_undecided());
}

TEST_F(ReplicaTest, WaitersHearWhenTheirRevisionCounts) {
  std::vector<std::string> heard;
  const auto hear = [&heard](const char* who) {
    return [&heard, who](const absl::Status& status) {
      heard.push_back(absl::StrCat(who, status.ok() ? "" : " stale"));
    };
  };
  replica_.WhenAt(0, hear("past"));
  replica_.WhenAt(1, hear("first"));
  replica_.WhenAt(2, hear("second"));
  EXPECT_EQ(heard, Told{"past"});
  Put(Revoke("1", "alice"));
  EXPECT_EQ(heard, (Told{"past", "first"}));
  replica_.OnStale(absl::UnavailableError("away"));
  EXPECT_EQ(heard, (Told{"past", "first", "second stale"}));
}

// A store that comes back may be an older one, with lower revisions.
TEST_F(ReplicaTest, NothingCountsForSureWhileTheStoreIsOutOfReach) {
  std::vector<std::string> heard;
  const auto hear = [&heard](const absl::Status& status) {
    heard.push_back(std::string(status.message()));
  };
  replica_.OnSnapshot(9, {});
  replica_.OnStale(absl::UnavailableError("away"));
  replica_.WhenAt(3, hear);
  EXPECT_EQ(heard, Told{});
  replica_.OnStale(absl::UnavailableError("still away"));
  EXPECT_EQ(heard, Told{"written, but it may not count yet: still away"});
  replica_.WhenAt(3, hear);
  replica_.OnSnapshot(2, {});
  EXPECT_EQ(heard.size(), 1u);
  replica_.OnSnapshot(3, {});
  EXPECT_EQ(heard.back(), "");
}

TEST_F(ReplicaTest, WhoWaitsIsToldByWhatIsNoChangeToo) {
  Put(Revoke("1", "alice"));
  int told = 0;
  replica_.WhenAt(2, [&](const absl::Status& status) { told += status.ok(); });
  EXPECT_EQ(told, 0);
  replica_.OnRevision(2);
  EXPECT_EQ(told, 1);
}

TEST_F(ReplicaTest, NobodyWaitsAtTheEnd) {
  int failed = 0;
  const auto hear = [&](const absl::Status& status) { failed += !status.ok(); };
  replica_.WhenAt(7, hear);
  replica_.EndWaits();
  EXPECT_EQ(failed, 1);
  replica_.WhenAt(7, hear);
  EXPECT_EQ(failed, 2);
}

// Or else what is revoked would be good until it has been read.
TEST(ReplicaCompleteTest, SaysNothingBeforeTheFirstSnapshot) {
  struct SilentStore : FakeStore {
    void Follow(ResourceObserverInterface* follower) override {
      observer = follower;
      observer->OnStale(absl::UnavailableError("away"));
    }
  };
  Replica replica([] { return kNow; });
  SilentStore store;
  replica.Follow(&store);
  EXPECT_EQ(replica.CheckComplete().code(), absl::StatusCode::kUnavailable);
  replica.SetConfiguration("digest");
  WatchCursor cursor;
  EXPECT_FALSE(replica.Next(&cursor).has_value());
  store.observer->OnSnapshot(3, {});
  EXPECT_TRUE(replica.CheckComplete().ok());
  EXPECT_TRUE(replica.Next(&cursor).has_value());
}

// Or else what was revoked meanwhile would be good until it is told.
TEST_F(ReplicaTest, DecidesNothingWhileTheStoreIsOutOfReach) {
  replica_.OnSnapshot(1, {});
  EXPECT_TRUE(replica_.CheckComplete().ok());
  replica_.OnStale(absl::UnavailableError("away"));
  EXPECT_EQ(replica_.CheckComplete().code(), absl::StatusCode::kUnavailable);
  replica_.OnRevision(2);
  EXPECT_EQ(replica_.CheckComplete().code(), absl::StatusCode::kUnavailable);
  Put(Revoke("1", "alice"));
  EXPECT_EQ(replica_.CheckComplete().code(), absl::StatusCode::kUnavailable);
  replica_.OnFresh();
  EXPECT_TRUE(replica_.CheckComplete().ok());
  replica_.OnStale(absl::InternalError("away"));
  EXPECT_EQ(replica_.CheckComplete().code(), absl::StatusCode::kUnavailable);
  replica_.OnSnapshot(3, {});
  EXPECT_TRUE(replica_.CheckComplete().ok());
}

TEST_F(ReplicaTest, WhatAStoreHadCountsWhenThereIsAnother) {
  replica_.OnSnapshot(1, {});
  replica_.OnStale(absl::UnavailableError("away"));
  replica_.OnStale(absl::DataLossError("another"));
  EXPECT_TRUE(replica_.CheckComplete().ok());
}

TEST(ReplicaReachTest, TellsOnceThatTheStoreIsOutOfReachAndBack) {
  Replica replica([] { return absl::InfinitePast(); });
  std::vector<std::string> told;
  replica.SetReachListener([&told](const absl::Status& reach) {
    told.push_back(std::string(reach.message()));
  });
  replica.OnSnapshot(1, {});
  replica.OnFresh();
  EXPECT_EQ(told, std::vector<std::string>({""}));
  replica.OnStale(absl::UnavailableError("away"));
  replica.OnStale(absl::UnavailableError("still"));
  EXPECT_EQ(told, std::vector<std::string>({"", "away"}));
  replica.OnStale(absl::DataLossError("another"));
  EXPECT_EQ(told, std::vector<std::string>({"", "away", "another"}));
  replica.OnFresh();
  EXPECT_EQ(told, std::vector<std::string>({"", "away", "another", ""}));
}

TEST_F(ReplicaTest, ProxiesAreToldWhetherAnythingIsDecided) {
  WatchCursor cursor = At(0);
  int woken = 0;
  replica_.SetListener([&woken] { ++woken; });
  EXPECT_EQ(Drain(&cursor), Told{"policy @0"});
  replica_.OnStale(absl::UnavailableError("away"));
  EXPECT_EQ(woken, 1);
  EXPECT_EQ(Drain(&cursor), Told{"undecided"});
  // Before all else, so that nobody takes it for ready in between.
  WatchCursor other;
  EXPECT_EQ(Drain(&other), (Told{"undecided", "snapshot @0", "policy @0"}));
  replica_.OnStale(absl::UnavailableError("still"));
  EXPECT_EQ(Drain(&cursor), Told{});
  replica_.OnFresh();
  EXPECT_EQ(Drain(&cursor), Told{"decides"});
  // Nobody could be refused what a rule takes away that cannot be read.
  Put(Rule("newer", "\xff"));
  EXPECT_EQ(Drain(&cursor), (Told{"undecided", "policy @1"}));
  EXPECT_TRUE(store_.Delete("rules", "newer", std::nullopt, now_).ok());
  EXPECT_EQ(Drain(&cursor), (Told{"decides", "policy @2"}));
  Resource unreadable = Revoke("r", "alice");
  unreadable.value.clear();
  Put(unreadable);
  EXPECT_EQ(Drain(&cursor).front(), "undecided");
}

TEST_F(ReplicaTest, ToldOfIssuersBeforeTheyCount) {
  std::vector<std::string> heard;
  replica_.SetIssuerListener([&] {
    heard.push_back("issuers");
    replica_.SetConfiguration("other");
  });
  replica_.WhenAt(1, [&](const absl::Status&) { heard.push_back("first"); });
  replica_.WhenAt(2, [&](const absl::Status&) { heard.push_back("second"); });
  Put(Revoke("1", "alice"));
  Resource issuer;
  issuer.collection = kIssuers;
  issuer.id = "junk";
  Put(issuer);
  EXPECT_EQ(heard, (std::vector<std::string>{"first", "issuers", "second"}));
  EXPECT_EQ(replica_.unreadable_issuers(), std::vector<std::string>{"junk"});
}

class SmallReplicaTest : public ReplicaTest {
 protected:
  SmallReplicaTest() : ReplicaTest(Small()) {}
  static Replica::Limits Small() {
    Replica::Limits limits;
    limits.max_changes = 3;
    limits.max_message_bytes = 1;
    return limits;
  }
};

TEST_F(SmallReplicaTest, LargeSnapshotsAndChangesComeInPieces) {
  for (int i = 1; i <= 3; ++i) Put(Revoke(absl::StrCat(i), "alice"));
  WatchCursor cursor;
  EXPECT_EQ(Drain(&cursor), (Told{"snapshot 1 more", "snapshot 2 more",
                                  "snapshot 3 @3", "policy @3"}));
  Put(Revoke("4", "bob"));
  Delete("1");
  EXPECT_EQ(Drain(&cursor), (Told{"changes +4 @4", "changes -1 @5"}));
}

TEST_F(SmallReplicaTest, WhatChangesDuringASnapshotFollowsIt) {
  for (int i = 1; i <= 3; ++i) Put(Revoke(absl::StrCat(i), "alice"));
  WatchCursor cursor;
  EXPECT_EQ(Describe(*replica_.Next(&cursor)), "snapshot 1 more");
  Delete("1");
  Put(Revoke("0", "bob"));
  EXPECT_EQ(Drain(&cursor),
            (Told{"snapshot 2 more", "snapshot 3 @3", "changes -1 @4",
                  "changes +0 @5", "policy @5"}));
}

TEST_F(SmallReplicaTest, WhoWasAwayForTooLongGetsAll) {
  WatchCursor fresh;
  Drain(&fresh);
  for (int i = 1; i <= 4; ++i) Put(Revoke("1", "alice"));
  EXPECT_EQ(Drain(&fresh), Told{"snapshot 1 @4"});
  WatchCursor known = At(1);
  EXPECT_EQ(Describe(*replica_.Next(&known)), "changes +1 @2");
}

}  // namespace
}  // namespace sluice::policy
