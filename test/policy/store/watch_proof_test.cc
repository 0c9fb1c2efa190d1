#include "policy/store/watch_proof.h"

#include <gtest/gtest.h>

#include <chrono>

namespace sluice::policy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class WatchProofTest : public ::testing::Test {
 protected:
  // There is a watch; at revision 10 there were three keys, told at kBegin. It
  // is a minute later.
  WatchProofTest() { Begin(); }

  void Begin() {
    proof_.OnBegin(now_);
    proof_.OnCreated();
    proof_.OnSnapshot(10, 3, now_);
    now_ += std::chrono::minutes(1);
  }
  void Follow(int64_t revision, int64_t keys, int64_t last_written) {
    proof_.OnFollowed({now_, revision, keys, last_written}, now_);
  }
  void FollowCaughtUp() { Follow(10, 3, 10); }
  // A question and its answers, each of an own revision.
  void Ask(int64_t read, int64_t progress) {
    proof_.OnRead(read, now_);
    proof_.OnProgress(progress, now_);
  }
  bool IsGood() const { return proof_.IsGood(now_); }
  bool IsStuck() const { return proof_.IsStuck(now_); }

  const WatchProof::Time kBegin{std::chrono::hours(5)};
  WatchProof::Time now_ = kBegin;
  WatchProof proof_;
};

TEST_F(WatchProofTest, NothingIsGoodBeforeASnapshot) {
  EXPECT_FALSE(WatchProof().IsGood(WatchProof::Time()));
}

TEST_F(WatchProofTest, ASnapshotIsGoodForAWhile) {
  EXPECT_TRUE(proof_.IsGood(kBegin + WatchProof::kGoodFor));
  EXPECT_FALSE(proof_.IsGood(kBegin + WatchProof::kGoodFor + milliseconds(1)));
}

TEST_F(WatchProofTest, AWatchOfWhatHasNotChangedIsGoodWhenItIsFollowed) {
  EXPECT_FALSE(IsGood());
  EXPECT_FALSE(proof_.is_followed());
  Follow(99, 3, 10);
  EXPECT_TRUE(proof_.is_followed());
  EXPECT_TRUE(proof_.has_caught_up());
  EXPECT_TRUE(IsGood());
}

// etcd tells of a revision that the watch has not come to, where it is old.
TEST_F(WatchProofTest, AWatchIsGoodWhenItHasToldWhatWasMissed) {
  Follow(20, 3, 15);
  Ask(20, 20);
  EXPECT_FALSE(IsGood());
  proof_.OnChanges(14, 0, now_);
  EXPECT_FALSE(IsGood());
  proof_.OnChanges(15, 0, now_);
  EXPECT_TRUE(IsGood());
}

TEST_F(WatchProofTest, AWatchIsNotGoodBeforeItHasToldOfDeletions) {
  Follow(20, 2, 15);
  proof_.OnChanges(15, +1, now_);
  EXPECT_FALSE(IsGood());
  proof_.OnChanges(17, -1, now_);
  EXPECT_FALSE(IsGood());
  proof_.OnChanges(18, -1, now_);
  EXPECT_TRUE(IsGood());
}

TEST_F(WatchProofTest, AWatchIsGoodBehindWhatWasRead) {
  Follow(20, 2, 15);
  proof_.OnChanges(21, +5, now_);
  EXPECT_TRUE(IsGood());
}

TEST_F(WatchProofTest, IsProvenForWhenItWasAsked) {
  FollowCaughtUp();
  now_ += seconds(1);
  proof_.OnRead(30, now_);
  const auto asked_at = now_;
  now_ += seconds(1);
  proof_.OnProgress(29, now_);
  proof_.OnRead(31, now_);
  now_ += milliseconds(500);
  EXPECT_FALSE(IsGood());
  proof_.OnProgress(30, now_);
  EXPECT_TRUE(IsGood());
  EXPECT_TRUE(proof_.IsGood(asked_at + WatchProof::kGoodFor));
  EXPECT_FALSE(
      proof_.IsGood(asked_at + WatchProof::kGoodFor + milliseconds(1)));
}

TEST_F(WatchProofTest, ChangesProveAsWell) {
  FollowCaughtUp();
  now_ += seconds(3);
  proof_.OnRead(30, now_);
  EXPECT_FALSE(IsGood());
  proof_.OnChanges(30, +1, now_);
  EXPECT_TRUE(IsGood());
}

TEST_F(WatchProofTest, WhatAnotherWatchReachedProvesNothing) {
  FollowCaughtUp();
  Ask(30, 40);
  proof_.OnEnd();
  Begin();
  FollowCaughtUp();
  now_ += seconds(3);
  proof_.OnRead(35, now_);
  EXPECT_FALSE(IsGood());
}

TEST_F(WatchProofTest, AWatchThatSaysNothingIsStuck) {
  FollowCaughtUp();
  for (int i = 0; i < 20; ++i) {
    now_ += milliseconds(500);
    Ask(30 + i, 30 + i);
    EXPECT_FALSE(IsStuck());
    EXPECT_TRUE(IsGood());
  }
  now_ += WatchProof::kMaxSilence + milliseconds(1);
  proof_.OnRead(60, now_);
  EXPECT_TRUE(IsStuck());
  EXPECT_TRUE(IsGood());
  proof_.OnEnd();
  EXPECT_FALSE(IsStuck());
}

TEST_F(WatchProofTest, AWatchThatIsNotThereInTimeIsStuck) {
  proof_.OnEnd();
  proof_.OnBegin(now_);
  now_ += WatchProof::kMaxSilence;
  EXPECT_FALSE(IsStuck());
  now_ += milliseconds(1);
  EXPECT_TRUE(IsStuck());
}

// What is read meanwhile has deadlines of its own.
TEST_F(WatchProofTest, AWatchThatIsNotFollowedYetIsNotStuck) {
  EXPECT_FALSE(IsStuck());
}

TEST_F(WatchProofTest, AWatchMayTakeLongForWhatWasMissed) {
  Follow(20, 3, 15);
  now_ += WatchProof::kMaxSilenceBehind;
  EXPECT_FALSE(IsStuck());
  now_ += milliseconds(1);
  EXPECT_TRUE(IsStuck());
}

// Its member has lost the others.
TEST_F(WatchProofTest, AWatchThatStaysBehindIsStuck) {
  FollowCaughtUp();
  for (int i = 0; i < 4; ++i) {
    now_ += milliseconds(500);
    Ask(30 + i, 29);
    EXPECT_FALSE(IsStuck());
  }
  now_ += milliseconds(500);
  EXPECT_TRUE(IsStuck());
  EXPECT_FALSE(IsGood());
}

}  // namespace
}  // namespace sluice::policy
