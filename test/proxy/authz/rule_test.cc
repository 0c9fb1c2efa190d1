#include "proxy/authz/rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/protobuf/unknown_field_set.h"
#include "test/testing/rule_text.h"

namespace sluice::authz {
namespace {

using ::sluice::testing::RuleFromText;
using ::testing::HasSubstr;

policy::v1::Rule Message(const char* text) {
  policy::v1::Rule message;
  EXPECT_TRUE(message.ParseFromString(RuleFromText(text)));
  return message;
}

Rule Compiled(const char* text) {
  absl::StatusOr<Rule> rule = Rule::Compile(RuleFromText(text));
  EXPECT_TRUE(rule.ok()) << rule.status();
  return *std::move(rule);
}

TEST(RuleTest, RefusesWhatWouldNotBeHeldInFull) {
  const struct {
    const char* rule;
    const char* error;
  } kCases[] = {
      {"publish: true deny {}", "without a name"},
      {"name: 'r' deny {}", "neither publishing nor subscribing"},
      {"name: 'r' publish: true", "without an effect"},
      {"name: 'r' publish: true limits {}", "without a limit"},
      {"name: 'r' publish: true limits { no_retain: false }",
       "without a limit"},
      {"name: 'r' publish: true limits { max_qos: 3 }", "QoS over 2"},
      {"name: 'r' publish: true topic_filters: 'a/#/b' deny {}",
       "invalid topic filter"},
      {"name: 'r' publish: true topic_filters: '' deny {}",
       "invalid topic filter"},
      {"name: 'r' publish: true topic_filters: '$share/g/a' deny {}",
       "invalid topic filter"},
      {"name: 'r' publish: true except_topic_filters: 'a+' deny {}",
       "invalid topic filter"},
  };
  for (const auto& c : kCases) {
    const absl::StatusOr<Rule> rule = Rule::Compile(RuleFromText(c.rule));
    ASSERT_FALSE(rule.ok()) << c.rule;
    EXPECT_THAT(std::string(rule.status().message()), HasSubstr(c.error));
  }
  EXPECT_THAT(std::string(Rule::Compile("\xFF").status().message()),
              HasSubstr("cannot be read"));
}

TEST(RuleTest, RefusesFieldsThatAreNewerThanThisProgram) {
  const auto add_field = [](google::protobuf::Message* message) {
    message->GetReflection()->MutableUnknownFields(message)->AddVarint(99, 1);
  };
  policy::v1::Rule rule = Message("name: 'r' publish: true deny {}");
  ASSERT_TRUE(Rule::Compile(rule.SerializeAsString()).ok());
  add_field(&rule);
  EXPECT_FALSE(Rule::Compile(rule.SerializeAsString()).ok());
  rule = Message("name: 'r' publish: true deny {}");
  add_field(rule.mutable_deny());
  EXPECT_FALSE(Rule::Compile(rule.SerializeAsString()).ok());
  rule = Message("name: 'r' publish: true limits { max_qos: 1 }");
  ASSERT_TRUE(Rule::Compile(rule.SerializeAsString()).ok());
  add_field(rule.mutable_limits());
  EXPECT_FALSE(Rule::Compile(rule.SerializeAsString()).ok());
}

TEST(RuleTest, IsAboutItsTopicsButForItsExceptions) {
  const Rule rule = Compiled(
      "name: 'r' publish: true subscribe: true topic_filters: 'devices/#' "
      "topic_filters: 'x' except_topic_filters: 'devices/me/#' deny {}");
  EXPECT_TRUE(rule.IsAboutPublish("devices/other/a"));
  EXPECT_TRUE(rule.IsAboutPublish("x"));
  EXPECT_FALSE(rule.IsAboutPublish("devices/me/a"));
  EXPECT_FALSE(rule.IsAboutPublish("y"));
  EXPECT_TRUE(rule.IsAboutSubscription("devices/other"));
  EXPECT_FALSE(rule.IsAboutSubscription("devices/me"));
  // A subscription may bring what the rule is about beside what it is not.
  EXPECT_TRUE(rule.IsAboutSubscription("#"));
  EXPECT_TRUE(rule.IsAboutSubscription("devices/+/a"));
  EXPECT_TRUE(rule.IsAboutSubscription("+"));
  EXPECT_FALSE(rule.IsAboutSubscription("devices/me/+"));
  EXPECT_FALSE(rule.IsAboutSubscription("plant/#"));
}

TEST(RuleTest, IsAboutAllTopicsWithoutAFilter) {
  const Rule rule = Compiled(
      "name: 'r' publish: true subscribe: true except_topic_filters: 'a' "
      "deny {}");
  EXPECT_TRUE(rule.IsAboutPublish("b"));
  EXPECT_TRUE(rule.IsAboutPublish("$SYS/b"));
  EXPECT_FALSE(rule.IsAboutPublish("a"));
  EXPECT_TRUE(rule.IsAboutSubscription("$SYS/#"));
  EXPECT_TRUE(rule.IsAboutSubscription("+"));
  EXPECT_FALSE(rule.IsAboutSubscription("a"));
}

TEST(RuleTest, IsAboutOneDirectionOnlyIfItSaysSo) {
  const Rule publish = Compiled("name: 'r' publish: true deny {}");
  EXPECT_TRUE(publish.IsAboutPublish("a"));
  EXPECT_FALSE(publish.IsAboutSubscription("a"));
  const Rule subscribe = Compiled("name: 'r' subscribe: true deny {}");
  EXPECT_FALSE(subscribe.IsAboutPublish("a"));
  EXPECT_TRUE(subscribe.IsAboutSubscription("a"));
}

TEST(RuleTest, EachLimitHasItsObjection) {
  const Rule rule = Compiled(
      "name: 'r' publish: true "
      "limits { max_qos: 1 no_retain: true max_payload_bytes: 10 }");
  EXPECT_EQ(rule.JudgePublish({1, false, 10}), Objection::kNone);
  EXPECT_EQ(rule.JudgePublish({2, false, 10}), Objection::kQos);
  EXPECT_EQ(rule.JudgePublish({1, true, 10}), Objection::kRetain);
  EXPECT_EQ(rule.JudgePublish({1, false, 11}), Objection::kPayloadSize);
  EXPECT_EQ(rule.JudgeWill({1, false, 10}), Objection::kNone);
  EXPECT_EQ(rule.JudgeWill({2, false, 10}), Objection::kQos);
  const Rule no_will =
      Compiled("name: 'r' publish: true limits { no_will: true }");
  EXPECT_EQ(no_will.JudgePublish({2, true, 1000}), Objection::kNone);
  EXPECT_EQ(no_will.JudgeWill({0, false, 0}), Objection::kWill);
  const Rule nothing =
      Compiled("name: 'r' publish: true limits { max_payload_bytes: 0 }");
  EXPECT_EQ(nothing.JudgePublish({0, false, 0}), Objection::kNone);
  EXPECT_EQ(nothing.JudgePublish({0, false, 1}), Objection::kPayloadSize);
}

TEST(RuleTest, RulesOfEqualMessagesAreOne) {
  const char* const kRule =
      "name: 'r' publish: true topic_filters: 'a/#' limits { max_qos: 1 }";
  EXPECT_TRUE(Compiled(kRule) == Compiled(kRule));
  for (const char* other :
       {"name: 's' publish: true topic_filters: 'a/#' limits { max_qos: 1 }",
        "name: 'r' publish: true topic_filters: 'a/#' limits { max_qos: 0 }",
        "name: 'r' publish: true topic_filters: 'a/+' limits { max_qos: 1 }",
        "name: 'r' publish: true except_topic_filters: 'a/#' "
        "limits { max_qos: 1 }"}) {
    EXPECT_FALSE(Compiled(kRule) == Compiled(other)) << other;
  }
}

}  // namespace
}  // namespace sluice::authz
