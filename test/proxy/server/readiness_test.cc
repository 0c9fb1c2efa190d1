#include "proxy/server/readiness.h"

#include "gtest/gtest.h"

namespace sluice::server {
namespace {

TEST(ReadinessTest, SaysWhatIsMissing) {
  bool policy = false;
  bool broker = false;
  Readiness readiness(
      {[&policy] { return policy; }, [&broker] { return broker; }});
  EXPECT_EQ(readiness.Missing(),
            "listeners: not accepting\npolicy service: no answer\n"
            "broker: unreachable\n");
  readiness.SetListening(true);
  policy = true;
  EXPECT_EQ(readiness.Missing(), "broker: unreachable\n");
  broker = true;
  EXPECT_EQ(readiness.Missing(), "");
  readiness.SetDraining();
  EXPECT_EQ(readiness.Missing(), "proxy: draining\n");
}

}  // namespace
}  // namespace sluice::server
