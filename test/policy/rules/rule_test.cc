#include "policy/rules/rule.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/protobuf/unknown_field_set.h"
#include "policy/rules/rule_check.h"
#include "policy/rules/rule_set.h"

namespace sluice::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

admin::v1::Rule Message(const std::string& text) {
  admin::v1::Rule rule;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &rule))
      << text;
  return rule;
}

v1::Rule Read(const std::string& message) {
  v1::Rule rule;
  EXPECT_TRUE(rule.ParseFromString(message));
  return rule;
}

v1::Rule FilledIn(const Rule& rule, const RuleClient& client) {
  return Read(rule.For(client));
}

// Of a rule that denies publishing, with that match.
bool Matches(const std::string& match, const RuleClient& client) {
  const auto rule =
      Rule::Compile(Message("publish: true deny {} match {" + match + "}"));
  EXPECT_TRUE(rule.ok()) << rule.status();
  return rule.ok() && rule->Matches(client);
}

class RuleTest : public ::testing::Test {
 protected:
  RuleTest() {
    connection_.set_listener("mqtts");
    connection_.set_client_address("10.1.2.3:4711");
    connection_.set_client_id("pump-7");
    connection_.set_protocol_version(v1::PROTOCOL_VERSION_MQTT_5_0);
  }

  v1::ConnectionInfo connection_;
  RuleClient alice_{"https://as", "alice", connection_};
  RuleClient anonymous_{"", "", connection_};
};

TEST_F(RuleTest, MatchesWhereAllThatIsSetFits) {
  EXPECT_TRUE(Matches("", alice_));
  EXPECT_TRUE(Matches("", anonymous_));
  const struct {
    const char* fits;
    const char* does_not;
  } kCases[] = {
      {"issuers: ['x', 'https://as']", "issuers: 'https://as2'"},
      {"subjects: 'alice'", "subjects: ['Alice', 'alic']"},
      {"subjects: ['b', 'al*']", "subjects: 'b*'"},
      {"client_ids: ['x', 'pump-*']", "client_ids: 'pump'"},
      {"client_addresses: '10.0.0.0/8'", "client_addresses: '10.2.0.0/16'"},
      {"protocol_versions: '5.0'", "protocol_versions: '3.1.1'"},
      {"listeners: ['a', 'mqtts']", "listeners: 'mqtt'"},
      {"clients: CLIENTS_WITH_TOKEN", "clients: CLIENTS_ANONYMOUS"},
  };
  std::string all;
  for (const auto& c : kCases) {
    EXPECT_TRUE(Matches(c.fits, alice_)) << c.fits;
    EXPECT_FALSE(Matches(c.does_not, alice_)) << c.does_not;
    absl::StrAppend(&all, c.fits, " ");
  }
  EXPECT_TRUE(Matches(all, alice_));
  connection_.set_listener("other");
  EXPECT_FALSE(Matches(all, alice_));
}

TEST_F(RuleTest, AnonymousClientsHaveNoSubject) {
  EXPECT_TRUE(Matches("clients: CLIENTS_ANONYMOUS", anonymous_));
  EXPECT_FALSE(Matches("clients: CLIENTS_WITH_TOKEN", anonymous_));
  EXPECT_FALSE(Matches("subjects: '*'", anonymous_));
  EXPECT_FALSE(Matches("issuers: 'https://as'", anonymous_));
  // A token need not have one either.
  EXPECT_TRUE(Matches("subjects: '*'", {"https://as", "", connection_}));
}

TEST_F(RuleTest, WhatCannotBeReadOfAnAddressFits) {
  connection_.set_client_address("somewhere");
  EXPECT_TRUE(Matches("client_addresses: '10.0.0.0/8'", alice_));
  EXPECT_FALSE(
      Matches("client_addresses: '10.0.0.0/8' listeners: 'x'", alice_));
}

TEST_F(RuleTest, IsFilledInForItsClient) {
  const auto rule = Rule::Compile(Message(R"(
      name: "rules/own" publish: true subscribe: true mode: MODE_SHADOW
      topic_filters: ["devices/#", "x/${subject}"]
      except_topic_filters: ["devices/${client_id}/#", "devices/all"]
      deny {})"));
  ASSERT_TRUE(rule.ok()) << rule.status();
  const v1::Rule own = FilledIn(*rule, alice_);
  EXPECT_EQ(own.name(), "rules/own");
  EXPECT_TRUE(own.shadow());
  EXPECT_TRUE(own.publish());
  EXPECT_TRUE(own.subscribe());
  EXPECT_THAT(own.topic_filters(), ElementsAre("devices/#", "x/alice"));
  EXPECT_THAT(own.except_topic_filters(),
              ElementsAre("devices/pump-7/#", "devices/all"));
  EXPECT_TRUE(own.has_deny());
  connection_.set_client_id("+");
  EXPECT_THAT(FilledIn(*rule, anonymous_).except_topic_filters(),
              ElementsAre("devices/all"));
  EXPECT_THAT(FilledIn(*rule, anonymous_).topic_filters(),
              ElementsAre("devices/#", "x/+"));

  const auto limits = Rule::Compile(
      Message("publish: true limits { max_qos: 1 no_retain: true }"));
  ASSERT_TRUE(limits.ok()) << limits.status();
  EXPECT_EQ(FilledIn(*limits, alice_).limits().max_qos(), 1u);
  EXPECT_FALSE(FilledIn(*limits, alice_).shadow());
}

std::string FirstProblem(const std::string& text) {
  const std::vector<RuleProblem> problems = CheckRule(Message(text));
  return problems.empty() ? "" : problems[0].field;
}

TEST(RuleCheckTest, NamesTheField) {
  EXPECT_EQ(FirstProblem("publish: true deny {}"), "");
  EXPECT_EQ(FirstProblem("publish: true limits { max_qos: 0 }"), "");
  EXPECT_EQ(FirstProblem("subscribe: true limits { max_subscriptions: 0 }"),
            "");
  const struct {
    const char* rule;
    const char* field;
  } kCases[] = {
      {"deny {}", "publish"},
      {"publish: true", "deny"},
      {"publish: true limits {}", "limits"},
      {"publish: true limits { max_qos: 3 }", "limits.max_qos"},
      {"publish: true limits { max_publishes_per_second: 0 }",
       "limits.max_publishes_per_second"},
      {"publish: true limits { max_subscriptions: 1 }", "publish"},
      {"subscribe: true limits { no_retain: true }", "subscribe"},
      {"publish: true limits { no_will: true max_subscriptions: 1 }",
       "limits.max_subscriptions"},
      {"publish: true deny {} topic_filters: ['a', 'b/#/c']",
       "topic_filters[1]"},
      {"publish: true deny {} topic_filters: ''", "topic_filters[0]"},
      {"publish: true deny {} except_topic_filters: '$share/g/a'",
       "except_topic_filters[0]"},
      {"publish: true deny {} match { client_addresses: 'here' }",
       "match.client_addresses[0]"},
      {"publish: true deny {} match { protocol_versions: '5' }",
       "match.protocol_versions[0]"},
      {"publish: true deny {} match { subjects: '' }", "match.subjects[0]"},
      {"publish: true deny {} match { clients: CLIENTS_ANONYMOUS "
       "subjects: 'a' }",
       "match.clients"},
  };
  for (const auto& c : kCases) EXPECT_EQ(FirstProblem(c.rule), c.field);

  admin::v1::Rule rule = Message("publish: true deny {}");
  rule.set_description(std::string(1025, 'x'));
  rule.set_mode(static_cast<admin::v1::Rule::Mode>(9));
  rule.mutable_match()->add_listeners(std::string(1025, 'x'));
  for (int i = 0; i < 65; ++i) rule.add_topic_filters("a");
  rule.add_except_topic_filters(std::string(4097, 'x'));
  std::vector<std::string> fields;
  for (const RuleProblem& problem : CheckRule(rule)) {
    fields.push_back(problem.field);
  }
  EXPECT_THAT(fields, ElementsAre("description", "mode", "match.listeners[0]",
                                  "topic_filters", "except_topic_filters[0]"));
}

TEST_F(RuleTest, ASetHasThoseThatMatchByName) {
  RuleSet rules;
  const auto put = [&rules](const std::string& id, const std::string& text) {
    return rules.Put(id, Message(text).SerializeAsString());
  };
  EXPECT_TRUE(put("b", "publish: true deny {}").ok());
  EXPECT_TRUE(put("a", "subscribe: true deny {}").ok());
  EXPECT_TRUE(put("c", "publish: true deny {} match { subjects: 'bob' }").ok());
  v1::Grant grant;
  EXPECT_TRUE(rules.AddFor(alice_, grant.mutable_rules()).ok());
  ASSERT_EQ(grant.rules_size(), 2);
  EXPECT_EQ(Read(grant.rules(0)).name(), "rules/a");
  EXPECT_EQ(Read(grant.rules(1)).name(), "rules/b");
  rules.Remove("a");
  rules.Remove("never there");
  EXPECT_EQ(rules.size(), 2u);
  grant.Clear();
  EXPECT_TRUE(rules.AddFor(alice_, grant.mutable_rules()).ok());
  EXPECT_EQ(grant.rules_size(), 1);
}

TEST_F(RuleTest, OneThatCannotBeReadShutsAll) {
  RuleSet rules;
  v1::Grant grant;
  EXPECT_FALSE(rules.Put("a", "\xFF\xFF").ok());
  EXPECT_THAT(rules.AddFor(alice_, grant.mutable_rules()).message(),
              HasSubstr("rules/a cannot be read"));
  // Of a newer version, which knows more.
  constexpr int kNewField = 1000;
  const auto add_field = [](google::protobuf::Message* message) {
    message->GetReflection()->MutableUnknownFields(message)->AddVarint(
        kNewField, 1);
  };
  admin::v1::Rule rule = Message("publish: true");
  add_field(&rule);
  std::vector<std::string> newer = {rule.SerializeAsString()};
  rule = Message("publish: true deny {}");
  add_field(rule.mutable_match());
  newer.push_back(rule.SerializeAsString());
  rule = Message("publish: true deny {}");
  add_field(rule.mutable_deny());
  newer.push_back(rule.SerializeAsString());
  rule = Message("publish: true limits { max_qos: 1 }");
  add_field(rule.mutable_limits());
  newer.push_back(rule.SerializeAsString());
  rule = Message("publish: true deny {}");
  add_field(&rule);
  newer.push_back(rule.SerializeAsString());
  for (const std::string& value : newer) {
    const absl::Status put = rules.Put("a", value);
    EXPECT_THAT(put.message(), HasSubstr("does not know"));
    EXPECT_EQ(rules.AddFor(alice_, grant.mutable_rules()), put);
  }
  EXPECT_TRUE(
      rules.Put("a", Message("publish: true deny {}").SerializeAsString())
          .ok());
  EXPECT_TRUE(rules.AddFor(alice_, grant.mutable_rules()).ok());
}

TEST_F(RuleTest, AClientDoesNotMakeThemLarge) {
  RuleSet rules;
  admin::v1::Rule rule = Message("publish: true deny {}");
  std::string filter = "d";
  for (int i = 0; i < 60; ++i) filter += "/${client_id}";
  for (int i = 0; i < 64; ++i) rule.add_topic_filters(filter);
  EXPECT_TRUE(rules.Put("a", rule.SerializeAsString()).ok());
  v1::Grant grant;
  EXPECT_TRUE(rules.AddFor(alice_, grant.mutable_rules()).ok());
  connection_.set_client_id(std::string(1024, 'x'));
  EXPECT_TRUE(
      absl::IsResourceExhausted(rules.AddFor(alice_, grant.mutable_rules())));
}

}  // namespace
}  // namespace sluice::policy
