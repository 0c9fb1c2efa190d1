#include "proxy/session/checked_filters.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "proxy/authz/rule.h"
#include "test/testing/rule_text.h"

namespace sluice::session {
namespace {

authz::Rule RuleOf(const std::string& name, const std::string& checker) {
  return *authz::Rule::Compile(sluice::testing::RuleFromText(
      absl::StrCat("name: '", name,
                   "' subscribe: true topic_filters: '#' "
                   "external_check { checker: '",
                   checker, "' }")));
}

TEST(CheckedFiltersTest, CoverWhatPassedTheSameChecker) {
  const authz::Rule rule = RuleOf("rules/a", "one");
  CheckedFilters filters;
  EXPECT_FALSE(filters.Cover(rule, "a/b"));
  filters.Add(rule, "a/+");
  EXPECT_TRUE(filters.Cover(rule, "a/b"));
  EXPECT_FALSE(filters.Cover(rule, "a/b/c"));
  EXPECT_FALSE(filters.Cover(RuleOf("rules/b", "one"), "a/b"));
  EXPECT_FALSE(filters.Cover(RuleOf("rules/a", "two"), "a/b"));
}

TEST(CheckedFiltersTest, WhatIsCoveredAlreadyTakesNoRoom) {
  const authz::Rule rule = RuleOf("rules/a", "one");
  CheckedFilters filters;
  filters.Add(rule, "a/#");
  const size_t bytes = filters.bytes();
  filters.Add(rule, "a/#");
  filters.Add(rule, "a/b");
  EXPECT_EQ(filters.bytes(), bytes);
}

// Each level is a node of its own.
TEST(CheckedFiltersTest, LevelsCountAgainstTheBound) {
  const authz::Rule rule = RuleOf("rules/a", "one");
  CheckedFilters filters;
  filters.set_max_bytes(1000);
  filters.Add(rule, "a/b");
  std::string many = "c";
  for (int i = 0; i < 20; ++i) many += "/c";
  filters.Add(rule, many);
  EXPECT_TRUE(filters.Cover(rule, "a/b"));
  EXPECT_FALSE(filters.Cover(rule, many));
  EXPECT_LE(filters.bytes(), 1000u);
}

}  // namespace
}  // namespace sluice::session
