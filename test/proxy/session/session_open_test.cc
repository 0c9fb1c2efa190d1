// A connected client: PUBLISH, SUBSCRIBE, delivery, expiry and endings.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "proxy/mqtt/writer.h"
#include "test/proxy/session/session_harness.h"

namespace sluice::session {
namespace {

using mqtt::ProtocolVersion;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SessionOpenTest : public ::testing::Test, public SessionHarness {
 protected:
  static std::string Two(uint8_t first, uint8_t second) {
    return {static_cast<char>(first), static_cast<char>(second)};
  }
};

// covers: ACE-SCP-3
TEST_F(SessionOpenTest, PublishInScopePassesAsAView) {
  for (ProtocolVersion version : {kV5, kV311}) {
    Open(version, AGrant());
    std::string many;
    for (uint16_t qos = 0; qos < 3; ++qos) {
      many += PublishPacket(version, "a/b", qos, 7, "payload");
    }
    EXPECT_THAT(Client(many), ElementsAre("broker PUBLISH", "broker PUBLISH",
                                          "broker PUBLISH"));
    EXPECT_EQ(to_broker(), many);
    EXPECT_TRUE(broker_got_a_view());
  }
  EXPECT_EQ(decisions(Action::kPublish, Verdict::kAllowed), 6u);
}

// The broker sees nothing of them, and its Receive Maximum stays as it is.
// covers: ACE-PUB-1, EDGE-10
TEST_F(SessionOpenTest, DeniedPublishIsAnsweredByItsQos) {
  Open5();
  EXPECT_THAT(Client(PublishPacket(kV5, "x", 1, 7, "p")),
              ElementsAre("client PUBACK 87"));
  EXPECT_THAT(Client(PublishPacket(kV5, "x", 2, 8, "p")),
              ElementsAre("client PUBREC 87"));
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 1, 9, "p")),
              ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Client(PublishPacket(kV5, "x", 0, 0, "p")),
              ElementsAre("client DISCONNECT 87", "close"));
  EXPECT_EQ(decisions(Action::kPublish, Verdict::kDenied), 3u);
}

// Request Problem Information or not: without an audit log, our acks carry no
// properties. See session_decisions_test.cc.
// covers: EDGE-15
TEST_F(SessionOpenTest, LocalAcksCarryACodeAndNoProperties) {
  Open5();
  Client(PublishPacket(kV5, "x", 1, 7, "p"));
  EXPECT_EQ(to_client(), std::string("\x40\x03\x00\x07\x87", 5));
  Client(PublishPacket(kV5, "x", 2, 8, "p"));
  EXPECT_EQ(to_client(), std::string("\x50\x03\x00\x08\x87", 5));
  // SUBACK always has a Property Length.
  Client(SubscribePacket(kV5, 9, {"x"}));
  EXPECT_EQ(to_client(), std::string("\x90\x04\x00\x09\x00\x87", 6));
}

// covers: ACE-PUB-1
TEST_F(SessionOpenTest, HiddenTopicsAreDeniedWithoutAReason) {
  settings.hide_topics = true;
  Open5();
  EXPECT_THAT(Client(PublishPacket(kV5, "x", 1, 7, "p")),
              ElementsAre("client PUBACK 80"));
  EXPECT_THAT(Client(PublishPacket(kV5, "x", 2, 8, "p")),
              ElementsAre("client PUBREC 80"));
  EXPECT_THAT(Client(SubscribePacket(kV5, 3, {"x"})),
              ElementsAre("client SUBACK 80"));
  EXPECT_THAT(Client(PublishPacket(kV5, "x", 0, 0, "p")),
              ElementsAre("client DISCONNECT 80", "close"));
}

// covers: ACE-PUB-2
TEST_F(SessionOpenTest, DeniedV3PublishClosesAtAnyQos) {
  for (uint16_t qos = 0; qos < 3; ++qos) {
    Open(kV311, AGrant());
    EXPECT_THAT(Client(PublishPacket(kV311, "x", qos, 7, "p")),
                ElementsAre("close"));
    EXPECT_EQ(to_broker(), "");
  }
}

// MQTT 5.0 section 4.3.3: the broker may have a message that is sent again, and
// would take another one of its identifier for it, and publish the old one.
TEST_F(SessionOpenTest, TheIdentifierOfADeniedResendIsNotUsedForAnother) {
  Open5();
  std::string again = PublishPacket(kV5, "x", 2, 8, "p");
  again[0] |= 0x08;
  EXPECT_THAT(Client(again), ElementsAre("client PUBREC 87"));
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 2, 8, "p")),
              ElementsAre("client PUBREC 91"));
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 2, 9, "p")),
              ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 1, 8, "p")),
              ElementsAre("broker PUBLISH"));
  // The message itself may pass when it is allowed, and then it is over.
  again = PublishPacket(kV5, "a/b", 2, 8, "p");
  again[0] |= 0x08;
  EXPECT_THAT(Client(again), ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 2, 8, "p")),
              ElementsAre("broker PUBLISH"));
}

// Of small packets as many come with one read as thousands.
TEST_F(SessionOpenTest, AClientsPacketsAreJudgedAFewATurn) {
  Open5();
  std::string many;
  for (size_t i = 0; i < Session::kMaxPacketsATurn + 2; ++i) {
    many += PublishPacket(kV5, "a/b", 0, 0, "p");
  }
  EXPECT_EQ(Client(many).size(), Session::kMaxPacketsATurn);
  EXPECT_TRUE(session().more_to_judge());
  EXPECT_TRUE(session().wants_client_bytes());
  EXPECT_THAT(Client(""), ElementsAre("broker PUBLISH", "broker PUBLISH"));
  EXPECT_FALSE(session().more_to_judge());
}

// covers: EDGE-9
TEST_F(SessionOpenTest, PubrelOfADeniedPublishIsAnsweredHere) {
  Open5();
  Client(PublishPacket(kV5, "x", 2, 8, "p"));
  EXPECT_THAT(Client(AckPacket(0x62, 8)), ElementsAre("client PUBCOMP 92"));
  // It is the broker's again once the identifier is used for another message.
  Client(PublishPacket(kV5, "x", 2, 8, "p"));
  Client(PublishPacket(kV5, "a/b", 2, 8, "p"));
  EXPECT_THAT(Client(AckPacket(0x62, 8)), ElementsAre("broker PUBREL"));
  // A PUBREL that was never ours goes through.
  EXPECT_THAT(Client(AckPacket(0x62, 9)), ElementsAre("broker PUBREL"));
}

// covers: ACE-PUB-3, EDGE-7
TEST_F(SessionOpenTest, TopicAliasesAreResolvedBeforeJudging) {
  std::string connack;
  mqtt::AppendU16Property(mqtt::PropertyId::kTopicAliasMaximum, 2, &connack);
  Open5(connack);
  const std::string set = PublishPacket(kV5, "a/b", 1, 1, "p", TopicAlias(1));
  const std::string use = PublishPacket(kV5, "", 1, 2, "p", TopicAlias(1));
  EXPECT_THAT(Client(set + use),
              ElementsAre("broker PUBLISH", "broker PUBLISH"));
  EXPECT_EQ(to_broker(), set + use);
  // Turned to a topic outside the scope, the alias is denied with it.
  EXPECT_THAT(Client(PublishPacket(kV5, "x", 1, 3, "p", TopicAlias(1)) + use),
              ElementsAre("client PUBACK 87", "client PUBACK 87"));
  // And back.
  EXPECT_THAT(Client(set + use),
              ElementsAre("broker PUBLISH", "broker PUBLISH"));
}

// covers: ACE-PUB-3, ACE-EXP-3
TEST_F(SessionOpenTest, AnAliasOfADeniedPublishLaterCarriesItsTopic) {
  std::string connack;
  mqtt::AppendU16Property(mqtt::PropertyId::kTopicAliasMaximum, 2, &connack);
  Open5(connack);
  EXPECT_THAT(Client(PublishPacket(kV5, "new/x", 1, 1, "p", TopicAlias(2))),
              ElementsAre("client PUBACK 87"));
  Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "")));
  Client(AuthPacket(0x18, "CLIENTNOPROOF"));
  Grant(MakeGrant(now() + absl::Hours(2), {"pub new/#"}));
  EXPECT_THAT(Client(PublishPacket(kV5, "", 1, 2, "pay", TopicAlias(2))),
              ElementsAre("broker PUBLISH"));
  EXPECT_EQ(to_broker(),
            PublishPacket(kV5, "new/x", 1, 2, "pay", TopicAlias(2)));
  // From then on the broker knows it.
  EXPECT_THAT(Client(PublishPacket(kV5, "", 1, 3, "pay", TopicAlias(2))),
              ElementsAre("broker PUBLISH"));
  EXPECT_TRUE(broker_got_a_view());
}

// To the broker it still stands for the topic before that.
// covers: ACE-PUB-3, ACE-EXP-3
TEST_F(SessionOpenTest, AnAliasThatADeniedPublishTurnsLaterCarriesItsTopic) {
  std::string connack;
  mqtt::AppendU16Property(mqtt::PropertyId::kTopicAliasMaximum, 2, &connack);
  Open5(connack);
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 1, 1, "p", TopicAlias(1))),
              ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Client(PublishPacket(kV5, "new/x", 1, 2, "p", TopicAlias(1))),
              ElementsAre("client PUBACK 87"));
  Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "")));
  Client(AuthPacket(0x18, "CLIENTNOPROOF"));
  Grant(MakeGrant(now() + absl::Hours(2), {"pub new/#"}));
  EXPECT_THAT(Client(PublishPacket(kV5, "", 1, 3, "pay", TopicAlias(1))),
              ElementsAre("broker PUBLISH"));
  EXPECT_EQ(to_broker(),
            PublishPacket(kV5, "new/x", 1, 3, "pay", TopicAlias(1)));
}

// covers: EDGE-7
TEST_F(SessionOpenTest, BadTopicAliasesAreInvalid) {
  std::string connack;
  mqtt::AppendU16Property(mqtt::PropertyId::kTopicAliasMaximum, 2, &connack);
  for (const std::string& packet :
       {PublishPacket(kV5, "a/b", 0, 0, "p", TopicAlias(0)),
        PublishPacket(kV5, "a/b", 0, 0, "p", TopicAlias(3))}) {
    Open5(connack);
    EXPECT_THAT(Client(packet), ElementsAre("client DISCONNECT 94", "close"));
  }
  // One that was never set (MQTT 5.0 section 3.3.2.3.4).
  Open5(connack);
  EXPECT_THAT(Client(PublishPacket(kV5, "", 0, 0, "p", TopicAlias(1))),
              ElementsAre("client DISCONNECT 82", "close"));
  // Both ways: the client announced no aliases at all.
  Open5();
  EXPECT_THAT(Broker(PublishPacket(kV5, "a/b", 0, 0, "p", TopicAlias(1))),
              ElementsAre("client DISCONNECT 94", "close"));
}

// covers: ACE-PUB-4, EDGE-13
TEST_F(SessionOpenTest, ARetainedMessageDoesNotOutliveTheToken) {
  Open5();
  Advance(absl::Minutes(30));
  const auto expiry = [](uint32_t seconds) {
    std::string property;
    mqtt::AppendU32Property(mqtt::PropertyId::kMessageExpiryInterval, seconds,
                            &property);
    return property;
  };
  const struct {
    std::string given;
    std::string sent;
  } kCases[] = {{"", expiry(1800)},
                {expiry(10), expiry(10)},
                {expiry(100000), expiry(1800)}};
  for (const auto& c : kCases) {
    EXPECT_THAT(
        Client(PublishPacket(kV5, "a/b", 1, 5, "p", c.given, /*retain=*/true)),
        ElementsAre("broker PUBLISH"));
    EXPECT_EQ(to_broker(),
              PublishPacket(kV5, "a/b", 1, 5, "p", c.sent, /*retain=*/true));
  }
  // Not retained, or what deletes the message that is: untouched.
  Client(PublishPacket(kV5, "a/b", 1, 5, "p", expiry(100000)));
  EXPECT_TRUE(broker_got_a_view());
  Client(PublishPacket(kV5, "a/b", 1, 5, "", "", /*retain=*/true));
  EXPECT_TRUE(broker_got_a_view());
}

// Where only the authorization server's answer ends, a message that it lets
// pass may stay.
// covers: ACE-PUB-4
TEST_F(SessionOpenTest, ARetainedMessageIsKeptWhereTheTokensEndIsNotKnown) {
  policy::v1::Grant grant = MakeGrant(now() + absl::Minutes(1), {"pubsub a/#"});
  grant.set_token_may_last_longer(true);
  Open(kV5, grant);
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 1, 5, "p", "", true)),
              ElementsAre("broker PUBLISH"));
  EXPECT_TRUE(broker_got_a_view());
  Advance(absl::Minutes(2));
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 1, 6, "p", "", true)),
              Contains("client PUBACK 87"));
}

// covers: EDGE-14
TEST_F(SessionOpenTest, ARewriteOverTheBrokersMaximumPacketSizeIsRefused) {
  Open5(MaximumPacketSize(20));
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 1, 5, "12345678", "", true)),
              ElementsAre("client DISCONNECT 95", "close"));
}

// covers: EDGE-14
TEST_F(SessionOpenTest, ASubackOverTheClientsMaximumPacketSizeEndsIt) {
  ConnectParts parts;
  parts.properties =
      AceProperties(TokenAndProof("TOKEN", "PROOF")) + MaximumPacketSize(40);
  Start();
  Client(ConnectPacket(parts));
  Grant(MakeGrant(now() + absl::Hours(1), {}));
  UpstreamConnected();
  Broker(ConnackPacket(kV5, 0));
  EXPECT_THAT(Client(SubscribePacket(
                  kV5, 3, std::vector<absl::string_view>(35, "a/b"))),
              testing::SizeIs(1));
  EXPECT_THAT(Client(SubscribePacket(
                  kV5, 4, std::vector<absl::string_view>(36, "a/b"))),
              ElementsAre("client DISCONNECT 95", "close"));
}

// MQTT 5.0 section 3.9.2.1.2: without the broker's Reason String it fits.
TEST_F(SessionOpenTest, ASubackThatOnlyFitsWithoutTheBrokersReasonPasses) {
  ConnectParts parts;
  parts.properties =
      AceProperties(TokenAndProof("TOKEN", "PROOF")) + MaximumPacketSize(20);
  Start();
  Client(ConnectPacket(parts));
  Grant(AGrant());
  UpstreamConnected();
  Broker(ConnackPacket(kV5, 0));
  const std::string codes("\x01", 1);
  std::string reason;
  mqtt::AppendBinaryProperty(mqtt::PropertyId::kReasonString,
                             AsBytes("0123456789"), &reason);
  std::string answer;
  mqtt::AppendSuback(kV5, 3, reason, AsBytes(codes), &answer);
  ASSERT_EQ(answer.size(), 19u);
  Client(SubscribePacket(kV5, 3, {"a/b", "x", "y"}));
  EXPECT_THAT(Broker(answer), ElementsAre("client SUBACK 01 87 87"));
}

// covers: ACE-SUB-1, EDGE-8
TEST_F(SessionOpenTest, SubscribeInScopePassesAsAView) {
  Open5();
  const std::string subscribe = SubscribePacket(kV5, 3, {"a/#", "b"});
  EXPECT_THAT(Client(subscribe), ElementsAre("broker SUBSCRIBE"));
  EXPECT_TRUE(broker_got_a_view());
  EXPECT_THAT(Broker(SubackPacket(kV5, 3, {1, 0x8F})),
              ElementsAre("client SUBACK 01 8f"));
}

// covers: ACE-SUB-1, EDGE-8
TEST_F(SessionOpenTest, DeniedFiltersAreTakenOutAndMergedBack) {
  Open5();
  std::string id;
  mqtt::AppendByte(0x0B, &id);
  mqtt::AppendVarint(5, &id);
  EXPECT_THAT(Client(SubscribePacket(kV5, 3, {"x", "a/b", "#", "a/+"}, id) +
                     SubscribePacket(kV5, 4, {"b", "y"})),
              ElementsAre("broker SUBSCRIBE", "broker SUBSCRIBE"));
  EXPECT_EQ(to_broker(), SubscribePacket(kV5, 3, {"a/b", "a/+"}, id) +
                             SubscribePacket(kV5, 4, {"b"}));
  // Answered in another order than they were sent.
  EXPECT_THAT(Broker(SubackPacket(kV5, 4, {1}) + SubackPacket(kV5, 3, {0, 2})),
              ElementsAre("client SUBACK 01 87", "client SUBACK 87 00 87 02"));
}

// covers: ACE-SUB-1, EDGE-8
TEST_F(SessionOpenTest, ASubscribeWithNothingAllowedStaysHere) {
  Open5();
  EXPECT_THAT(Client(SubscribePacket(kV5, 3, {"x", "a/#/../b", "y/#"})),
              ElementsAre("client DISCONNECT 8f", "close"));
  Open5();
  EXPECT_THAT(Client(SubscribePacket(kV5, 3, {"x", "y/#"})),
              ElementsAre("client SUBACK 87 87"));
  Open(kV311, AGrant());
  EXPECT_THAT(Client(SubscribePacket(kV311, 3, {"x", "y/#"})),
              ElementsAre("client SUBACK 80 80"));
  EXPECT_THAT(Client(SubscribePacket(kV311, 3, {"x", "b"})),
              ElementsAre("broker SUBSCRIBE"));
  EXPECT_THAT(Broker(SubackPacket(kV311, 3, {2})),
              ElementsAre("client SUBACK 80 02"));
}

// covers: ACE-SCP-4
TEST_F(SessionOpenTest, SharedSubscriptionsAreJudgedOnTheirFilter) {
  for (ProtocolVersion version : {kV5, kV311}) {
    Open(version, AGrant());
    EXPECT_THAT(Client(SubscribePacket(version, 3, {"$share/g/a/b"})),
                ElementsAre("broker SUBSCRIBE"));
    EXPECT_THAT(
        Client(SubscribePacket(version, 4, {"$share/g/x"})),
        ElementsAre(version == kV5 ? "client SUBACK 87" : "client SUBACK 80"));
  }
}

// MQTT 3.1.1 section 4.7: they are filters like others, but brokers do not
// agree.
TEST_F(SessionOpenTest, WhatIsNoShareIsDeniedIn311) {
  for (absl::string_view filter : {"$share/g", "$share//b", "$share/+/b"}) {
    Open(kV311, MakeGrant(now() + absl::Hours(1), {"sub #"}));
    EXPECT_THAT(Client(SubscribePacket(kV311, 3, {filter, "b"})),
                ElementsAre("broker SUBSCRIBE"));
    EXPECT_EQ(to_broker(), SubscribePacket(kV311, 3, {"b"}));
  }
  Open5();
  EXPECT_THAT(Client(SubscribePacket(kV5, 3, {"$share/g"})),
              ElementsAre("client DISCONNECT 8f", "close"));
}

// MQTT 5.0 section 3.14.2.2.2. The CONNECT had no Session Expiry Interval.
TEST_F(SessionOpenTest, ADisconnectKeepsNoSessionThatHasEnded) {
  const auto disconnect = [](char expiry) {
    return std::string("\xe0\x07\x00\x05\x11\x00\x00\x00", 8) + expiry;
  };
  Open5();
  EXPECT_THAT(Client(disconnect(0)),
              ElementsAre("broker DISCONNECT 00", "close"));
  Open5();
  EXPECT_THAT(Client(disconnect(9)),
              ElementsAre("client DISCONNECT 82", "close"));
  EXPECT_EQ(to_broker(), "");
}

// Where the broker takes "a.b" for "a/b".
// covers: ACE-SCP-2, ACE-SCP-3, ACE-SCP-4, ACE-CON-3
TEST_F(SessionOpenTest, TopicsWithRefusedCharactersAreOutsideTheScope) {
  settings.refused_topic_characters = ".*";
  const policy::v1::Grant grant =
      MakeGrant(now() + absl::Hours(1), {"pubsub +"});
  Open(kV5, grant);
  EXPECT_THAT(Client(PublishPacket(kV5, "a.b", 1, 7, "p")),
              ElementsAre("client PUBACK 87"));
  EXPECT_THAT(Client(PublishPacket(kV5, "a", 1, 7, "p")),
              ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Client(SubscribePacket(kV5, 3, {"a.b", "*", "$share/g/a.b"})),
              ElementsAre("client SUBACK 87 87 87"));
  Start();
  ConnectParts parts;
  parts.will_topic = "a.b";
  Client(ConnectPacket(parts));
  EXPECT_THAT(Grant(grant), ElementsAre("client CONNACK 87", "close"));
}

// covers: ACE-SUB-2
TEST_F(SessionOpenTest, AuthzInfoCannotBeSubscribedTo) {
  Open(kV5, MakeGrant(now() + absl::Hours(1), {"sub authz-info"}));
  EXPECT_THAT(
      Client(SubscribePacket(kV5, 3, {"authz-info", "$share/g/authz-info"})),
      ElementsAre("client SUBACK 87 87"));
}

// The first one's SUBACK could not be told from the second one's.
// covers: EDGE-8
TEST_F(SessionOpenTest, APacketIdentifierOfASubscribeInFlightIsInUse) {
  Open5();
  EXPECT_THAT(Client(SubscribePacket(kV5, 3, {"x", "b"})),
              ElementsAre("broker SUBSCRIBE"));
  EXPECT_THAT(Client(SubscribePacket(kV5, 3, {"a/b"})),
              ElementsAre("client DISCONNECT 82", "close"));
  Open5();
  Client(SubscribePacket(kV5, 3, {"x", "b"}));
  EXPECT_THAT(Broker(SubackPacket(kV5, 3, {1})),
              ElementsAre("client SUBACK 87 01"));
  EXPECT_THAT(Client(SubscribePacket(kV5, 3, {"a/b"})),
              ElementsAre("broker SUBSCRIBE"));
}

// covers: EDGE-8
TEST_F(SessionOpenTest, PartlyDeniedSubscribesInFlightAreBounded) {
  Open5();
  std::vector<absl::string_view> filters(4 * 1024, "x");
  filters.back() = "b";
  const size_t most = PendingSubscribes::kMostBytes /
                      (PendingSubscribes::kBytesEach + filters.size());
  for (uint16_t id = 1; id <= most; ++id) {
    EXPECT_THAT(Client(SubscribePacket(kV5, id, filters)),
                ElementsAre("broker SUBSCRIBE"));
  }
  // An answer makes room again.
  Broker(SubackPacket(kV5, 1, {1}));
  EXPECT_THAT(Client(SubscribePacket(kV5, 1, filters)),
              ElementsAre("broker SUBSCRIBE"));
  EXPECT_THAT(Client(SubscribePacket(kV5, most + 1, filters)),
              ElementsAre("client DISCONNECT 97", "close"));
}

TEST_F(SessionOpenTest, ASubackThatDoesNotFitEndsTheConnection) {
  Open5();
  Client(SubscribePacket(kV5, 3, {"x", "b"}));
  EXPECT_THAT(Broker(SubackPacket(kV5, 3, {1, 1})),
              ElementsAre("client DISCONNECT 82", "close"));
}

// covers: ACE-OUT-1
TEST_F(SessionOpenTest, DeliveryInScopePassesAsAView) {
  Open5();
  const std::string publish = PublishPacket(kV5, "a/b", 1, 5, "p");
  EXPECT_THAT(Broker(publish + publish),
              ElementsAre("client PUBLISH", "client PUBLISH"));
  EXPECT_EQ(to_client(), publish + publish);
}

// covers: ACE-OUT-1
TEST_F(SessionOpenTest, DeliveryOutOfScopeEndsTheConnection) {
  Open5();
  EXPECT_THAT(Broker(PublishPacket(kV5, "x", 0, 0, "p")),
              ElementsAre("client DISCONNECT 87", "close"));
  Open(kV311, AGrant());
  EXPECT_THAT(Broker(PublishPacket(kV311, "x", 0, 0, "p")),
              ElementsAre("close"));
  EXPECT_EQ(to_client(), "");
}

// covers: ACE-OUT-1, EDGE-11
TEST_F(SessionOpenTest, DeliveryUsesTheBrokersSemanticsOfFilters) {
  const struct {
    const char* permission;
    const char* topic;
    bool delivered;
  } kCases[] = {
      {"sub #", "$SYS/x", false},     {"sub +/x", "$SYS/x", false},
      {"sub $SYS/#", "$SYS/x", true}, {"sub a/+", "a/", true},
      {"sub a/+", "a", false},        {"sub a/#", "a", true},
      {"sub +/+", "/x", true},        {"sub a", "a/", false},
  };
  for (const auto& c : kCases) {
    Open(kV5, MakeGrant(now() + absl::Hours(1), {c.permission}));
    const Lines lines = Broker(PublishPacket(kV5, c.topic, 0, 0, "p"));
    EXPECT_EQ(lines[0] == "client PUBLISH", c.delivered)
        << c.permission << " " << c.topic;
  }
}

// covers: ACE-SCP-5
TEST_F(SessionOpenTest, AnEmptyScopeMayConnectAndNothingElse) {
  Open(kV5, MakeGrant(now() + absl::Hours(1), {}));
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 1, 1, "p")),
              ElementsAre("client PUBACK 87"));
  EXPECT_THAT(Client(SubscribePacket(kV5, 3, {"a/b"})),
              ElementsAre("client SUBACK 87"));
  EXPECT_THAT(Client(Two(0xC0, 0)), ElementsAre("broker PINGREQ"));
}

// covers: ACE-EXP-1, ACE-EXP-2
TEST_F(SessionOpenTest, AfterExpiryAcksSayNotAuthorized) {
  settings.reauthentication_grace = absl::Seconds(30);
  Open5();
  Advance(absl::Hours(1));
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 1, 1, "p")),
              ElementsAre("client PUBACK 87", "broker PINGREQ"));
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 2, 2, "p")),
              ElementsAre("client PUBREC 87"));
  EXPECT_THAT(Client(SubscribePacket(kV5, 3, {"a/b"})),
              ElementsAre("client SUBACK 87"));
  EXPECT_THAT(Timer(), ElementsAre("timer 30s"));
  Advance(absl::Seconds(30));
  EXPECT_THAT(Timer(), ElementsAre("client DISCONNECT 87", "close"));
}

// Only whether a topic is denied is hidden.
// covers: ACE-EXP-2, ACE-OUT-1
TEST_F(SessionOpenTest, HiddenTopicsHideNeitherExpiryNorDeliveries) {
  settings.hide_topics = true;
  settings.reauthentication_grace = absl::Seconds(30);
  Open5();
  Advance(absl::Hours(1));
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 1, 1, "p")),
              Contains("client PUBACK 87"));
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 2, 2, "p")),
              ElementsAre("client PUBREC 87"));
  EXPECT_THAT(Client(SubscribePacket(kV5, 3, {"a/b"})),
              ElementsAre("client SUBACK 87"));
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 0, 0, "p")),
              ElementsAre("client DISCONNECT 87", "close"));
  Open5();
  Advance(absl::Hours(1) + absl::Seconds(30));
  EXPECT_THAT(Timer(), ElementsAre("client DISCONNECT 87", "close"));
  Open5();
  EXPECT_THAT(Broker(PublishPacket(kV5, "x", 0, 0, "p")),
              ElementsAre("client DISCONNECT 87", "close"));
}

// covers: ACE-EXP-1, ACE-EXP-2
TEST_F(SessionOpenTest, AfterExpiryTheRestEndsTheConnection) {
  const std::string inputs[] = {PublishPacket(kV5, "a/b", 0, 0, "p"),
                                Two(0xC0, 0)};
  for (const std::string& input : inputs) {
    Open5();
    Advance(absl::Hours(1));
    EXPECT_THAT(Client(input), ElementsAre("client DISCONNECT 87", "close"));
  }
  Open5();
  Advance(absl::Hours(1));
  EXPECT_THAT(Broker(PublishPacket(kV5, "a/b", 1, 1, "p")),
              ElementsAre("client DISCONNECT 87", "close"));
  Open5();
  Advance(absl::Hours(1));
  EXPECT_THAT(Timer(), ElementsAre("client DISCONNECT 87", "close"));
  Open(kV311, AGrant());
  Advance(absl::Hours(1));
  EXPECT_THAT(Client(PublishPacket(kV311, "a/b", 1, 1, "p")),
              ElementsAre("close"));
  Open(kV311, AGrant());
  Advance(absl::Hours(1));
  EXPECT_THAT(Timer(), ElementsAre("close"));
}

// covers: EDGE-2, EDGE-3, EDGE-5
TEST_F(SessionOpenTest, MalformedAndMisplacedPacketsEndTheConnection) {
  const struct {
    std::string packet;
    const char* answer;
  } kCases[] = {
      {Two(0x00, 0), "client DISCONNECT 81"},  // type 0
      {Two(0xC1, 0), "client DISCONNECT 81"},  // flags
      {PublishPacket(kV5, "a/#", 0, 0, ""), "client DISCONNECT 90"},
      {PublishPacket(kV5, "a/b", 1, 0, ""), "client DISCONNECT 81"},
      {SubscribePacket(kV5, 1, {}), "client DISCONNECT 82"},
      {SubscribePacket(kV5, 1, {"a/#b"}), "client DISCONNECT 8f"},
      {ConnectPacket(ConnectParts()), "client DISCONNECT 82"},
      {Two(0xD0, 0), "client DISCONNECT 82"},  // PINGRESP
      {SubackPacket(kV5, 1, {0}), "client DISCONNECT 82"},
      {std::string("\x30\xFF\xFF\xFF\xFF", 5), "client DISCONNECT 81"},
  };
  for (const auto& c : kCases) {
    Open5();
    EXPECT_THAT(Client(c.packet), ElementsAre(c.answer, "close"))
        << c.answer << " packet type " << (c.packet[0] >> 4 & 15);
  }
}

// covers: EDGE-1
TEST_F(SessionOpenTest, AnOversizedPacketIsRefusedFromItsFixedHeader) {
  settings.max_packet_size = 1000;
  Open5();
  EXPECT_THAT(Client(std::string("\x30\xE8\x07", 3)),
              ElementsAre("client DISCONNECT 95", "close"));
}

// covers: EDGE-4
TEST_F(SessionOpenTest, PacketsMayComeAByteAtATime) {
  Open5();
  const std::string publish = PublishPacket(kV5, "a/b", 1, 5, "payload");
  for (size_t i = 0; i + 1 < publish.size(); ++i) {
    ASSERT_THAT(Client(publish.substr(i, 1)), IsEmpty()) << i;
  }
  EXPECT_THAT(Client(publish.substr(publish.size() - 1)),
              ElementsAre("broker PUBLISH"));
  EXPECT_EQ(to_broker(), publish);
}

TEST_F(SessionOpenTest, OrdinaryPacketsPassUnchangedBothWays) {
  Open5();
  std::string from_client;
  for (uint8_t first : {0x40, 0x50, 0x62, 0x70}) {
    from_client += AckPacket(first, 9);
  }
  from_client += Two(0xC0, 0);
  Client(from_client);
  EXPECT_EQ(to_broker(), from_client);
  EXPECT_TRUE(broker_got_a_view());
  std::string from_broker;
  for (uint8_t first : {0x40, 0x50, 0x62, 0x70}) {
    from_broker += AckPacket(first, 9);
  }
  from_broker += Two(0xD0, 0);
  Broker(from_broker);
  EXPECT_EQ(to_client(), from_broker);
}

// covers: EDGE-16
TEST_F(SessionOpenTest, TheBrokersMisplacedPacketsAreProtocolErrors) {
  for (const std::string& packet :
       {AuthPacket(0x18, "x"), Two(0xC0, 0), ConnackPacket(kV5, 0)}) {
    Open5();
    EXPECT_THAT(Broker(packet), ElementsAre("client DISCONNECT 82", "close"));
  }
}

// covers: EDGE-17
TEST_F(SessionOpenTest, TheClientsDisconnectGoesThroughUnchanged) {
  Open5();
  EXPECT_THAT(Client(Two(0xE0, 0)), ElementsAre("broker DISCONNECT", "close"));
  Open5();
  const std::string with_will("\xE0\x01\x04", 3);
  EXPECT_THAT(Client(with_will), ElementsAre("broker DISCONNECT 04", "close"));
  EXPECT_EQ(to_broker(), with_will);
}

// covers: EDGE-17
TEST_F(SessionOpenTest, APolicyEndingSendsTheBrokerNoDisconnect) {
  Open5();
  Client(PublishPacket(kV5, "x", 0, 0, "p"));
  EXPECT_EQ(to_broker(), "");
}

// covers: EDGE-18
TEST_F(SessionOpenTest, EndingsOfTheBrokerAndTheProxy) {
  Open5();
  EXPECT_THAT(UpstreamClosed(), ElementsAre("client DISCONNECT 88", "close"));
  Open5();
  EXPECT_THAT(Drain(), ElementsAre("client DISCONNECT 8b", "close"));
  Open(kV311, AGrant());
  EXPECT_THAT(UpstreamClosed(), ElementsAre("close"));
  Open5();
  const std::string disconnect("\xE0\x01\x8E", 3);
  EXPECT_THAT(Broker(disconnect), ElementsAre("client DISCONNECT 8e", "close"));
  EXPECT_EQ(to_client(), disconnect);
}

TEST_F(SessionOpenTest, NothingComesAfterClose) {
  Open5();
  ClientClosed();
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 0, 0, "p")), IsEmpty());
  EXPECT_THAT(Broker(PublishPacket(kV5, "a/b", 0, 0, "p")), IsEmpty());
  EXPECT_THAT(Timer(), IsEmpty());
  EXPECT_THAT(Drain(), IsEmpty());
  EXPECT_THAT(UpstreamClosed(), IsEmpty());
  EXPECT_THAT(ClientClosed(), IsEmpty());
}

}  // namespace
}  // namespace sluice::session
