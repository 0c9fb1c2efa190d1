#include "policy/rules/topic_template.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "proxy/mqtt/topic.h"

namespace sluice::policy {
namespace {

std::string Filled(const std::string& text, const std::string& client_id) {
  const auto topic = TopicTemplate::Parse(text);
  EXPECT_TRUE(topic.ok()) << topic.status();
  return topic->FillIn({"alice", client_id});
}
std::string Exactly(const std::string& text, const std::string& client_id) {
  const auto topic = TopicTemplate::Parse(text);
  EXPECT_TRUE(topic.ok()) << topic.status();
  std::string filter;
  return topic->FillInExactly({"alice", client_id}, &filter) ? filter : "none";
}

TEST(TopicTemplateTest, FillsInWholeLevels) {
  const std::string text = "plant/${subject}/+/${client_id}/#";
  EXPECT_EQ(Filled(text, "pump 7"), "plant/alice/+/pump 7/#");
  EXPECT_EQ(Exactly(text, "pump 7"), "plant/alice/+/pump 7/#");
  EXPECT_EQ(Filled("${client_id}", "p"), "p");
  EXPECT_EQ(Exactly("a/#", ""), "a/#");
}

TEST(TopicTemplateTest, AClientGainsNothingByItsName) {
  for (const std::string& value :
       {std::string(), std::string("+"), std::string("#"), std::string("a/b"),
        std::string("a+"), std::string("x/#"), std::string("\0", 1),
        std::string("\xFF"), std::string(1025, 'x')}) {
    EXPECT_EQ(Filled("d/${client_id}/#", value), "d/+/#");
    EXPECT_EQ(Exactly("d/${client_id}/#", value), "none");
  }
  // Topics that begin with '$' are not the client's.
  EXPECT_EQ(Exactly("${client_id}/#", "$SYS"), "none");
  EXPECT_EQ(Filled("${client_id}/#", "$SYS"), "$SYS/#");
  EXPECT_EQ(Filled("${client_id}/g/#", "$share"), "+/g/#");
  EXPECT_EQ(Exactly("d/${client_id}", "$x"), "d/$x");
}

TEST(TopicTemplateTest, WhatGetsTooLongIsWidened) {
  std::string text = "d";
  for (int i = 0; i < 100; ++i) text += "/${client_id}";
  const std::string value(1024, 'x');
  const std::string filled = Filled(text, value);
  EXPECT_EQ(filled.size(), 1 + 100 * 2u);
  EXPECT_TRUE(mqtt::IsValidTopicFilter(filled));
  EXPECT_EQ(Exactly(text, value), "none");
}

// FillIn() covers whatever the exact filter does, and both are valid.
TEST(TopicTemplateTest, TheWideFilterCoversTheExactOne) {
  const std::vector<std::string> levels = {
      "a", "+", "#", "", "$", "$x", "${client_id}", "a/b"};
  const std::vector<std::string> values = {"a", "b",   "+",     "$x",
                                           "",  "a/b", "$share"};
  int compared = 0;
  for (const std::string& first : levels) {
    for (const std::string& second : levels) {
      for (const std::string& third : levels) {
        const auto topic =
            TopicTemplate::Parse(first + "/" + second + "/" + third);
        if (!topic.ok()) continue;
        for (const std::string& value : values) {
          const TopicVariables variables{"alice", value};
          const std::string wide = topic->FillIn(variables);
          ASSERT_TRUE(mqtt::IsValidTopicFilter(wide)) << wide;
          ASSERT_FALSE(mqtt::IsShared(wide)) << wide;
          std::string exact;
          if (!topic->FillInExactly(variables, &exact)) continue;
          ASSERT_TRUE(mqtt::FilterIsSubset(exact, wide)) << exact;
          ++compared;
        }
      }
    }
  }
  EXPECT_GT(compared, 500);
}

TEST(TopicTemplateTest, IsATopicFilter) {
  for (const char* text :
       {"", "a/#/b", "a+", "$share/g/a", "$share/${client_id}/a",
        "a/x${client_id}", "${client_id}x", "${clientid}", "${", "a/${}"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(TopicTemplate::Parse(text).status()))
        << text;
  }
}

}  // namespace
}  // namespace sluice::policy
