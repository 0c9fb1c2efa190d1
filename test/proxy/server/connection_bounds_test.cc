#include "proxy/server/connection_bounds.h"

#include "gtest/gtest.h"

namespace sluice::server {
namespace {

TEST(ConnectionBoundsTest, ThisProcessMayHaveDescriptors) {
  EXPECT_GT(DescriptorLimit(), 16u);
}

TEST(ConnectionBoundsTest, PendingConnectionsLeaveRoom) {
  LimitsConfig limits;
  EXPECT_EQ(MaxPendingConnections(limits, kNoDescriptorLimit), 1024u);
  EXPECT_EQ(MaxPendingConnections(limits, 1024), 256u);
  limits.max_connections = 100;
  EXPECT_EQ(MaxPendingConnections(limits, 1024), 50u);
  limits.max_pending_connections = 0;
  EXPECT_EQ(MaxPendingConnections(limits, 1024), 0u);
}

// A client has two descriptors.
TEST(ConnectionBoundsTest, ClientsWithoutATokenHaveAQuarter) {
  LimitsConfig limits;
  EXPECT_EQ(MaxAnonymousConnections(limits, 256), 32u);
  limits.max_connections = 1000;
  EXPECT_EQ(MaxAnonymousConnections(limits, 256), 32u);
  EXPECT_EQ(MaxAnonymousConnections(limits, 1 << 20), 250u);
  EXPECT_EQ(MaxAnonymousConnections(limits, kNoDescriptorLimit), 250u);
  limits.max_connections = 0;
  EXPECT_EQ(MaxAnonymousConnections(limits, kNoDescriptorLimit), 0u);
}

// `max_connections` is how many there may be, be it at once or without a
// token.
TEST(ConnectionBoundsTest, OfFewNoneAreKeptBack) {
  LimitsConfig limits;
  limits.max_connections = 16;
  EXPECT_EQ(MaxPendingConnections(limits, 1024), 256u);
  EXPECT_EQ(MaxAnonymousConnections(limits, 1024), 128u);
  EXPECT_EQ(MaxAnonymousConnections(limits, kNoDescriptorLimit), 0u);
  limits.max_connections = 17;
  EXPECT_EQ(MaxPendingConnections(limits, 1024), 8u);
  EXPECT_EQ(MaxAnonymousConnections(limits, 1024), 4u);
}

TEST(ConnectionBoundsTest, HowManyHaveNoTokenIsTheOperatorsToSay) {
  LimitsConfig limits;
  limits.max_connections = 100;
  limits.max_anonymous_connections = 90;
  EXPECT_EQ(MaxAnonymousConnections(limits, 16), 90u);
  limits.max_anonymous_connections = 0;
  EXPECT_EQ(MaxAnonymousConnections(limits, 16), 0u);
}

}  // namespace
}  // namespace sluice::server
