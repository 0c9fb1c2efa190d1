#include "proxy/session/decision_recorder.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <set>
#include <string>

#include "proxy/session/decision_id.h"

namespace sluice::session {
namespace {

class SeededRandom : public RandomInterface {
 public:
  void Fill(absl::Span<uint8_t> out) override {
    for (uint8_t& byte : out) byte = static_cast<uint8_t>(engine_());
  }

 private:
  std::mt19937 engine_{1};
};

class LastDecision : public DecisionObserverInterface {
 public:
  bool IsListening() const override { return listening; }
  void OnDecision(const Decision& decision) override { last = decision; }
  bool listening = true;
  Decision last;
};

// RFC 9562 appendix A.6, but for the part of a millisecond.
TEST(DecisionIdTest, IsAUuidOfVersion7) {
  const absl::Time now = absl::FromUnixMillis(0x017F22E279B0);
  const DecisionId id =
      DecisionId::Make(now + absl::Microseconds(500),
                       {0xD8, 0xC4, 0xDC, 0x0C, 0x0C, 0x07, 0x39, 0x8F});
  EXPECT_EQ(id.ToString(), "017f22e2-79b0-7800-98c4-dc0c0c07398f");
  EXPECT_EQ(id.ToString().size(), DecisionId::kTextSize);
  EXPECT_FALSE(id.empty());
  EXPECT_TRUE(DecisionId().empty());
}

TEST(DecisionIdTest, SortsByTime) {
  std::string last;
  for (int i = 0; i < 5000; ++i) {
    const absl::Time now =
        absl::FromUnixSeconds(1800000000) + absl::Microseconds(i);
    const std::string id =
        DecisionId::Make(now, {static_cast<uint8_t>(-i)}).ToString();
    ASSERT_LT(last, id);
    last = id;
  }
}

class DecisionRecorderTest : public ::testing::Test {
 protected:
  // Messages of a million that are taken.
  int TakenOfAMillion(double sample) {
    DecisionRecorder recorder(&observer_, &random_, sample);
    int taken = 0;
    for (int i = 0; i < 1000000; ++i) taken += recorder.TakesMessage() ? 1 : 0;
    return taken;
  }

  SeededRandom random_;
  LastDecision observer_;
};

TEST_F(DecisionRecorderTest, TakesNoneAndAll) {
  EXPECT_EQ(TakenOfAMillion(0), 0);
  EXPECT_EQ(TakenOfAMillion(1), 1000000);
}

TEST_F(DecisionRecorderTest, RecordsNothingWhereNobodyListens) {
  observer_.listening = false;
  EXPECT_EQ(TakenOfAMillion(1), 0);
  DecisionRecorder recorder(&observer_, &random_, 1);
  Decision decision;
  decision.topic = "a";
  EXPECT_TRUE(recorder.Record(decision).empty());
  EXPECT_EQ(observer_.last.topic, "");
  observer_.listening = true;
  EXPECT_FALSE(recorder.Record(decision).empty());
  EXPECT_EQ(observer_.last.topic, "a");
}

TEST_F(DecisionRecorderTest, TakesTheGivenPart) {
  // Within six standard deviations.
  EXPECT_NEAR(TakenOfAMillion(0.01), 10000, 600);
  EXPECT_NEAR(TakenOfAMillion(0.3), 300000, 2800);
  EXPECT_NEAR(TakenOfAMillion(0.999), 999000, 200);
  EXPECT_LE(TakenOfAMillion(1e-300), 1);
}

// Or a client that sends in step would be seen always, or never.
TEST_F(DecisionRecorderTest, TakesAtIrregularIntervals) {
  DecisionRecorder recorder(&observer_, &random_, 0.01);
  std::set<int> gaps;
  int gap = 0;
  for (int i = 0; i < 10000; ++i) {
    ++gap;
    if (!recorder.TakesMessage()) continue;
    gaps.insert(gap);
    gap = 0;
  }
  EXPECT_GT(gaps.size(), 20u);
}

TEST_F(DecisionRecorderTest, GivesTimeAndAnIdOfItsOwn) {
  DecisionRecorder recorder(&observer_, &random_, 1,
                            [] { return absl::FromUnixMillis(1800000000123); });
  Decision decision;
  decision.topic = "a/b";
  const DecisionId first = recorder.Record(decision);
  EXPECT_EQ(observer_.last.topic, "a/b");
  EXPECT_EQ(observer_.last.time, absl::FromUnixMillis(1800000000123));
  EXPECT_EQ(observer_.last.id.ToString(), first.ToString());
  EXPECT_NE(recorder.Record(decision).ToString(), first.ToString());
}

}  // namespace
}  // namespace sluice::session
