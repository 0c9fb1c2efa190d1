#include "proxy/session/packet_id_set.h"

#include <gtest/gtest.h>

#include "test/testing/allocation_counter.h"

namespace sluice::session {
namespace {

TEST(PacketIdSetTest, HoldsWhatWasInsertedUntilItIsErased) {
  PacketIdSet set;
  EXPECT_FALSE(set.Contains(1));
  EXPECT_FALSE(set.Erase(1));
  for (const uint16_t id : {1, 255, 256, 0xFFFF}) {
    EXPECT_TRUE(set.Insert(id));
    EXPECT_FALSE(set.Insert(id));
    EXPECT_TRUE(set.Contains(id));
  }
  EXPECT_FALSE(set.Contains(2));
  EXPECT_FALSE(set.Erase(2));
  EXPECT_FALSE(set.Contains(0x1FF));
  EXPECT_FALSE(set.Erase(0x1FF));
  for (const uint16_t id : {1, 255, 256, 0xFFFF}) {
    EXPECT_TRUE(set.Erase(id));
    EXPECT_FALSE(set.Erase(id));
    EXPECT_FALSE(set.Contains(id));
  }
}

TEST(PacketIdSetTest, AllIdentifiersTakeFewAllocations) {
  PacketIdSet set;
  const uint64_t before = sluice::testing::Allocations();
  for (int id = 1; id <= 0xFFFF; ++id) set.Insert(static_cast<uint16_t>(id));
  // It doubles up to room for the 256 pages.
  EXPECT_LE(sluice::testing::Allocations() - before, 12u);
}

}  // namespace
}  // namespace sluice::session
