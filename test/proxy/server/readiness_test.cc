#include "proxy/server/readiness.h"

#include <string>

#include "gtest/gtest.h"

namespace sluice::server {
namespace {

TEST(ReadinessTest, SaysWhatIsMissing) {
  std::string policy = "no answer";
  bool broker = false;
  Readiness readiness(
      {[&policy] { return policy; }, [&broker] { return broker; }});
  EXPECT_EQ(readiness.Missing(),
            "listeners: not accepting\npolicy service: no answer\n"
            "broker: unreachable\n");
  readiness.SetListening(true);
  policy = "the store is out of reach";
  broker = true;
  EXPECT_EQ(readiness.Missing(), "policy service: the store is out of reach\n");
  policy = "";
  broker = false;
  EXPECT_EQ(readiness.Missing(), "broker: unreachable\n");
  broker = true;
  EXPECT_EQ(readiness.Missing(), "");
  readiness.SetDraining();
  EXPECT_EQ(readiness.Missing(), "proxy: draining\n");
}

}  // namespace
}  // namespace sluice::server
