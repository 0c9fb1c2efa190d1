#include "policy/server/serving_status.h"

#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

TEST(ServingStatusTest, SaysWhatIsMissing) {
  ServingStatus status;
  EXPECT_EQ(status.Missing(), "");
  status.Set(false);
  EXPECT_EQ(status.Missing(), "store: out of reach\n");
  status.Set(true);
  EXPECT_EQ(status.Missing(), "");
  status.Stop();
  EXPECT_EQ(status.Missing(), "policy service: draining\n");
}

}  // namespace
}  // namespace sluice::policy
