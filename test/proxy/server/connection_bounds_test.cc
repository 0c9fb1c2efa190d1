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
  limits.max_connections = 1;
  EXPECT_EQ(MaxPendingConnections(limits, 1024), 1u);
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
  limits.max_connections = 2;
  EXPECT_EQ(MaxAnonymousConnections(limits, 256), 1u);
  limits.max_connections = 0;
  EXPECT_EQ(MaxAnonymousConnections(limits, kNoDescriptorLimit), 0u);
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
