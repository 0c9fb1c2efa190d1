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

TEST(ConnectionBoundsTest, MoreThanTheDescriptorsAllowIsWarnedOf) {
  LimitsConfig limits;
  EXPECT_EQ(DescriptorWarning(limits, 16), "");
  limits.max_connections = 512;
  EXPECT_EQ(DescriptorWarning(limits, 1024), "");
  EXPECT_EQ(DescriptorWarning(limits, kNoDescriptorLimit), "");
  limits.max_connections = 513;
  EXPECT_EQ(DescriptorWarning(limits, 1024),
            "limits.max_connections: so many clients need 1026 file "
            "descriptors, and the process may have 1024 (ulimit -n, "
            "LimitNOFILE)");
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
