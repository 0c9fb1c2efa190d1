#include "policy/ctl/resource_name.h"

#include <gtest/gtest.h>

namespace sluice::ctl {
namespace {

TEST(ResourceNameTest, IsTheIdOrTheWhole) {
  EXPECT_EQ(NameIn("rules", "a"), "rules/a");
  EXPECT_EQ(NameIn("rules", "rules/a"), "rules/a");
  EXPECT_EQ(NameIn("rules", "rules"), "rules/rules");
  // No name of another collection: the server has the last word.
  EXPECT_EQ(NameIn("rules", "tokens/a"), "rules/tokens/a");
}

}  // namespace
}  // namespace sluice::ctl
