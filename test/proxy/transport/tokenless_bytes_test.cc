#include "proxy/transport/tokenless_bytes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>

namespace sluice::transport {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr size_t kMiB = 1024 * 1024;

TEST(TokenlessBytesTest, IsOverAboveTheBoundOfAll) {
  TokenlessBytes bytes;
  bytes.Set(1, 30 * kMiB);
  bytes.Set(2, 2 * kMiB);
  EXPECT_FALSE(bytes.is_over());
  bytes.Set(3, 1);
  EXPECT_TRUE(bytes.is_over());
  bytes.Set(1, 29 * kMiB);
  EXPECT_FALSE(bytes.is_over());
  bytes.Set(2, 4 * kMiB);
  EXPECT_TRUE(bytes.is_over());
  bytes.Set(1, 0);
  EXPECT_FALSE(bytes.is_over());
  bytes.Set(1, 0);
  EXPECT_FALSE(bytes.is_over());
}

TEST(TokenlessBytesTest, WhoHoldsTheMostHasToGo) {
  TokenlessBytes bytes;
  bytes.Set(1, 3 * kMiB);
  bytes.Set(2, 20 * kMiB);
  bytes.Set(3, 9 * kMiB);
  bytes.Set(4, 1 * kMiB);
  EXPECT_TRUE(bytes.is_over());
  EXPECT_THAT(bytes.Victims(), ElementsAre(2));
  bytes.Set(2, 0);
  EXPECT_THAT(bytes.Victims(), IsEmpty());
}

// However many share it.
TEST(TokenlessBytesTest, ManyWithLittleHaveToGoAsWell) {
  TokenlessBytes bytes;
  for (uint64_t id = 1; id <= 9000; ++id) bytes.Set(id, 4000);
  ASSERT_TRUE(bytes.is_over());
  for (const uint64_t id : bytes.Victims()) bytes.Set(id, 0);
  EXPECT_FALSE(bytes.is_over());
  EXPECT_THAT(bytes.Victims(), IsEmpty());
}

}  // namespace
}  // namespace sluice::transport
