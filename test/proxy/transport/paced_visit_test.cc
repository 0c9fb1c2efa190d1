#include "proxy/transport/paced_visit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::transport {
namespace {

using ::testing::ElementsAre;

TEST(QueueVisitsTest, TheLastComesFirst) {
  std::vector<uint64_t> to_visit;
  QueueVisits({1, 2, 3}, &to_visit);
  EXPECT_THAT(to_visit, ElementsAre(1, 2, 3));
}

TEST(QueueVisitsTest, WhoWaitsIsNotOvertaken) {
  std::vector<uint64_t> to_visit = {1, 2};
  QueueVisits({1, 2, 3, 4}, &to_visit);
  EXPECT_THAT(to_visit, ElementsAre(3, 4, 1, 2));
}

// With a change after every visit.
TEST(QueueVisitsTest, EachHasItsTurnWhileThereIsAlwaysSomethingNew) {
  std::vector<uint64_t> to_visit;
  std::vector<uint64_t> visited;
  for (int i = 0; i < 6; ++i) {
    QueueVisits({1, 2, 3}, &to_visit);
    visited.push_back(to_visit.back());
    to_visit.pop_back();
  }
  EXPECT_THAT(visited, ElementsAre(3, 2, 1, 3, 2, 1));
}

}  // namespace
}  // namespace sluice::transport
