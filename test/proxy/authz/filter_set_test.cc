#include "proxy/authz/filter_set.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "proxy/mqtt/topic.h"
#include "test/proxy/authz/enumerate.h"
#include "test/proxy/mqtt/reference_filters.h"

namespace sluice::authz {
namespace {

// The set agrees with the functions for one filter.
// covers: ACE-SCP-2, ACE-SCP-3, ACE-SCP-4
TEST(FilterSetTest, AgreesWithTheFunctionsForOneFilter) {
  const std::vector<std::string> filters = EnumerateFilters(3);
  const std::vector<std::string> topics = EnumerateTopics(3);
  ASSERT_GT(filters.size(), 100u);
  for (const std::string& outer : filters) {
    FilterSet set;
    set.Add(outer);
    for (const std::string& topic : topics) {
      EXPECT_EQ(set.Matches(topic), mqtt::TopicMatches(outer, topic))
          << outer << " " << topic;
    }
    for (const std::string& inner : filters) {
      EXPECT_EQ(set.Covers(inner), mqtt::FilterIsSubset(inner, outer))
          << inner << " in " << outer;
    }
  }
}

using Pair = std::pair<absl::string_view, absl::string_view>;

// covers: ACE-SCP-4
TEST(FilterSetTest, CoversWhatIsWithin) {
  for (const auto& [inner, outer] : std::vector<Pair>{
           {"a", "a"},
           {"a", "+"},
           {"a", "#"},
           {"a", "a/#"},
           {"a/+", "a/#"},
           {"a/+/c", "a/#"},
           {"a/+/c", "+/+/c"},
           {"a/b/#", "a/#"},
           {"a/b/#", "a/+/#"},
           {"+/#", "#"},
           {"#", "#"},
           {"#", "+/#"},
           {"+", "#"},
           {"+", "+/#"},
           {"+/+", "+/#"},
           {"/", "+/+"},
           {"/#", "+/#"},
           {"/#", "/+/#"},  // "" is no topic name: `/#` has no parent
           {"/#", "+/+/#"},
           {"/+/#", "/#"},
           {"$SYS/#", "$SYS/#"},
           {"$SYS/a", "$SYS/+"},
           {"a/$x", "a/+"},
           {"a//c", "a/+/c"},
       }) {
    FilterSet set;
    set.Add(outer);
    EXPECT_TRUE(set.Covers(inner)) << inner << " " << outer;
  }
}

TEST(FilterSetTest, CoversNothingElse) {
  for (const auto& [inner, outer] : std::vector<Pair>{
           {"a", "b"},        {"a", "A"},         {"a", "a/+"},
           {"a", "a/"},       {"a/#", "a/+"},     {"a/#", "a"},
           {"a/#", "a/+/#"},  // misses "a"
           {"#", "a/#"},      {"#", "+"},         {"#", "/#"},
           {"#", "+/+/#"},    {"+/#", "+/+/#"},   {"+", "a"},
           {"a/+", "a/b"},    {"a/+/c", "a/b/c"}, {"+/b", "a/+"},
           {"/#", "+/+/+/#"}, {"/#", "/+"},       {"$SYS/#", "#"},
           {"$SYS/#", "+/#"}, {"$SYS/a", "+/a"},  {"$x", "+"},
           {"#", "$SYS/#"},   {"+", "$x"},        {"ab", "a"},
           {"ab/#", "a/#"},
       }) {
    FilterSet set;
    set.Add(outer);
    EXPECT_FALSE(set.Covers(inner)) << inner << " " << outer;
  }
}

TEST(FilterSetTest, NamesTheFilterThatMatchesOrCovers) {
  FilterSet set;
  for (const char* filter : {"a/b", "a/+/c", "d/#", "+/e"}) set.Add(filter);
  EXPECT_EQ(*set.FindMatch("a/b"), "a/b");
  EXPECT_EQ(*set.FindMatch("a/x/c"), "a/+/c");
  EXPECT_EQ(*set.FindMatch("d"), "d/#");
  EXPECT_EQ(*set.FindMatch("d/x/y"), "d/#");
  EXPECT_EQ(*set.FindMatch("x/e"), "+/e");
  EXPECT_EQ(set.FindMatch("a"), nullptr);
  EXPECT_EQ(*set.FindCover("a/b"), "a/b");
  EXPECT_EQ(*set.FindCover("d/+"), "d/#");
  EXPECT_EQ(set.FindCover("a/#"), nullptr);
}

TEST(FilterSetTest, AnEmptySetMatchesNothing) {
  const FilterSet set;
  EXPECT_TRUE(set.empty());
  EXPECT_FALSE(set.Matches("a"));
  EXPECT_FALSE(set.Covers("#"));
}

// covers: ACE-SCP-3, ACE-SCP-4
TEST(FilterSetTest, OneOfManyIsEnoughAndTwoHalvesAreNot) {
  FilterSet set;
  set.Add("a/+/c");
  set.Add("a/b/#");
  set.Add("x");
  EXPECT_TRUE(set.Matches("a/b/c/d"));
  EXPECT_TRUE(set.Matches("a/z/c"));
  EXPECT_FALSE(set.Matches("a/z/d"));
  EXPECT_TRUE(set.Covers("a/b/+"));
  EXPECT_FALSE(set.Covers("a/+/+"));
  EXPECT_FALSE(set.Covers("+"));
}

TEST(FilterSetTest, SurvivesBeingMoved) {
  FilterSet set;
  for (int i = 0; i < 100; ++i) set.Add(absl::StrCat("d/", i, "/#"));
  const FilterSet moved = std::move(set);
  EXPECT_TRUE(moved.Matches("d/42/x"));
  EXPECT_FALSE(moved.Matches("d/100/x"));
}

TEST(FilterSetTest, TenThousandLevelsAreNoDeepRecursion) {
  std::string deep = "a";
  for (int i = 0; i < 10000; ++i) deep += "/a";
  FilterSet set;
  set.Add(deep);
  set.Add("+/#");
  EXPECT_TRUE(set.Matches(deep));
  EXPECT_TRUE(set.Covers(deep));
}

}  // namespace
}  // namespace sluice::authz
