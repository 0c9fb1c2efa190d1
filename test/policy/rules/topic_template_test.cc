#include "policy/rules/topic_template.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "proxy/mqtt/topic.h"
#include "test/policy/rules/template_bounds.h"

namespace sluice::policy {
namespace {

std::string Filled(const std::string& text, const std::string& client_id) {
  const auto topic = TopicTemplate::Parse(text);
  EXPECT_TRUE(topic.ok()) << topic.status();
  return absl::StrJoin(topic->FillIn({"alice", client_id}), " | ");
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
       {std::string(), std::string("+"), std::string("#"), std::string("a+"),
        std::string("x/#"), std::string("\0", 1), std::string("\xFF"),
        std::string(1025, 'x')}) {
    EXPECT_EQ(Filled("d/${client_id}/#", value), "d/+/#");
    EXPECT_EQ(Exactly("d/${client_id}/#", value), "none");
  }
  // Not one level, but what `+` does not match is still taken away.
  EXPECT_EQ(Filled("d/${client_id}/state", "a/b"), "d/+/state | d/a/b/state");
  EXPECT_EQ(Exactly("d/${client_id}/state", "a/b"), "none");
  // Topics that begin with '$' are not the client's.
  EXPECT_EQ(Filled("${client_id}/#", "$SYS"), "+/# | $SYS/#");
  EXPECT_EQ(Exactly("${client_id}/#", "$SYS"), "none");
  EXPECT_EQ(Filled("${client_id}/g/#", "$share"), "+/g/#");
  EXPECT_EQ(Filled("d/${client_id}", "$x"), "d/$x");
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

// Whatever a client calls itself: it is let nothing but what the operator wrote
// with any one level in the variable's place, and all that the text says
// literally is taken away.
TEST(TopicTemplateTest, BoundsHoldForEveryValue) {
  const std::vector<std::string> levels = {
      "a", "+", "#", "", "$", "$x", "${client_id}", "a/b"};
  const std::vector<std::string> values = {
      "a", "b", "+", "$x", "", "a/b", "$x/b", "$share", "$share/g", "/", "#"};
  int compared = 0;
  for (const std::string& first : levels) {
    for (const std::string& second : levels) {
      for (const std::string& third : levels) {
        const std::string text = absl::StrJoin({first, second, third}, "/");
        if (!TopicTemplate::Parse(text).ok()) continue;
        for (const std::string& value : values) {
          compared += CheckBounds(text, {value, value});
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
