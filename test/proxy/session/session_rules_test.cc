// What the rules of a grant take away from a connected client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "test/proxy/session/session_harness.h"
#include "test/testing/rule_text.h"

namespace sluice::session {
namespace {

using mqtt::ProtocolVersion;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SessionRulesTest : public ::testing::Test, public SessionHarness {
 protected:
  SessionRulesTest() { decision_sample = 0; }

  // Everything is granted, under rules in text.
  policy::v1::Grant AGrant(std::initializer_list<const char*> rules) {
    policy::v1::Grant grant = MakeGrant(now() + absl::Hours(1), {"pubsub #"});
    grant.set_policy_version(absl::StrCat("version ", ++versions_));
    for (const char* rule : rules) {
      grant.add_rules(sluice::testing::RuleFromText(rule));
    }
    return grant;
  }

  void OpenUnder(ProtocolVersion version,
                 std::initializer_list<const char*> rules,
                 absl::string_view connack_properties = "") {
    version_ = version;
    Open(version, AGrant(rules), connack_properties);
    TakeDecisions();
  }

  // Another policy is pushed, and the grant under it comes.
  Lines Change(std::initializer_list<const char*> rules) {
    live_policy.version = absl::StrCat("version ", versions_ + 1);
    ++live_policy.version_changes;
    PolicyVersionChanged();
    Lines lines = Grant(AGrant(rules));
    lines.pop_back();  // the timer
    TakeDecisions();
    return lines;
  }

  Lines Publish(absl::string_view topic, int qos, bool retain = false,
                absl::string_view payload = "p") {
    return Client(PublishPacket(version_, topic, qos,
                                static_cast<uint16_t>(qos == 0 ? 0 : 7),
                                payload, "", retain));
  }
  Lines Deliver(absl::string_view topic) {
    return Broker(PublishPacket(version_, topic, 0, 0, "p"));
  }
  Lines Subscribe(std::initializer_list<absl::string_view> filters,
                  uint8_t qos = 1) {
    return Client(
        SubscribePacket(version_, ++last_packet_id_, filters, "", qos));
  }
  // CONNECT with a Will, up to the policy service's answer.
  Lines ConnectWithWill(ConnectParts parts,
                        std::initializer_list<const char*> rules) {
    Start();
    if (parts.version == kV5) {
      parts.properties = AceProperties(TokenAndProof("TOKEN", "PROOF"));
    } else {
      parts.username = "aceVE9LRU4";
      parts.password = "PROOF";
    }
    Client(ConnectPacket(parts));
    Lines lines = Grant(AGrant(rules));
    if (!lines.empty() && lines.back() == "timer 10s") lines.pop_back();
    return lines;
  }

  uint64_t denials(RuleMode mode) const {
    return counters().rule_denials[mode].value();
  }

 private:
  ProtocolVersion version_ = kV5;
  uint16_t last_packet_id_ = 100;
  int versions_ = 0;
};

constexpr char kDenySecret[] =
    "name: 'rules/secret' publish: true subscribe: true "
    "topic_filters: 'secret/#' deny {}";
constexpr char kShadowSecret[] =
    "name: 'rules/secret' shadow: true publish: true subscribe: true "
    "topic_filters: 'secret/#' deny {}";

TEST_F(SessionRulesTest, ADeniedPublishIsLikeOneOutsideTheScope) {
  OpenUnder(kV5, {kDenySecret});
  EXPECT_THAT(Publish("secret/a", 1), ElementsAre("client PUBACK 87"));
  EXPECT_THAT(TakeDecisions(),
              ElementsAre("publish denied 87 secret/a (rules/secret)"));
  EXPECT_NE(to_client().find(decision_id()), std::string::npos);
  EXPECT_THAT(Publish("secret/a", 2), ElementsAre("client PUBREC 87"));
  EXPECT_THAT(Publish("open", 2), ElementsAre("broker PUBLISH"));
  EXPECT_TRUE(broker_got_a_view());
  EXPECT_THAT(Publish("secret", 0),
              ElementsAre("client DISCONNECT 87", "close"));
  EXPECT_EQ(denials(RuleMode::kEnforce), 3u);
  EXPECT_EQ(decisions(Action::kPublish, Verdict::kDenied), 3u);
  EXPECT_EQ(events()[events().size() - 2], "rules/secret");

  for (int qos = 0; qos < 3; ++qos) {
    OpenUnder(kV311, {kDenySecret});
    EXPECT_THAT(Publish("secret/a", qos), ElementsAre("close"));
  }
}

TEST_F(SessionRulesTest, ADenialHidesTopicsWhereTheyAreHidden) {
  settings.hide_topics = true;
  OpenUnder(kV5,
            {kDenySecret, "name: 'q' publish: true limits { max_qos: 1 }"});
  EXPECT_THAT(Publish("secret/a", 1), ElementsAre("client PUBACK 80"));
  EXPECT_EQ(to_client().find(decision_id()), std::string::npos);
  EXPECT_THAT(Publish("a", 2), ElementsAre("client PUBREC 80"));
  EXPECT_THAT(Subscribe({"secret/a"}), ElementsAre("client SUBACK 80"));
}

TEST_F(SessionRulesTest, ADeniedTopicIsDeniedByItsAliasToo) {
  OpenUnder(kV5, {kDenySecret}, std::string("\x22\x00\x05", 3));
  EXPECT_THAT(Client(PublishPacket(kV5, "secret/a", 1, 1, "p", TopicAlias(1))),
              ElementsAre("client PUBACK 87"));
  EXPECT_THAT(Client(PublishPacket(kV5, "", 1, 1, "p", TopicAlias(1))),
              ElementsAre("client PUBACK 87"));
  Client(PublishPacket(kV5, "open", 1, 1, "p", TopicAlias(1)));
  EXPECT_THAT(Client(PublishPacket(kV5, "", 1, 1, "p", TopicAlias(1))),
              ElementsAre("broker PUBLISH"));
}

TEST_F(SessionRulesTest, ASubscriptionThatOverlapsWhatIsDeniedIsDenied) {
  OpenUnder(kV5, {kDenySecret});
  EXPECT_THAT(Subscribe({"open/#", "secret/a", "+/a", "#", "$share/g/secret/#",
                         "plant"}),
              ElementsAre("broker SUBSCRIBE"));
  EXPECT_THAT(Broker(SubackPacket(kV5, 101, {1, 1})),
              ElementsAre("client SUBACK 01 87 87 87 87 01"));
  EXPECT_EQ(denials(RuleMode::kEnforce), 4u);
  EXPECT_EQ(decisions(Action::kSubscribe, Verdict::kDenied), 4u);

  OpenUnder(kV311, {kDenySecret});
  EXPECT_THAT(Subscribe({"+/a"}), ElementsAre("client SUBACK 80"));
}

TEST_F(SessionRulesTest, ADeviceMayBeKeptToItsOwnTopics) {
  OpenUnder(kV5,
            {"name: 'rules/own' publish: true subscribe: true "
             "topic_filters: 'devices/#' except_topic_filters: 'devices/c/#' "
             "deny {}"});
  EXPECT_THAT(Publish("devices/c/a", 1), ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Publish("devices/d/a", 1), ElementsAre("client PUBACK 87"));
  EXPECT_THAT(Subscribe({"devices/c/+"}), ElementsAre("broker SUBSCRIBE"));
  EXPECT_THAT(Subscribe({"devices/+/a"}), ElementsAre("client SUBACK 87"));
}

TEST_F(SessionRulesTest, ADeniedDeliveryEndsTheConnection) {
  OpenUnder(kV5, {kDenySecret});
  EXPECT_THAT(Deliver("open"), ElementsAre("client PUBLISH"));
  EXPECT_THAT(Deliver("secret/a"),
              ElementsAre("client DISCONNECT 87", "close"));
  EXPECT_THAT(TakeDecisions(),
              ElementsAre("deliver denied 87 secret/a (rules/secret)"));
  EXPECT_EQ(denials(RuleMode::kEnforce), 1u);
  OpenUnder(kV311, {kDenySecret});
  EXPECT_THAT(Deliver("secret/a"), ElementsAre("close"));
}

TEST_F(SessionRulesTest, ARuleAboutPublishingLetsSubscribe) {
  OpenUnder(kV5, {"name: 'r' publish: true deny {}"});
  EXPECT_THAT(Subscribe({"#"}), ElementsAre("broker SUBSCRIBE"));
  EXPECT_THAT(Deliver("a"), ElementsAre("client PUBLISH"));
  EXPECT_THAT(Publish("a", 1), ElementsAre("client PUBACK 87"));
}

TEST_F(SessionRulesTest, TheScopeStillCounts) {
  policy::v1::Grant grant = MakeGrant(now() + absl::Hours(1), {"pub a/#"});
  grant.add_rules(sluice::testing::RuleFromText(
      "name: 'rules/b' publish: true topic_filters: 'b' deny {}"));
  Open(kV5, grant);
  TakeDecisions();
  EXPECT_THAT(Client(PublishPacket(kV5, "b", 1, 1, "p")),
              ElementsAre("client PUBACK 87"));
  EXPECT_THAT(TakeDecisions(),
              ElementsAre("publish denied 87 b (outside the scope)"));
  EXPECT_EQ(denials(RuleMode::kEnforce), 0u);
}

TEST_F(SessionRulesTest, AGrantWithARuleThatCannotBeHeldIsNoGrant) {
  EXPECT_THAT(ConnectWithWill({}, {"name: 'r' publish: true"}),
              ElementsAre("client CONNACK 88", "close"));
  // On a live connection nothing is decided, and the old grant holds.
  OpenUnder(kV5, {kDenySecret});
  Change({"name: 'r' publish: true"});
  EXPECT_THAT(Publish("secret/a", 1), ElementsAre("client PUBACK 87"));
  EXPECT_EQ(decisions(Action::kRecheck, Verdict::kError), 1u);
}

TEST_F(SessionRulesTest, LimitsOfAPublish) {
  const std::initializer_list<const char*> rules = {
      "name: 'rules/limits' publish: true topic_filters: 'a/#' "
      "limits { max_qos: 1 no_retain: true max_payload_bytes: 4 }"};
  OpenUnder(kV5, rules);
  EXPECT_THAT(Publish("a/b", 1, false, "four"), ElementsAre("broker PUBLISH"));
  EXPECT_TRUE(broker_got_a_view());
  EXPECT_THAT(Publish("a/b", 2), ElementsAre("client PUBREC 87"));
  EXPECT_THAT(Publish("a/b", 1, true), ElementsAre("client PUBACK 87"));
  EXPECT_THAT(Publish("a/b", 1, false, "fives"),
              ElementsAre("client PUBACK 97"));
  EXPECT_NE(to_client().find(decision_id()), std::string::npos);
  EXPECT_THAT(Publish("other", 2, true, "fives"),
              ElementsAre("broker PUBLISH"));
  EXPECT_THAT(TakeDecisions(),
              ElementsAre("publish denied 87 a/b (rules/limits)",
                          "publish denied 87 a/b (rules/limits)",
                          "publish denied 97 a/b (rules/limits)"));
  EXPECT_EQ(denials(RuleMode::kEnforce), 3u);
  EXPECT_THAT(Publish("a/b", 0, false, "fives"),
              ElementsAre("client DISCONNECT 97", "close"));
  OpenUnder(kV5, rules);
  EXPECT_THAT(Publish("a/b", 0, true),
              ElementsAre("client DISCONNECT 87", "close"));

  OpenUnder(kV311, rules);
  EXPECT_THAT(Publish("a/b", 1), ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Publish("a/b", 2), ElementsAre("close"));
  OpenUnder(kV311, rules);
  EXPECT_THAT(Publish("a/b", 0, false, "fives"), ElementsAre("close"));
}

TEST_F(SessionRulesTest, ALimitAppliesToATopicThatIsTooLongToBeRemembered) {
  OpenUnder(kV5, {"name: 'r' publish: true limits { max_qos: 1 }"});
  const std::string topic(300, 'a');
  EXPECT_THAT(Publish(topic, 2), ElementsAre("client PUBREC 87"));
  EXPECT_THAT(Publish(topic, 2), ElementsAre("client PUBREC 87"));
  EXPECT_THAT(Publish(topic, 1), ElementsAre("broker PUBLISH"));
}

constexpr char kTwoASecond[] =
    "name: 'rules/rate' publish: true "
    "limits { max_publishes_per_second: 2 }";

TEST_F(SessionRulesTest, WhatIsOverTheRateIsRefusedAndAtQos0Dropped) {
  OpenUnder(kV5, {kTwoASecond});
  EXPECT_THAT(Publish("a", 1), ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Publish("b", 0), ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Publish("a", 1), ElementsAre("client PUBACK 97"));
  EXPECT_THAT(Publish("a", 2), ElementsAre("client PUBREC 97"));
  EXPECT_THAT(Publish("a", 0), IsEmpty());
  EXPECT_THAT(TakeDecisions(), ElementsAre("publish denied 97 a (rules/rate)",
                                           "publish denied 97 a (rules/rate)",
                                           "publish denied 97 a (rules/rate)"));
  EXPECT_EQ(denials(RuleMode::kEnforce), 3u);
  Advance(absl::Milliseconds(500));
  EXPECT_THAT(Publish("a", 0), ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Publish("a", 0), IsEmpty());

  OpenUnder(kV311, {kTwoASecond});
  Publish("a", 0);
  Publish("a", 1);
  EXPECT_THAT(Publish("a", 0), IsEmpty());
}

// PUBACK of 3.1.1 says nothing but yes, and a client that is cut off comes back
// and sends all that was under way once more.
TEST_F(SessionRulesTest, WhatIsOverTheRateWaitsIn311) {
  OpenUnder(kV311, {kTwoASecond});
  std::string burst;
  for (uint16_t id = 1; id <= 5; ++id) {
    burst += PublishPacket(kV311, "a", 1, id, "p");
  }
  EXPECT_THAT(Client(burst),
              ElementsAre("broker PUBLISH", "broker PUBLISH", "timer 500ms"));
  EXPECT_FALSE(session().wants_client_bytes());
  Advance(absl::Milliseconds(500));
  EXPECT_THAT(Timer(), Contains("broker PUBLISH"));
  EXPECT_FALSE(session().wants_client_bytes());
  // Less is asked of who has been told of another grant meanwhile.
  Change({});
  Advance(absl::Milliseconds(500));
  EXPECT_THAT(Timer(), Contains("broker PUBLISH").Times(2));
  EXPECT_TRUE(session().wants_client_bytes());
  EXPECT_EQ(denials(RuleMode::kEnforce), 0u);
}

// The broker may have it, and an answer that it was refused would be wrong.
TEST_F(SessionRulesTest, WhatIsSentAgainWaitsForTheRate) {
  OpenUnder(kV5, {kTwoASecond});
  std::string burst;
  for (uint16_t id = 1; id <= 3; ++id) {
    std::string packet = PublishPacket(kV5, "a", 2, id, "p");
    packet[0] |= 0x08;
    burst += packet;
  }
  EXPECT_THAT(Client(burst),
              ElementsAre("broker PUBLISH", "broker PUBLISH", "timer 500ms"));
  Advance(absl::Milliseconds(500));
  EXPECT_THAT(Timer(), Contains("broker PUBLISH"));
  EXPECT_EQ(denials(RuleMode::kEnforce), 0u);
}

TEST_F(SessionRulesTest, WhatWaitsForTheRateOutlivesAClockThatIsSet) {
  OpenUnder(kV311, {kTwoASecond});
  for (int i = 0; i < 3; ++i) Publish("a", 1);
  SetClock(-absl::Hours(5));
  Advance(absl::Milliseconds(500));
  EXPECT_THAT(Timer(), Contains("broker PUBLISH"));
  EXPECT_TRUE(session().wants_client_bytes());
}

// covers: ACE-PUB-3
TEST_F(SessionRulesTest, ADroppedMessageThatSetAnAliasLeavesItKnownHere) {
  // Whether the broker knows it by another topic, or not at all.
  for (const std::string& before : {TopicAlias(1), std::string()}) {
    OpenUnder(kV5, {kTwoASecond}, std::string("\x22\x00\x05", 3));
    EXPECT_THAT(Client(PublishPacket(kV5, "a", 0, 0, "p", before)),
                ElementsAre("broker PUBLISH"));
    Publish("a", 0);
    EXPECT_THAT(Client(PublishPacket(kV5, "b", 0, 0, "p", TopicAlias(1))),
                IsEmpty());
    Advance(absl::Seconds(1));
    // The broker hears of the alias with its topic.
    EXPECT_THAT(Client(PublishPacket(kV5, "", 0, 0, "p", TopicAlias(1))),
                ElementsAre("broker PUBLISH"));
    EXPECT_EQ(to_broker(), PublishPacket(kV5, "b", 0, 0, "p", TopicAlias(1)));
  }
}

TEST_F(SessionRulesTest, ANewGrantDoesNotRefillTheRate) {
  OpenUnder(kV5, {kTwoASecond});
  Publish("a", 1);
  Publish("a", 1);
  EXPECT_THAT(Change({kTwoASecond, kDenySecret}), IsEmpty());
  EXPECT_THAT(Publish("a", 1), ElementsAre("client PUBACK 97"));
  Change({});
  EXPECT_THAT(Publish("a", 1), ElementsAre("broker PUBLISH"));
}

TEST_F(SessionRulesTest, ASubscriptionIsMadeWithTheQosThatIsLeft) {
  OpenUnder(kV5, {"name: 'rules/qos' subscribe: true topic_filters: 'a/#' "
                  "limits { max_qos: 1 }",
                  kDenySecret});
  // No Local and the rest of the options stay.
  EXPECT_THAT(Subscribe({"a/b"}, 0x2E), ElementsAre("broker SUBSCRIBE"));
  EXPECT_EQ(to_broker(), SubscribePacket(kV5, 101, {"a/b"}, "", 0x2D));
  // The SUBACK is the broker's.
  EXPECT_THAT(Broker(SubackPacket(kV5, 101, {1})),
              ElementsAre("client SUBACK 01"));
  Subscribe({"$share/g/a/b"}, 2);
  EXPECT_EQ(to_broker(), SubscribePacket(kV5, 102, {"$share/g/a/b"}, "", 1));
  Subscribe({"b"}, 2);
  EXPECT_TRUE(broker_got_a_view());
  Subscribe({"a/b"}, 1);
  EXPECT_TRUE(broker_got_a_view());
  // Beside one that is denied.
  Subscribe({"secret/x", "a/b"}, 2);
  EXPECT_EQ(to_broker(), SubscribePacket(kV5, 105, {"a/b"}, "", 1));
  EXPECT_THAT(Broker(SubackPacket(kV5, 105, {1})),
              ElementsAre("client SUBACK 87 01"));
  EXPECT_EQ(denials(RuleMode::kEnforce), 1u);

  OpenUnder(kV311, {"name: 'r' subscribe: true limits { max_qos: 0 }"});
  Subscribe({"a", "b"}, 2);
  EXPECT_EQ(to_broker(), SubscribePacket(kV311, 106, {"a", "b"}, "", 0));
}

TEST_F(SessionRulesTest, SubscriptionsAreCounted) {
  const std::initializer_list<const char*> rules = {
      "name: 'rules/two' subscribe: true limits { max_subscriptions: 2 }"};
  OpenUnder(kV5, rules);
  EXPECT_THAT(Subscribe({"a", "a", "b", "c"}), ElementsAre("broker SUBSCRIBE"));
  EXPECT_THAT(Broker(SubackPacket(kV5, 101, {1, 1, 1})),
              ElementsAre("client SUBACK 01 01 01 97"));
  EXPECT_EQ(denials(RuleMode::kEnforce), 1u);
  // Once more is no more.
  EXPECT_THAT(Subscribe({"a"}), ElementsAre("broker SUBSCRIBE"));
  EXPECT_THAT(Subscribe({"$share/g/a"}), ElementsAre("client SUBACK 97"));
  std::string body = std::string("\x00\x09\x00\x00\x01", 5) + "a";
  Client(std::string("\xA2\x06", 2) + body);  // UNSUBSCRIBE
  EXPECT_THAT(Subscribe({"$share/g/a"}), ElementsAre("broker SUBSCRIBE"));
  EXPECT_THAT(Subscribe({"a"}), ElementsAre("client SUBACK 97"));

  OpenUnder(kV311, rules);
  EXPECT_THAT(Subscribe({"a", "b"}), ElementsAre("broker SUBSCRIBE"));
  EXPECT_THAT(Subscribe({"c"}), ElementsAre("client SUBACK 80"));
}

TEST_F(SessionRulesTest, SubscriptionsThatCannotBeCountedAreNotMade) {
  OpenUnder(kV5, {"name: 'rules/many' subscribe: true "
                  "limits { max_subscriptions: 1000 }"});
  // Over 128 KiB of filters.
  const std::string prefix(60000, 'a');
  Subscribe({absl::StrCat(prefix, "1"), absl::StrCat(prefix, "2")});
  EXPECT_THAT(Subscribe({absl::StrCat(prefix, "3")}),
              ElementsAre("client SUBACK 97"));
}

TEST_F(SessionRulesTest, ALimitThatComesLaterCountsWhatIsThere) {
  OpenUnder(kV5, {});
  Subscribe({"a", "b", "c"});
  EXPECT_THAT(Change({"name: 'rules/two' subscribe: true "
                      "limits { max_subscriptions: 2 }"}),
              IsEmpty());
  EXPECT_THAT(Subscribe({"a"}), ElementsAre("broker SUBSCRIBE"));
  EXPECT_THAT(Subscribe({"d"}), ElementsAre("client SUBACK 97"));
}

// covers: EDGE-12
TEST_F(SessionRulesTest, UnderAnotherGrantSubscriptionsAreCountedAndEnded) {
  constexpr char kTwo[] =
      "name: 'rules/two' subscribe: true topic_filters: 'a/#' "
      "limits { max_subscriptions: 2 }";
  constexpr char kThree[] =
      "name: 'rules/two' subscribe: true topic_filters: 'a/#' "
      "limits { max_subscriptions: 3 }";
  OpenUnder(kV5, {kTwo});
  Subscribe({"a/1", "secret/1", "$share/g/a/2"});
  // The same rules.
  EXPECT_THAT(Change({kTwo}), IsEmpty());
  EXPECT_THAT(Subscribe({"a/3"}), ElementsAre("client SUBACK 97"));
  EXPECT_THAT(Change({kThree, kDenySecret}), ElementsAre("broker UNSUBSCRIBE"));
  EXPECT_THAT(Subscribe({"a/3"}), ElementsAre("broker SUBSCRIBE"));
  EXPECT_THAT(Subscribe({"a/4"}), ElementsAre("client SUBACK 97"));
  // What is ended makes room under what comes next.
  EXPECT_THAT(
      Change(
          {kThree, "name: 'r' subscribe: true topic_filters: 'a/1' deny {}"}),
      ElementsAre("broker UNSUBSCRIBE"));
  EXPECT_THAT(Subscribe({"a/4"}), ElementsAre("broker SUBSCRIBE"));
  EXPECT_THAT(Subscribe({"a/5"}), ElementsAre("client SUBACK 97"));
}

TEST_F(SessionRulesTest, AWillIsJudgedByTheRules) {
  ConnectParts parts;
  parts.will_topic = "secret/will";
  EXPECT_THAT(ConnectWithWill(parts, {kDenySecret}),
              ElementsAre("client CONNACK 87", "close"));
  EXPECT_THAT(TakeDecisions(),
              ElementsAre("connect denied 87 secret/will (rules/secret)"));
  EXPECT_EQ(denials(RuleMode::kEnforce), 1u);
  EXPECT_EQ(connects(ConnectOutcome::kWillDenied), 1u);
  parts.will_topic = "open";
  EXPECT_THAT(ConnectWithWill(parts, {kDenySecret}), ElementsAre("connect"));

  const char* kNoWill = "name: 'r' publish: true limits { no_will: true }";
  EXPECT_THAT(ConnectWithWill(parts, {kNoWill}),
              ElementsAre("client CONNACK 87", "close"));
  const char* kLimits =
      "name: 'r' publish: true limits { max_qos: 0 no_retain: true }";
  EXPECT_THAT(ConnectWithWill(parts, {kLimits}), ElementsAre("connect"));
  parts.will_retain = true;
  EXPECT_THAT(ConnectWithWill(parts, {kLimits}),
              ElementsAre("client CONNACK 9a", "close"));
  parts.will_qos = 1;
  EXPECT_THAT(ConnectWithWill(parts, {kLimits}),
              ElementsAre("client CONNACK 9b", "close"));
  const char* kSmall =
      "name: 'r' publish: true limits { max_payload_bytes: 3 }";
  EXPECT_THAT(ConnectWithWill(parts, {kSmall}),  // "gone"
              ElementsAre("client CONNACK 95", "close"));

  parts.version = kV311;
  for (const char* rule : {kNoWill, kLimits, kSmall}) {
    EXPECT_THAT(ConnectWithWill(parts, {rule}),
                ElementsAre("client CONNACK 05", "close"));
  }
  parts.will_topic.reset();
  EXPECT_THAT(ConnectWithWill(parts, {kNoWill}), ElementsAre("connect"));
}

TEST_F(SessionRulesTest, ARuleComesAndGoesOnALiveConnection) {
  for (const ProtocolVersion version : {kV5, kV311}) {
    OpenUnder(version, {});
    EXPECT_THAT(Publish("secret/a", 0), ElementsAre("broker PUBLISH"));
    EXPECT_THAT(Deliver("secret/a"), ElementsAre("client PUBLISH"));
    Subscribe({"+/a", "open"});
    const uint64_t denied = decisions(Action::kSubscribe, Verdict::kDenied);
    EXPECT_THAT(Change({kDenySecret}), ElementsAre("broker UNSUBSCRIBE"));
    // Who wonders why nothing comes any more finds it recorded.
    EXPECT_EQ(decisions(Action::kSubscribe, Verdict::kDenied), denied + 1);
    EXPECT_THAT(
        Subscribe({"+/a"}),
        ElementsAre(version == kV5 ? "client SUBACK 87" : "client SUBACK 80"));
    EXPECT_THAT(Change({}), IsEmpty());
    EXPECT_THAT(Subscribe({"+/a"}), ElementsAre("broker SUBSCRIBE"));
    EXPECT_THAT(Publish("secret/a", 0), ElementsAre("broker PUBLISH"));
    Change({kDenySecret});
    EXPECT_EQ(Publish("secret/a", 0).back(), "close");
  }
}

TEST_F(SessionRulesTest, AShadowChangesNothingAndIsCountedAndRecorded) {
  for (const ProtocolVersion version : {kV5, kV311}) {
    const uint64_t before = denials(RuleMode::kShadow);
    OpenUnder(version,
              {kShadowSecret,
               "name: 'rules/limits' shadow: true publish: true "
               "subscribe: true limits { max_qos: 1 max_payload_bytes: 4 "
               "max_publishes_per_second: 3 max_subscriptions: 0 }"});
    const uint64_t denied = decisions(Action::kPublish, Verdict::kDenied);
    for (int qos = 0; qos < 3; ++qos) {
      EXPECT_THAT(Publish("secret/a", qos, false, "fives"),
                  ElementsAre("broker PUBLISH"));
      EXPECT_TRUE(broker_got_a_view());
    }
    EXPECT_THAT(Publish("open", 2), ElementsAre("broker PUBLISH"));
    EXPECT_THAT(Publish("open", 1, false, "fives"),
                ElementsAre("broker PUBLISH"));
    EXPECT_THAT(Publish("open", 0), ElementsAre("broker PUBLISH"));
    EXPECT_THAT(Deliver("secret/a"), ElementsAre("client PUBLISH"));
    EXPECT_THAT(Subscribe({"open"}, 2), ElementsAre("broker SUBSCRIBE"));
    EXPECT_TRUE(broker_got_a_view());
    // One record a message, though several fit.
    EXPECT_THAT(
        TakeDecisions(),
        ElementsAre("publish denied 87 secret/a (rules/secret) in shadow",
                    "publish denied 87 secret/a (rules/secret) in shadow",
                    "publish denied 87 secret/a (rules/secret) in shadow",
                    "publish denied 87 open (rules/limits) in shadow",
                    "publish denied 97 open (rules/limits) in shadow",
                    "publish denied 97 open (rules/limits) in shadow",
                    "deliver denied 87 secret/a (rules/secret) in shadow",
                    "subscribe denied 97 open (rules/limits) in shadow",
                    "subscribe allowed 00 open (#)"));
    EXPECT_EQ(denials(RuleMode::kShadow) - before, 8u);
    EXPECT_EQ(denials(RuleMode::kEnforce), 0u);
    EXPECT_EQ(decisions(Action::kPublish, Verdict::kDenied), denied);
  }
}

TEST_F(SessionRulesTest, AShadowSaysNothingAboutWhatIsDeniedAnyway) {
  OpenUnder(kV5, {kShadowSecret, "name: 'rules/deny' publish: true deny {}"});
  EXPECT_THAT(Publish("secret/a", 1), ElementsAre("client PUBACK 87"));
  EXPECT_THAT(TakeDecisions(),
              ElementsAre("publish denied 87 secret/a (rules/deny)"));
  EXPECT_EQ(denials(RuleMode::kShadow), 0u);
}

TEST_F(SessionRulesTest, AShadowLetsAWillPass) {
  ConnectParts parts;
  parts.will_topic = "secret/will";
  EXPECT_THAT(ConnectWithWill(parts, {kShadowSecret}), ElementsAre("connect"));
  EXPECT_THAT(
      TakeDecisions(),
      ElementsAre("connect denied 87 secret/will (rules/secret) in shadow"));
  EXPECT_EQ(denials(RuleMode::kShadow), 1u);
}

}  // namespace
}  // namespace sluice::session
