#include "proxy/transport/visit_pace.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "absl/time/time.h"

namespace sluice::transport {
namespace {

constexpr uint64_t kStart = 1'000'000'000;

int TakeAll(VisitPace* pace) {
  int taken = 0;
  while (pace->Take()) ++taken;
  return taken;
}

TEST(VisitPaceTest, NoneIsDueByDefault) {
  VisitPace pace;
  pace.BeginTurn(kStart);
  EXPECT_FALSE(pace.Take());
}

TEST(VisitPaceTest, SoManyAreDueEachTurn) {
  VisitPace pace = VisitPace::EachTurn(3);
  for (int turn = 0; turn < 4; ++turn) {
    pace.BeginTurn(kStart + turn);
    EXPECT_EQ(TakeAll(&pace), 3);
  }
  // What one turn did not get to is not made up for.
  pace.BeginTurn(kStart);
  EXPECT_TRUE(pace.Take());
  pace.BeginTurn(kStart);
  EXPECT_EQ(TakeAll(&pace), 3);
}

TEST(VisitPaceTest, AllAreDueWithinTheTimeHoweverLongTurnsAre) {
  for (const uint64_t turn :
       {10'000'000, 11'300'000, 47'000'001, 900'000'000}) {
    for (const int visits : {1, 5, 1000}) {
      const absl::Duration time = absl::Seconds(20);
      VisitPace pace = VisitPace::Within(time, visits, kStart);
      int taken = 0;
      uint64_t now = kStart;
      for (; taken < visits; now += turn) {
        pace.BeginTurn(now);
        taken += TakeAll(&pace);
        // Neither early nor late.
        const double share = static_cast<double>(now - kStart) / 20e9;
        ASSERT_LE(taken, visits * share + 1e-3);
        ASSERT_GT(taken, visits * share - 1 - 1e-3);
      }
      EXPECT_LE(now - turn, kStart + 20'000'000'000 + turn);
    }
  }
}

TEST(VisitPaceTest, AllAreDueAtOnceWithoutTime) {
  VisitPace pace = VisitPace::Within(absl::ZeroDuration(), 7, kStart);
  pace.BeginTurn(kStart + 1);
  EXPECT_EQ(TakeAll(&pace), 7);
}

}  // namespace
}  // namespace sluice::transport
