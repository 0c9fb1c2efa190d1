#include "proxy/base/line_queue.h"

#include <cstdint>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace sluice {
namespace {

using Priority = LineQueue::Priority;

TEST(LineQueueTest, KeepsTheOrder) {
  LineQueue queue(100);
  EXPECT_TRUE(queue.Push("a\n", Priority::kLow));
  EXPECT_TRUE(queue.Push("b\n", Priority::kHigh));
  EXPECT_TRUE(queue.Push("c\n", Priority::kLow));
  std::string lines = "old";
  EXPECT_TRUE(queue.Take(&lines));
  EXPECT_EQ(lines, "a\nb\nc\n");
}

TEST(LineQueueTest, RefusesWhatDoesNotFit) {
  LineQueue queue(10);
  EXPECT_TRUE(queue.Push("12345678\n", Priority::kHigh));
  EXPECT_FALSE(queue.Push("9\n", Priority::kHigh));
  EXPECT_TRUE(queue.Push("\n", Priority::kHigh));
  EXPECT_FALSE(queue.Push("\n", Priority::kHigh));
  std::string lines;
  uint64_t refused;
  EXPECT_TRUE(queue.Take(&lines, &refused));
  EXPECT_EQ(lines, "12345678\n\n");
  EXPECT_EQ(refused, 2u);
  EXPECT_EQ(queue.refused(), 2u);
  EXPECT_TRUE(queue.Push("123456789\n", Priority::kHigh));
  LineQueue tiny(4);
  EXPECT_FALSE(tiny.Push("12345678\n", Priority::kHigh));
}

TEST(LineQueueTest, LeavesHalfOfTheRoomToHighPriority) {
  LineQueue queue(10);
  EXPECT_TRUE(queue.Push("1234\n", Priority::kLow));
  EXPECT_FALSE(queue.Push("\n", Priority::kLow));
  EXPECT_TRUE(queue.Push("5678\n", Priority::kHigh));
  EXPECT_FALSE(queue.Push("\n", Priority::kHigh));
}

TEST(LineQueueTest, TakesOnWakingWithoutLines) {
  LineQueue queue(10);
  queue.Wake();
  std::string lines = "old";
  EXPECT_TRUE(queue.Take(&lines));
  EXPECT_EQ(lines, "");
}

TEST(LineQueueTest, GivesOutWhatIsLeftAfterClosing) {
  LineQueue queue(10);
  EXPECT_TRUE(queue.Push("a\n", Priority::kLow));
  queue.Close();
  EXPECT_FALSE(queue.Push("b\n", Priority::kHigh));
  std::string lines;
  EXPECT_TRUE(queue.Take(&lines));
  EXPECT_EQ(lines, "a\n");
  EXPECT_FALSE(queue.Take(&lines));
}

TEST(LineQueueTest, AWaitingTakerGetsWhatComes) {
  LineQueue queue(10);
  std::string lines;
  std::thread taker([&] { EXPECT_TRUE(queue.Take(&lines)); });
  EXPECT_TRUE(queue.Push("a\n", Priority::kLow));
  taker.join();
  EXPECT_EQ(lines, "a\n");
}

TEST(LineQueueTest, IsIdleOnceTheTakerIsBack) {
  LineQueue queue(10);
  EXPECT_TRUE(queue.Push("a\n", Priority::kLow));
  EXPECT_FALSE(queue.WaitUntilIdle(absl::ZeroDuration()));
  std::string lines;
  EXPECT_TRUE(queue.Take(&lines));
  // Taken, but who knows what has become of it.
  EXPECT_FALSE(queue.WaitUntilIdle(absl::ZeroDuration()));
  std::thread taker([&] { EXPECT_FALSE(queue.Take(&lines)); });
  EXPECT_TRUE(queue.WaitUntilIdle(absl::Minutes(1)));
  queue.Close();
  taker.join();
  EXPECT_TRUE(queue.WaitUntilIdle(absl::ZeroDuration()));
}

}  // namespace
}  // namespace sluice
