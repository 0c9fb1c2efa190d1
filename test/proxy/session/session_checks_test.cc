// Rules that ask checkers: what needs an answer waits for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proxy/session/external_checks.h"
#include "test/proxy/session/session_harness.h"
#include "test/testing/rule_text.h"

namespace sluice::session {
namespace {

using mqtt::ProtocolVersion;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kChecked[] =
    "name: 'rules/c' publish: true subscribe: true topic_filters: 'c/#' "
    "external_check { checker: 'plant-db' }";
constexpr char kShadow[] =
    "name: 'rules/s' shadow: true publish: true subscribe: true "
    "topic_filters: 'c/#' external_check { checker: 'plant-db' }";

class SessionChecksTest : public ::testing::Test, public SessionHarness {
 protected:
  SessionChecksTest() {
    decision_sample = 0;
    keep_alive = 0;  // no timer while something waits
  }

  policy::v1::Grant AGrant(const std::vector<std::string>& rules) {
    policy::v1::Grant grant = MakeGrant(now() + absl::Hours(1), {"pubsub #"});
    grant.set_policy_version("version");
    grant.add_key_ids("thumbprint");
    grant.add_key_ids("kid");
    for (const std::string& rule : rules) {
      grant.add_rules(sluice::testing::RuleFromText(rule));
    }
    return grant;
  }
  void OpenUnder(ProtocolVersion version,
                 const std::vector<std::string>& rules) {
    version_ = version;
    Open(version, AGrant(rules),
         version == kV5 ? absl::string_view("\x22\x00\x05", 3)
                        : absl::string_view());
    TakeDecisions();
  }
  Lines Publish(absl::string_view topic, int qos = 1) {
    return Client(PublishPacket(version_, topic, qos,
                                static_cast<uint16_t>(qos == 0 ? 0 : 7), "p"));
  }
  Lines Subscribe(std::initializer_list<absl::string_view> filters) {
    return Client(SubscribePacket(version_, 100, filters, "", 1));
  }

 private:
  ProtocolVersion version_ = kV5;
};

TEST_F(SessionChecksTest, APublishWaitsForItsAnswer) {
  OpenUnder(kV5, {kChecked});
  EXPECT_THAT(Publish("open"), ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Publish("c/1"), ElementsAre("check rules/c publish c/1"));
  EXPECT_EQ(check_asked().checker(), "plant-db");
  EXPECT_EQ(check_asked().connection().client_address(), "192.0.2.1:4000");
  EXPECT_FALSE(check_asked().issuer().empty());
  EXPECT_EQ(check_asked().key_id(), "thumbprint");
  EXPECT_FALSE(session().wants_client_bytes());
  // What comes behind it waits too, and then passes in order.
  EXPECT_THAT(Publish("open"), IsEmpty());
  EXPECT_THAT(CheckAnswers(true),
              ElementsAre("broker PUBLISH", "broker PUBLISH"));
  EXPECT_THAT(Publish("c/1"), ElementsAre("broker PUBLISH"));
  // The broker's side goes on meanwhile.
  EXPECT_THAT(Publish("c/2"), ElementsAre("check rules/c publish c/2"));
  EXPECT_THAT(Broker(PublishPacket(kV5, "open", 0, 0, "p")),
              ElementsAre("client PUBLISH"));
  EXPECT_THAT(CheckAnswers(false), ElementsAre("client PUBACK 87"));
  EXPECT_THAT(Publish("c/2"), ElementsAre("client PUBACK 87"));
  EXPECT_THAT(TakeDecisions(), ElementsAre("publish denied 87 c/2 (rules/c)",
                                           "publish denied 87 c/2 (rules/c)"));
}

TEST_F(SessionChecksTest, AnswersCountForTheirTime) {
  OpenUnder(kV5, {kChecked});
  Publish("c/1");
  EXPECT_THAT(CheckAnswers(true, absl::Seconds(10)),
              ElementsAre("broker PUBLISH"));
  Advance(absl::Seconds(9));
  EXPECT_THAT(Publish("c/1"), ElementsAre("broker PUBLISH"));
  Advance(absl::Seconds(1));
  EXPECT_THAT(Publish("c/1"), ElementsAre("check rules/c publish c/1"));
  // One that does not count at all is good for what waited for it.
  EXPECT_THAT(CheckAnswers(true, absl::ZeroDuration()),
              ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Publish("c/1"), ElementsAre("check rules/c publish c/1"));
  EXPECT_THAT(CheckFails(), ElementsAre("client PUBACK 87"));
  EXPECT_THAT(Publish("c/1"), ElementsAre("client PUBACK 87"));
  Advance(absl::Seconds(1));
  EXPECT_THAT(Publish("c/1"), ElementsAre("check rules/c publish c/1"));
}

TEST_F(SessionChecksTest, AClockThatIsSetMakesNoAnswerLastLonger) {
  OpenUnder(kV5, {kChecked});
  Publish("c/1");
  CheckAnswers(true, absl::Seconds(10));
  SetClock(-absl::Hours(1));
  EXPECT_THAT(Publish("c/1"), ElementsAre("broker PUBLISH"));
  Advance(absl::Seconds(10));
  EXPECT_THAT(Publish("c/1"), ElementsAre("check rules/c publish c/1"));
  CheckAnswers(true, absl::Seconds(10));
  SetClock(absl::Hours(1));
  EXPECT_THAT(Publish("c/1"), ElementsAre("broker PUBLISH"));
}

// Answers that count for nothing else are there when the last one comes.
TEST_F(SessionChecksTest, AWillUnderManyRulesIsAskedAboutOnce) {
  std::vector<std::string> rules;
  for (int i = 0; i < 12; ++i) {
    rules.push_back(absl::StrCat("name: 'rules/", i,
                                 "' publish: true topic_filters: 'c/#' "
                                 "external_check { checker: 'plant-db' }"));
  }
  Start();
  ConnectParts parts;
  parts.version = kV5;
  parts.properties = AceProperties(TokenAndProof("TOKEN", "PROOF"));
  parts.will_topic = "c/will";
  Client(ConnectPacket(parts));
  EXPECT_EQ(Grant(AGrant(rules)).size(), ExternalChecks::kMaxOpen);
  Lines lines;
  for (int i = 0; i < 12; ++i) {
    lines = CheckAnswers(true, absl::ZeroDuration());
  }
  EXPECT_EQ(lines.front(), "connect");
}

TEST_F(SessionChecksTest, MoreTopicsThanAreKeptAreAskedAboutAgain) {
  OpenUnder(kV5, {kChecked});
  for (int i = 0; i < 65; ++i) {
    Publish(absl::StrCat("c/", i));
    EXPECT_THAT(CheckAnswers(true), ElementsAre("broker PUBLISH"));
  }
  EXPECT_THAT(Publish("c/64"), ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Publish("c/0"), ElementsAre("check rules/c publish c/0"));
}

TEST_F(SessionChecksTest, WhatIsHeldUsesUpNothing) {
  OpenUnder(kV5, {kChecked,
                  "name: 'rules/rate' publish: true "
                  "limits { max_publishes_per_second: 1 }"});
  Publish("c/1");
  EXPECT_THAT(CheckAnswers(true), ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Publish("c/1"), ElementsAre("client PUBACK 97"));
  EXPECT_EQ(counters()
                .packets[Direction::kFromClient][mqtt::PacketType::kPublish]
                .value(),
            2u);
}

// Not even that the client is there: who is not read has sent nothing.
TEST_F(SessionChecksTest, NothingGoesToTheBrokerWhileAPacketIsHeld) {
  OpenUnder(kV5, {kChecked});
  Client(PublishPacket(kV5, "c/1", 1, 1, "p"));
  Advance(absl::Minutes(1));
  EXPECT_THAT(Client(PublishPacket(kV5, "c/2", 1, 2, "p")), IsEmpty());
}

TEST_F(SessionChecksTest, AnAliasStandsForItsTopic) {
  OpenUnder(kV5, {kChecked});
  EXPECT_THAT(Client(PublishPacket(kV5, "c/1", 1, 1, "p", TopicAlias(1))),
              ElementsAre("check rules/c publish c/1"));
  EXPECT_THAT(CheckAnswers(false), ElementsAre("client PUBACK 87"));
  EXPECT_THAT(Client(PublishPacket(kV5, "", 1, 1, "p", TopicAlias(1))),
              ElementsAre("client PUBACK 87"));
  Advance(absl::Minutes(2));
  EXPECT_THAT(Client(PublishPacket(kV5, "", 1, 1, "p", TopicAlias(1))),
              ElementsAre("check rules/c publish c/1"));
  EXPECT_THAT(CheckAnswers(true), ElementsAre("broker PUBLISH"));
  // The broker has been told the alias with it.
  EXPECT_NE(to_broker().find("c/1"), std::string::npos);
}

TEST_F(SessionChecksTest, ASubscribeWaitsForAllItsFilters) {
  OpenUnder(kV5, {kChecked});
  EXPECT_THAT(Subscribe({"c/1", "open", "$share/g/c/#", "c/1"}),
              ElementsAre("check rules/c subscribe c/1",
                          "check rules/c subscribe c/#"));
  EXPECT_THAT(CheckAnswers(true), IsEmpty());
  EXPECT_THAT(CheckAnswers(false), ElementsAre("broker SUBSCRIBE"));
  EXPECT_THAT(Broker(SubackPacket(kV5, 100, {1, 1, 1})),
              ElementsAre("client SUBACK 01 01 87 01"));
  EXPECT_EQ(decisions(Action::kSubscribe, Verdict::kAllowed), 3u);
  // "#" overlaps what is checked.
  EXPECT_THAT(Subscribe({"#"}), ElementsAre("check rules/c subscribe #"));
}

TEST_F(SessionChecksTest, ALongSubscribeIsAskedAboutInPartsAndUpToABound) {
  OpenUnder(kV5, {kChecked});
  std::vector<std::string> names;
  for (int i = 0; i < 70; ++i) names.push_back(absl::StrCat("c/", i));
  Lines lines = Client(SubscribePacket(
      kV5, 100, std::vector<absl::string_view>(names.begin(), names.end()), "",
      1));
  size_t asked = 0;
  while (!lines.empty() && lines[0] != "broker SUBSCRIBE") {
    EXPECT_LE(lines.size(), ExternalChecks::kMaxOpen);
    const size_t open = lines.size();
    asked += open;
    for (size_t i = 0; i < open; ++i) lines = CheckAnswers(true);
  }
  EXPECT_EQ(asked, 64u);
  ASSERT_THAT(lines, ElementsAre("broker SUBSCRIBE"));
  EXPECT_EQ(decisions(Action::kSubscribe, Verdict::kAllowed), 64u);
  EXPECT_EQ(decisions(Action::kSubscribe, Verdict::kDenied), 6u);
}

// No more where all are denied, as they are where the checker is away: each
// would be looked up among all that are known.
TEST_F(SessionChecksTest, AChecksNoMoreOfALongSubscribeThatIsDenied) {
  OpenUnder(kV5, {kChecked});
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) names.push_back(absl::StrCat("c/", i));
  Lines lines = Client(SubscribePacket(
      kV5, 100, std::vector<absl::string_view>(names.begin(), names.end()), "",
      1));
  size_t asked = 0;
  while (!lines.empty() && absl::StartsWith(lines[0], "check")) {
    const size_t open = lines.size();
    asked += open;
    for (size_t i = 0; i < open; ++i) {
      lines = i % 2 == 0 ? CheckAnswers(false) : CheckFails();
    }
  }
  EXPECT_EQ(asked, 64u);
  EXPECT_EQ(decisions(Action::kSubscribe, Verdict::kDenied), 200u);
}

// All questions that may be open are the other side's.
TEST_F(SessionChecksTest, AMessageWaitsForRoomToAsk) {
  OpenUnder(kV5, {kChecked});
  ASSERT_EQ(Subscribe({"c/1", "c/2", "c/3", "c/4", "c/5", "c/6", "c/7", "c/8"})
                .size(),
            ExternalChecks::kMaxOpen);
  const std::string message = PublishPacket(kV5, "c/x", 0, 0, "p");
  EXPECT_THAT(Broker(message), IsEmpty());
  EXPECT_FALSE(session().wants_broker_bytes());
  EXPECT_THAT(CheckAnswers(true), ElementsAre("check rules/c subscribe c/x"));
  EXPECT_FALSE(session().wants_broker_bytes());
}

TEST_F(SessionChecksTest, AWillWaitsBeforeTheBrokerIsAsked) {
  for (const bool allowed : {true, false}) {
    Start();
    ConnectParts parts;
    parts.version = kV5;
    parts.properties = AceProperties(TokenAndProof("TOKEN", "PROOF"));
    parts.will_topic = "c/will";
    Client(ConnectPacket(parts));
    EXPECT_THAT(Grant(AGrant({kChecked})),
                ElementsAre("check rules/c publish c/will"));
    const Lines lines = CheckAnswers(allowed);
    if (allowed) {
      EXPECT_EQ(lines.front(), "connect");
    } else {
      EXPECT_THAT(lines, ElementsAre("client CONNACK 87", "close"));
      EXPECT_EQ(connects(ConnectOutcome::kWillDenied), 1u);
    }
  }
}

// What was said about a topic stands beside its alias, too.
TEST_F(SessionChecksTest, AnAliasIsAskedAboutAsItsTopicIs) {
  const auto by_alias = [this] {
    return Client(PublishPacket(kV5, "", 1, 7, "p", TopicAlias(1)));
  };
  OpenUnder(kV5, {kChecked});
  EXPECT_THAT(Client(PublishPacket(kV5, "c/1", 1, 7, "p", TopicAlias(1))),
              ElementsAre("check rules/c publish c/1"));
  EXPECT_THAT(CheckAnswers(true, absl::Seconds(10)),
              ElementsAre("broker PUBLISH"));
  Advance(absl::Seconds(9));
  EXPECT_THAT(by_alias(), ElementsAre("broker PUBLISH"));
  SetClock(-absl::Hours(1));
  EXPECT_THAT(by_alias(), ElementsAre("broker PUBLISH"));
  Advance(absl::Seconds(1));
  EXPECT_THAT(by_alias(), ElementsAre("check rules/c publish c/1"));
  EXPECT_THAT(CheckAnswers(false), ElementsAre("client PUBACK 87"));
  EXPECT_THAT(by_alias(), ElementsAre("client PUBACK 87"));
  // Another topic, another grant.
  OpenUnder(kV5, {kChecked});
  Client(PublishPacket(kV5, "c/1", 1, 7, "p", TopicAlias(1)));
  CheckAnswers(true, absl::Hours(1));
  EXPECT_THAT(Client(PublishPacket(kV5, "c/2", 1, 7, "p", TopicAlias(1))),
              ElementsAre("check rules/c publish c/2"));
  CheckAnswers(true, absl::Hours(1));
  EXPECT_THAT(by_alias(), ElementsAre("broker PUBLISH"));
  // The answer that ends first counts.
  OpenUnder(kV5, {kChecked,
                  "name: 'rules/d' publish: true topic_filters: 'c/#' "
                  "external_check { checker: 'plant-db' }"});
  Client(PublishPacket(kV5, "c/1", 1, 7, "p", TopicAlias(1)));
  CheckAnswers(true, absl::Seconds(10));
  CheckAnswers(true, absl::Seconds(2));
  EXPECT_THAT(by_alias(), ElementsAre("broker PUBLISH"));
  Advance(absl::Seconds(2));
  EXPECT_THAT(by_alias(), ElementsAre("check rules/d publish c/1"));
  CheckAnswers(true);
  // Shadows tell of each message.
  OpenUnder(kV5, {kShadow});
  Client(PublishPacket(kV5, "c/1", 1, 7, "p", TopicAlias(1)));
  CheckAnswers(false, absl::Seconds(10));
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(by_alias(), ElementsAre("broker PUBLISH"));
    EXPECT_THAT(TakeDecisions(),
                ElementsAre("publish denied 87 c/1 (rules/s) in shadow"));
  }
}

TEST_F(SessionChecksTest, AnswersAboutLongTopicsAreBounded) {
  OpenUnder(kV5, {kChecked});
  for (char c = 'a'; c < 'k'; ++c) {
    Publish(absl::StrCat("c/", std::string(65'000, c)));
    CheckAnswers(true, absl::Hours(1));
    EXPECT_LE(session().kept_bytes(), ExternalChecks::kMaxKeptBytes + 1000);
  }
  EXPECT_GE(session().kept_bytes(), ExternalChecks::kMaxKeptBytes / 2);
}

// covers: EDGE-18
TEST_F(SessionChecksTest, AWillWaitsForNoLongerThanAnAnswerMayTake) {
  Start();
  ConnectParts parts;
  parts.properties = AceProperties(TokenAndProof("TOKEN", "PROOF"));
  parts.will_topic = "c/will";
  Client(ConnectPacket(parts));
  EXPECT_THAT(Grant(AGrant({kChecked})),
              ElementsAre("check rules/c publish c/will"));
  Advance(absl::Seconds(10));
  EXPECT_THAT(Timer(), ElementsAre("client CONNACK 88", "close"));
  EXPECT_THAT(CheckAnswers(true), IsEmpty());
  EXPECT_EQ(connects(ConnectOutcome::kPolicyUnavailable), 1u);
  EXPECT_EQ(denials, 0);
}

TEST_F(SessionChecksTest, ShadowsMakeNobodyWait) {
  OpenUnder(kV5, {kShadow});
  EXPECT_THAT(Publish("c/1"),
              ElementsAre("check rules/s publish c/1", "broker PUBLISH"));
  EXPECT_THAT(CheckAnswers(false), IsEmpty());
  EXPECT_THAT(TakeDecisions(), IsEmpty());
  EXPECT_THAT(Publish("c/1"), ElementsAre("broker PUBLISH"));
  EXPECT_THAT(TakeDecisions(),
              ElementsAre("publish denied 87 c/1 (rules/s) in shadow"));
  EXPECT_THAT(Subscribe({"c/1"}),
              ElementsAre("check rules/s subscribe c/1", "broker SUBSCRIBE"));
  // They leave room for those that count.
  OpenUnder(kV5, {kShadow, kChecked});
  for (int i = 0; i < 20; ++i) {
    Publish(absl::StrCat("c/", i));
    ASSERT_FALSE(session().wants_client_bytes());
    while (!session().wants_client_bytes()) CheckAnswers(true);
  }
}

TEST_F(SessionChecksTest, ADenialOfAnotherRuleAsksNobody) {
  OpenUnder(kV5, {kChecked, "name: 'rules/d' publish: true deny {}"});
  EXPECT_THAT(Publish("c/1"), ElementsAre("client PUBACK 87"));
  OpenUnder(kV311, {kChecked});
  EXPECT_THAT(Publish("c/1"), ElementsAre("check rules/c publish c/1"));
  EXPECT_THAT(CheckAnswers(false), ElementsAre("close"));
}

TEST_F(SessionChecksTest, NewRulesAreAskedAboutAnew) {
  OpenUnder(kV5, {kChecked});
  Publish("c/1");
  live_policy.version = "another";
  ++live_policy.version_changes;
  PolicyVersionChanged();
  Grant(AGrant({kChecked}));
  // The former answer comes too late.
  EXPECT_TRUE(session().wants_client_bytes());
  EXPECT_THAT(Client(""), ElementsAre("check rules/c publish c/1"));
  EXPECT_THAT(CheckAnswers(true), IsEmpty());
  EXPECT_THAT(CheckAnswers(true), ElementsAre("broker PUBLISH"));
}

// covers: ACE-OUT-1
// A session that the broker has resumed may have subscriptions of anybody's.
TEST_F(SessionChecksTest,
       ADeliveryThatNoCheckedSubscriptionCoversIsAskedAbout) {
  OpenUnder(kV5, {kChecked});
  const std::string message = PublishPacket(kV5, "c/1", 0, 0, "p");
  EXPECT_THAT(Broker(message + PublishPacket(kV5, "open", 0, 0, "p")),
              ElementsAre("check rules/c subscribe c/1"));
  EXPECT_FALSE(session().wants_broker_bytes());
  // What the client sends goes on meanwhile.
  EXPECT_THAT(Publish("open"), ElementsAre("broker PUBLISH"));
  EXPECT_THAT(CheckAnswers(true, absl::Seconds(10)),
              ElementsAre("client PUBLISH", "client PUBLISH"));
  EXPECT_TRUE(session().wants_broker_bytes());
  EXPECT_THAT(Broker(message), ElementsAre("client PUBLISH"));
  Advance(absl::Seconds(10));
  EXPECT_THAT(Broker(message), ElementsAre("check rules/c subscribe c/1"));
  // One that does not count at all is good for what waited for it.
  EXPECT_THAT(CheckAnswers(true, absl::ZeroDuration()),
              ElementsAre("client PUBLISH"));
  EXPECT_THAT(Broker(message), ElementsAre("check rules/c subscribe c/1"));
  TakeDecisions();
  EXPECT_THAT(CheckAnswers(false),
              ElementsAre("client DISCONNECT 87", "close"));
  EXPECT_THAT(TakeDecisions(), ElementsAre("deliver denied 87 c/1 (rules/c)"));
}

TEST_F(SessionChecksTest, DeliveriesOfACheckedSubscriptionAreNotAskedAbout) {
  OpenUnder(kV5, {kChecked});
  EXPECT_THAT(Subscribe({"$share/g/c/+"}),
              ElementsAre("check rules/c subscribe c/+"));
  EXPECT_THAT(CheckAnswers(true, absl::ZeroDuration()),
              ElementsAre("broker SUBSCRIBE"));
  EXPECT_THAT(Broker(PublishPacket(kV5, "c/1", 0, 0, "p")),
              ElementsAre("client PUBLISH"));
  EXPECT_THAT(Broker(PublishPacket(kV5, "c/1/2", 0, 0, "p")),
              ElementsAre("check rules/c subscribe c/1/2"));
  EXPECT_THAT(CheckAnswers(true), ElementsAre("client PUBLISH"));
}

TEST_F(SessionChecksTest, ASubscriptionThatIsOlderThanTheRuleIsAskedAbout) {
  OpenUnder(kV5, {});
  Subscribe({"c/#"});
  const std::string message = PublishPacket(kV5, "c/1", 0, 0, "p");
  EXPECT_THAT(Broker(message), ElementsAre("client PUBLISH"));
  live_policy.version = "another";
  ++live_policy.version_changes;
  PolicyVersionChanged();
  Grant(AGrant({kChecked}));
  EXPECT_THAT(Broker(message), ElementsAre("check rules/c subscribe c/1"));
  EXPECT_THAT(CheckFails(), ElementsAre("client DISCONNECT 87", "close"));
}

TEST_F(SessionChecksTest, NewRulesAreAskedAboutForADeliveryThatWaits) {
  OpenUnder(kV5, {kChecked});
  Broker(PublishPacket(kV5, "c/1", 0, 0, "p"));
  live_policy.version = "another";
  ++live_policy.version_changes;
  PolicyVersionChanged();
  Grant(AGrant({kChecked}));
  EXPECT_TRUE(session().wants_broker_bytes());
  EXPECT_THAT(Broker(""), ElementsAre("check rules/c subscribe c/1"));
}

TEST_F(SessionChecksTest, AShadowRuleHoldsNoDelivery) {
  OpenUnder(kV5, {kShadow});
  EXPECT_THAT(Broker(PublishPacket(kV5, "c/1", 0, 0, "p")),
              ElementsAre("client PUBLISH"));
}

TEST_F(SessionChecksTest, EndsWhileItWaits) {
  OpenUnder(kV5, {kChecked});
  Publish("c/1");
  EXPECT_THAT(Drain(), ElementsAre("client DISCONNECT 8b", "close"));
  EXPECT_THAT(CheckAnswers(true), IsEmpty());
}

}  // namespace
}  // namespace sluice::session
