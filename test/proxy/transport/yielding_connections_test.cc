#include "proxy/transport/yielding_connections.h"

#include <gtest/gtest.h>

namespace sluice::transport {
namespace {

const absl::Time kStart = absl::FromUnixSeconds(1700000000);
constexpr absl::Duration kGrace = absl::Seconds(1);

TEST(YieldingConnectionsTest, NoneHasToGoWhereThereIsNone) {
  EXPECT_EQ(YieldingConnections().Victim(kStart, kGrace), absl::nullopt);
}

TEST(YieldingConnectionsTest, WhoHasMostMakesRoomForOthers) {
  YieldingConnections pending;
  pending.Add(1, 10, kStart);
  pending.Add(2, 20, kStart);
  pending.Add(3, 20, kStart);
  pending.Add(4, 20, kStart);
  EXPECT_EQ(pending.VictimFor(30, kStart, kGrace), 2u);
  EXPECT_EQ(pending.VictimFor(10, kStart, kGrace), 2u);
  EXPECT_EQ(pending.Victim(kStart, kGrace), 2u);
  // But not for itself.
  EXPECT_EQ(pending.VictimFor(20, kStart, kGrace), absl::nullopt);
}

// Or else they would end each other's handshakes in turn.
TEST(YieldingConnectionsTest, WhoHasOneMoreMakesNoRoom) {
  YieldingConnections pending;
  pending.Add(1, 10, kStart);
  pending.Add(2, 20, kStart);
  EXPECT_EQ(pending.VictimFor(30, kStart, kGrace), absl::nullopt);
}

TEST(YieldingConnectionsTest, TheOldestMakesRoomOnceItHadItsTime) {
  YieldingConnections pending;
  pending.Add(1, 10, kStart);
  pending.Add(2, 10, kStart + kGrace / 2);
  EXPECT_EQ(pending.VictimFor(10, kStart + kGrace * 0.9, kGrace),
            absl::nullopt);
  EXPECT_EQ(pending.VictimFor(10, kStart + kGrace, kGrace), 1u);
  pending.Remove(1);
  EXPECT_EQ(pending.VictimFor(10, kStart + kGrace, kGrace), absl::nullopt);
}

TEST(YieldingConnectionsTest, WhoIsBusyYieldsToFewerOfAnotherNetworkOnly) {
  YieldingConnections pending;
  pending.Add(1, 10, kStart);
  pending.Add(2, 20, kStart);
  pending.SetBusy(1, true);
  EXPECT_EQ(pending.Victim(kStart + kGrace, kGrace), 2u);
  pending.SetBusy(2, true);
  EXPECT_EQ(pending.Victim(kStart + kGrace, kGrace), absl::nullopt);
  pending.Add(3, 20, kStart);
  EXPECT_EQ(pending.Victim(kStart, kGrace), 2u);
  pending.Remove(3);
  pending.SetBusy(1, false);
  EXPECT_EQ(pending.Victim(kStart + kGrace, kGrace), 1u);
  pending.Remove(1);
  pending.SetBusy(1, false);
  EXPECT_EQ(pending.Victim(kStart + kGrace, kGrace), absl::nullopt);
}

TEST(YieldingConnectionsTest, ForgetsWhatIsLetIn) {
  YieldingConnections pending;
  for (uint64_t id = 1; id <= 6; ++id) pending.Add(id, id % 2, kStart);
  pending.Remove(2);
  pending.Remove(4);
  pending.Remove(4);
  EXPECT_EQ(pending.size(), 4u);
  EXPECT_EQ(pending.Victim(kStart, kGrace), 1u);
  for (uint64_t id = 1; id <= 6; ++id) pending.Remove(id);
  EXPECT_EQ(pending.size(), 0u);
  EXPECT_EQ(pending.Victim(kStart + 2 * kGrace, kGrace), absl::nullopt);
}

}  // namespace
}  // namespace sluice::transport
