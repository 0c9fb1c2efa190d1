#include "proxy/mqtt/topic.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// covers: ACE-SCP-2, ACE-SCP-4, EDGE-2

namespace sluice::mqtt {
namespace {

TEST(TopicTest, KnowsTopicNames) {
  for (const absl::string_view topic :
       {"a", "/", "//", "a/", "/a", "a b", "$SYS/x", "$share/g/t", "$",
        "\xc3\xa4", "\x01"}) {
    EXPECT_TRUE(IsValidTopicName(topic)) << topic;
  }
  for (const std::string& topic :
       {std::string(), std::string("+"), std::string("#"), std::string("a+"),
        std::string("a/#"), std::string("a\0b", 3), std::string("\xc3"),
        std::string(65536, 'a')}) {
    EXPECT_FALSE(IsValidTopicName(topic)) << topic.substr(0, 9);
  }
  EXPECT_TRUE(IsValidTopicName(std::string(65535, 'a')));
}

TEST(TopicTest, KnowsTopicFilters) {
  for (const absl::string_view filter :
       {"a",          "/",          "//",         "#",          "+",
        "/#",         "+/#",        "a/#",        "+/+",        "a/+/b",
        "/+",         "+/",         "a//b",       "$SYS/#",     "$SYS/+",
        "$share",     "$sharE/#",   "$share/g/t", "$share/g/#", "$share/g/+/x",
        "$share/g//", "$share/$g/t"}) {
    EXPECT_TRUE(IsValidTopicFilter(filter)) << filter;
  }
  for (const absl::string_view filter : {"",
                                         "a#",
                                         "#a",
                                         "a/#/b",
                                         "#/",
                                         "##",
                                         "a+",
                                         "+a",
                                         "a/+b/c",
                                         "++",
                                         "a/b+/c",
                                         "/a#",
                                         "+#",
                                         "#+",
                                         "$share/",
                                         "$share/g",
                                         "$share/g/",
                                         "$share//t",
                                         "$share/+/t",
                                         "$share/#/t",
                                         "$share/g+/t",
                                         "$share/g/t#",
                                         "$share/g/$share/h/t",
                                         "\xff"}) {
    EXPECT_FALSE(IsValidTopicFilter(filter)) << filter;
  }
  EXPECT_FALSE(IsValidTopicFilter(absl::string_view("a\0b", 3)));
}

TEST(TopicTest, TakesTheShareOff) {
  EXPECT_EQ(WithoutShare("$share/g/a/b"), "a/b");
  EXPECT_EQ(WithoutShare("$share/g/#"), "#");
  EXPECT_EQ(WithoutShare("$share/g//a"), "/a");
  EXPECT_EQ(WithoutShare("a/b"), "a/b");
  EXPECT_EQ(WithoutShare("$share"), "$share");
  EXPECT_EQ(WithoutShare("$shared/g/a"), "$shared/g/a");
  EXPECT_TRUE(IsShared("$share/g/a"));
  EXPECT_FALSE(IsShared("$share"));
  EXPECT_FALSE(IsShared("share/g/a"));
}

TEST(TopicTest, KnowsWhatIsValidAndNotShared) {
  for (const absl::string_view filter : {"a/+/#", "$share", "$shared/g/a"}) {
    EXPECT_TRUE(IsValidUnsharedFilter(filter)) << filter;
  }
  for (const absl::string_view filter : {"", "a#", "$share/g/a", "$share/g"}) {
    EXPECT_FALSE(IsValidUnsharedFilter(filter)) << filter;
  }
}

struct Pair {
  absl::string_view left;
  absl::string_view right;
};

TEST(TopicTest, Matches) {
  for (const auto& [filter, topic] : std::vector<Pair>{
           {"a", "a"},
           {"a/b", "a/b"},
           {"#", "a"},
           {"#", "a/b/c"},
           {"#", "/"},
           {"#", "/$SYS"},
           {"+", "a"},
           {"+/+", "/"},
           {"+/+", "/finance"},
           {"/+", "/finance"},
           {"/+", "/"},
           {"/", "/"},
           {"a/#", "a"},  // the parent level
           {"a/#", "a/"},
           {"a/#", "a/b"},
           {"a/#", "a/b/c"},
           {"/#", "/"},
           {"/#", "/a"},
           {"+/#", "a"},
           {"+/#", "a/b"},
           {"+/#", "/"},
           {"a/+", "a/"},
           {"a/+", "a/b"},
           {"a/+/c", "a/b/c"},
           {"a/+/c", "a//c"},
           {"a//c", "a//c"},
           {"+/b/#", "a/b"},
           {"+/b/#", "/b/c"},
           {"a/+/#", "a/b"},
           {"a/+/#", "a/"},
           {"$SYS/#", "$SYS"},
           {"$SYS/#", "$SYS/x"},
           {"$SYS/+", "$SYS/x"},
           {"a/#", "a/$x"},
           {"a/+", "a/$x"},
           {"\xc3\xa4/+", "\xc3\xa4/b"},
       }) {
    EXPECT_TRUE(TopicMatches(filter, topic)) << filter << " " << topic;
  }
}

TEST(TopicTest, DoesNotMatch) {
  for (const auto& [filter, topic] : std::vector<Pair>{
           {"a", "b"},        {"a", "A"},        {"a", "a/"},
           {"a/", "a"},       {"a", "/a"},       {"/a", "a"},
           {"a", "ab"},       {"ab", "a"},       {"+", "/"},
           {"+", "/finance"}, {"+", "a/b"},      {"+/+", "a"},
           {"+/+", "a/b/c"},  {"a/+", "a"},      {"a/+", "a/b/c"},
           {"a/+/c", "a/c"},  {"a/+/#", "a"},    {"a/#", "ab"},
           {"a/#", "b/a"},    {"/#", "a"},       {"+/b/#", "a/bc"},
           {"#", "$SYS"},  // section 4.7.2
           {"#", "$SYS/x"},   {"#", "$"},        {"+", "$x"},
           {"+/x", "$SYS/x"}, {"+/#", "$SYS/x"}, {"$SYS/#", "$SYSTEM"},
       }) {
    EXPECT_FALSE(TopicMatches(filter, topic)) << filter << " " << topic;
  }
}

}  // namespace
}  // namespace sluice::mqtt
