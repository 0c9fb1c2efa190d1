#include "policy/admin/resource_name.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::policy {
namespace {

TEST(ResourceNameTest, HasACollectionAndAnId) {
  EXPECT_EQ(IdOf("rules/a-1_B.c", "rules"), "a-1_B.c");
  for (const char* wrong :
       {"", "rules", "rules/", "rules/a/b", "rules/a b", "rule/a", "rulesx/a",
        "/rules/a", "rules/\xc3\xa4"}) {
    EXPECT_EQ(IdOf(wrong, "rules"), std::nullopt) << wrong;
  }
  EXPECT_EQ(IdOf("rules/" + std::string(255, 'x'), "rules")->size(), 255u);
  EXPECT_EQ(IdOf("rules/" + std::string(256, 'x'), "rules"), std::nullopt);
}

TEST(ResourceNameTest, OfASessionHasItsProxy) {
  const auto name = ReadSessionName("proxies/host-1/sessions/s.1");
  ASSERT_TRUE(name.has_value());
  EXPECT_EQ(name->proxy, "host-1");
  EXPECT_EQ(name->id, "s.1");
  for (const char* wrong :
       {"", "proxies/a/sessions", "proxies/a/sessions/", "proxies//sessions/b",
        "sessions/b", "proxies/a/session/b", "proxies/a/sessions/b/c"}) {
    EXPECT_FALSE(ReadSessionName(wrong).has_value()) << wrong;
  }
}

}  // namespace
}  // namespace sluice::policy
