// A large PUBLISH goes on as it comes, once what stands before its payload has
// been judged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "proxy/mqtt/publish.h"
#include "proxy/mqtt/writer.h"
#include "test/proxy/session/session_harness.h"
#include "test/testing/rule_text.h"

namespace sluice::session {
namespace {

using mqtt::ProtocolVersion;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class SessionStreamingTest : public ::testing::Test, public SessionHarness {
 protected:
  SessionStreamingTest() {
    settings.max_held_publish = 100;
    settings.max_held_bytes = 300;
  }

  policy::v1::Grant AGrant() {
    policy::v1::Grant grant =
        MakeGrant(now() + absl::Hours(1), {"pubsub a/#", "pub c/#"});
    for (const char* rule :
         {"name: 'size' publish: true topic_filters: 'a/small' "
          "limits { max_payload_bytes: 150 }",
          "name: 'rate' publish: true topic_filters: 'a/rated' "
          "limits { max_publishes_per_second: 1 }",
          "name: 'c' publish: true topic_filters: 'c/#' "
          "external_check { checker: 'x' }"}) {
      grant.add_rules(sluice::testing::RuleFromText(rule));
    }
    return grant;
  }
  void OpenAs(ProtocolVersion version) { Open(version, AGrant()); }

  static std::string Payload(size_t size) {
    std::string payload;
    for (size_t i = 0; i < size; ++i) {
      payload += static_cast<char>('a' + i % 23);
    }
    return payload;
  }
  static std::string Large(absl::string_view topic, int qos = 1,
                           absl::string_view properties = "",
                           bool retain = false, ProtocolVersion version = kV5) {
    return PublishPacket(version, topic, qos,
                         static_cast<uint16_t>(qos == 0 ? 0 : 7), Payload(200),
                         properties, retain);
  }
  static std::string Small(absl::string_view topic, int qos = 1) {
    return PublishPacket(kV5, topic, qos,
                         static_cast<uint16_t>(qos == 0 ? 0 : 9), "p");
  }
};

TEST_F(SessionStreamingTest, GoesOnAsItComes) {
  OpenAs(kV5);
  const std::string packet = Large("a/1");
  EXPECT_THAT(Client(packet.substr(0, 50)),
              ElementsAre("broker PUBLISH begins"));
  EXPECT_TRUE(broker_got_a_view());
  std::string sent = to_broker();
  EXPECT_THAT(Client(packet.substr(50, 100)),
              ElementsAre("broker 100 more bytes"));
  EXPECT_TRUE(broker_got_a_view());
  sent += to_broker();
  // What follows is judged again.
  EXPECT_THAT(
      Client(packet.substr(150) + Small("a/2") + Small("z")),
      ElementsAre(absl::StrCat("broker ", packet.size() - 150, " more bytes"),
                  "broker PUBLISH", "client PUBACK 87"));
  sent += to_broker();
  EXPECT_EQ(sent, packet + Small("a/2"));
  EXPECT_EQ(decisions(Action::kPublish, Verdict::kAllowed), 2u);
  EXPECT_EQ(decisions(Action::kPublish, Verdict::kDenied), 1u);
}

TEST_F(SessionStreamingTest, GoesOnInVersion3) {
  OpenAs(kV311);
  const std::string packet = Large("a/1", 2, "", false, kV311);
  EXPECT_THAT(Client(packet.substr(0, 10)),
              ElementsAre("broker PUBLISH begins"));
  std::string sent = to_broker();
  Client(packet.substr(10));
  EXPECT_EQ(sent + to_broker(), packet);
}

// Nothing is passed before it is judged, however it is cut.
TEST_F(SessionStreamingTest, WaitsForWhatStandsBeforeThePayload) {
  OpenAs(kV5);
  const std::string packet =
      Large("a/1", 1, absl::StrCat("\x03", std::string("\0\x03", 2), "abc"));
  const size_t head = packet.size() - 200;
  for (size_t i = 0; i + 1 < head; ++i) {
    EXPECT_THAT(Client(packet.substr(i, 1)), IsEmpty()) << i;
  }
  EXPECT_THAT(Client(packet.substr(head - 1, 1)),
              ElementsAre("broker PUBLISH begins"));
  EXPECT_EQ(to_broker(), packet.substr(0, head));
  EXPECT_THAT(Client(packet.substr(head)),
              ElementsAre("broker 200 more bytes"));
}

TEST_F(SessionStreamingTest, IsKeptWhereItIsNotLarge) {
  settings.max_held_publish = 1000;
  OpenAs(kV5);
  const std::string packet = Large("a/1");
  EXPECT_THAT(Client(packet.substr(0, 200)), IsEmpty());
  EXPECT_THAT(Client(packet.substr(200)), ElementsAre("broker PUBLISH"));
}

// covers: ACE-PUB-1
TEST_F(SessionStreamingTest, IsDroppedToItsEndWhereItIsDenied) {
  OpenAs(kV5);
  const std::string packet = Large("z");
  EXPECT_THAT(Client(packet.substr(0, 50)), ElementsAre("client PUBACK 87"));
  EXPECT_THAT(Client(packet.substr(50, 100)), IsEmpty());
  EXPECT_THAT(Client(packet.substr(150) + Small("a/2")),
              ElementsAre("broker PUBLISH"));
  EXPECT_EQ(to_broker(), Small("a/2"));
  // Over its rate, QoS 0 is dropped without a word.
  EXPECT_THAT(Client(Small("a/rated", 0)), ElementsAre("broker PUBLISH"));
  const std::string rated = Large("a/rated", 0);
  EXPECT_THAT(Client(rated.substr(0, 100)), IsEmpty());
  EXPECT_THAT(Client(rated.substr(100)), IsEmpty());
  EXPECT_THAT(Client(Large("z", 0).substr(0, 50)),
              ElementsAre("client DISCONNECT 87", "close"));
}

TEST_F(SessionStreamingTest, RulesCountAllOfThePayload) {
  OpenAs(kV5);
  EXPECT_THAT(Client(Large("a/small").substr(0, 50)),
              ElementsAre("client PUBACK 97"));
}

// covers: ACE-PUB-4
TEST_F(SessionStreamingTest, ItsHeadMayBeRewritten) {
  OpenAs(kV5);
  const std::string packet = Large("a/1", 1, "", /*retain=*/true);
  EXPECT_THAT(Client(packet.substr(0, 60)),
              ElementsAre("broker PUBLISH begins"));
  std::string sent = to_broker();
  EXPECT_THAT(
      Client(packet.substr(60) + Small("a/2")),
      ElementsAre(absl::StrCat("broker ", packet.size() - 60, " more bytes"),
                  "broker PUBLISH"));
  sent += to_broker();
  const mqtt::UnframeResult whole = mqtt::Unframe(AsBytes(sent), sent.size());
  ASSERT_EQ(whole.kind, mqtt::UnframeResult::Kind::kFrame);
  const auto publish =
      mqtt::ParsePublish(whole.frame, kV5, mqtt::Sender::kClient);
  ASSERT_TRUE(publish.ok());
  EXPECT_EQ(AsString(publish->payload), Payload(200));
  mqtt::Property expiry;
  ASSERT_TRUE(publish->properties.Find(mqtt::PropertyId::kMessageExpiryInterval,
                                       &expiry));
  EXPECT_EQ(expiry.number, 3600u);
}

class ChangedStreamTest : public SessionStreamingTest {
 protected:
  void OpenAs(ProtocolVersion version) {
    policy::v1::Grant grant = AGrant();
    grant.set_policy_version("v1");
    live_policy.version = "v1";
    Open(version, grant);
  }
  // The policy changes, and the grant becomes this one.
  Lines ChangeTo(policy::v1::Grant grant) {
    live_policy.version = "v2";
    ++live_policy.version_changes;
    PolicyVersionChanged();
    grant.set_policy_version("v2");
    Lines lines = Grant(grant);
    lines.erase(std::remove(lines.begin(), lines.end(), "timer 1h"),
                lines.end());
    return lines;
  }
  policy::v1::Grant With(const std::string& rule) {
    policy::v1::Grant grant = AGrant();
    grant.add_rules(sluice::testing::RuleFromText(rule));
    return grant;
  }
};

// covers: ACE-EXP-1
TEST_F(ChangedStreamTest, WhatMayNoLongerBePublishedDoesNotComeToItsEnd) {
  settings.hide_topics = false;
  const struct {
    const char* rule;
    const char* end;
  } cases[] = {
      {"name: 'd' publish: true deny {}", "client DISCONNECT 87"},
      {"name: 'q' publish: true limits { max_qos: 0 }", "client DISCONNECT 87"},
      {"name: 'l' publish: true limits { max_payload_bytes: 199 }",
       "client DISCONNECT 97"},
  };
  for (const auto& [rule, end] : cases) {
    OpenAs(kV5);
    EXPECT_THAT(Client(Large("a/1").substr(0, 150)),
                ElementsAre("broker PUBLISH begins"));
    EXPECT_THAT(ChangeTo(With(rule)), ElementsAre(end, "close")) << rule;
  }
  EXPECT_EQ(decisions(Action::kPublish, Verdict::kAllowed), 3u);
  EXPECT_EQ(decisions(Action::kRecheck, Verdict::kDenied), 3u);
  OpenAs(kV311);
  Client(Large("a/1", 0, "", false, kV311).substr(0, 150));
  EXPECT_THAT(ChangeTo(MakeGrant(now() + absl::Hours(1), {"sub a/#"})),
              ElementsAre("close"));
}

// covers: ACE-OUT-1
TEST_F(ChangedStreamTest, WhatMayNoLongerBeReceivedDoesNotComeToItsEnd) {
  OpenAs(kV5);
  EXPECT_THAT(Broker(Large("a/1").substr(0, 150)),
              ElementsAre("client PUBLISH begins"));
  // A DISCONNECT has no place in the midst of a packet.
  EXPECT_THAT(ChangeTo(With("name: 'd' subscribe: true deny {}")),
              ElementsAre("close"));
}

TEST_F(ChangedStreamTest, WhatMayPassStillGoesOn) {
  OpenAs(kV5);
  const std::string packet = Large("a/1");
  Client(packet.substr(0, 150));
  Broker(packet.substr(0, 150));
  EXPECT_THAT(ChangeTo(With("name: 'd' publish: true subscribe: true "
                            "topic_filters: 'a/2' deny {}")),
              IsEmpty());
  const std::string rest = absl::StrCat(packet.size() - 150, " more bytes");
  EXPECT_THAT(Client(packet.substr(150)), ElementsAre("broker " + rest));
  EXPECT_THAT(Broker(packet.substr(150)), ElementsAre("client " + rest));
  // Once they are through nothing stands against a grant that takes them away.
  EXPECT_THAT(ChangeTo(MakeGrant(now() + absl::Hours(1), {"pub z"})),
              IsEmpty());
}

// covers: ACE-EXP-2
TEST_F(ChangedStreamTest, ThereIsNoGraceForIt) {
  settings.reauthentication_grace = absl::Minutes(1);
  for (const bool from_client : {true, false}) {
    OpenAs(kV5);
    const std::string part = Large("a/1").substr(0, 150);
    from_client ? Client(part) : Broker(part);
    Advance(absl::Hours(1));
    EXPECT_THAT(Timer(), Contains("close")) << from_client;
  }
  // One that is through in time has it.
  OpenAs(kV5);
  Client(Large("a/1").substr(0, 150));
  Client(Large("a/1").substr(150));
  Advance(absl::Hours(1));
  EXPECT_THAT(Timer(), Not(Contains("close")));
}

TEST_F(SessionStreamingTest, ItDoesNotGrowOverTheLargestLength) {
  settings.max_packet_size = 268435460;
  OpenAs(kV5);
  std::string packet;
  mqtt::AppendFixedHeader(mqtt::PacketType::kPublish, 1, 268435451, &packet);
  mqtt::AppendString("a/1", &packet);
  mqtt::AppendVarint(0, &packet);
  EXPECT_THAT(Client(packet), ElementsAre("client DISCONNECT 95", "close"));
}

// covers: ACE-OUT-1
// Somebody's message cannot cut off those who receive it, however it has grown
// on its way: by an alias's topic, or a Property Length.
TEST_F(SessionStreamingTest, TheBrokersMayBeLargerThanAClients) {
  settings.max_packet_size = 150;
  for (size_t max_held : {size_t{100}, size_t{1000}}) {
    settings.max_held_publish = max_held;
    OpenAs(kV5);
    const std::string topic = absl::StrCat("a/", Payload(300));
    const std::string packet = Large(topic);
    EXPECT_THAT(Broker(packet), ElementsAre("client PUBLISH"));
    EXPECT_EQ(to_client(), packet);
    EXPECT_THAT(Client(Large("a/1")),
                ElementsAre("client DISCONNECT 95", "close"));
  }
}

// Who has a token is not let in yet.
TEST_F(SessionStreamingTest, LittleIsKeptBeforeConnack) {
  settings.max_unauthenticated_packet_size = 300;
  Start();
  ConnectParts parts;
  parts.properties = AceProperties(TokenAndProof("TOKEN", "PROOF"));
  Client(ConnectPacket(parts));
  SessionHarness::Grant(AGrant());
  UpstreamConnected();
  std::string packet;
  mqtt::AppendFixedHeader(mqtt::PacketType::kSubscribe, 2, 400, &packet);
  EXPECT_THAT(Client(packet),
              ElementsAre("client CONNACK 95", "broker DISCONNECT", "close"));
}

TEST_F(SessionStreamingTest, WaitsForAChecker) {
  OpenAs(kV5);
  const std::string packet = Large("c/1");
  EXPECT_THAT(Client(packet.substr(0, 60)),
              ElementsAre("check c publish c/1", "timer 15s"));
  EXPECT_FALSE(session().wants_client_bytes());
  EXPECT_THAT(CheckAnswers(true), ElementsAre("broker PUBLISH begins"));
  EXPECT_THAT(
      Client(packet.substr(60)),
      ElementsAre(absl::StrCat("broker ", packet.size() - 60, " more bytes")));
}

// covers: EDGE-12
// The session's own UNSUBSCRIBE does not get into the message.
TEST_F(SessionStreamingTest, OwnPacketsWaitForItsEnd) {
  policy::v1::Grant grant = AGrant();
  grant.mutable_recheck_after()->set_seconds(60);
  Open(kV5, grant);
  Client(SubscribePacket(kV5, 1, {"a/#"}));
  const std::string packet = Large("a/1");
  Client(packet.substr(0, 50));
  Advance(absl::Seconds(60));
  EXPECT_THAT(Timer(), Contains("authenticate"));
  EXPECT_THAT(Grant(MakeGrant(now() + absl::Hours(1), {"pub a/#"})),
              Not(Contains("broker UNSUBSCRIBE")));
  EXPECT_THAT(
      Client(packet.substr(50)),
      ElementsAre(absl::StrCat("broker ", packet.size() - 50, " more bytes"),
                  "broker UNSUBSCRIBE"));
}

// What it would keep the connection alive with waits, too.
// covers: EDGE-19
TEST_F(SessionStreamingTest, AClientThatIsNotReadForItsAnswersIsKeptAlive) {
  OpenAs(kV5);
  EXPECT_THAT(Broker(Large("a/1", 0).substr(0, 50)),
              ElementsAre("client PUBLISH begins"));
  std::string denied;
  while (denied.size() < 4096) denied += Small("z");
  while (session().wants_client_bytes()) Client(denied);
  Advance(absl::Seconds(15));
  EXPECT_THAT(Timer(), ElementsAre("broker PINGREQ", "timer 15s"));
}

TEST_F(SessionStreamingTest, ABrokersGoesOnAsItComes) {
  OpenAs(kV5);
  const std::string packet = Large("a/1", 0);
  EXPECT_THAT(Broker(packet.substr(0, 50)),
              ElementsAre("client PUBLISH begins"));
  std::string sent = to_client();
  // Answers of the session's own wait for its end.
  EXPECT_THAT(Client(Small("z")), IsEmpty());
  EXPECT_THAT(Broker(packet.substr(50, 100)),
              ElementsAre("client 100 more bytes"));
  sent += to_client();
  EXPECT_THAT(
      Broker(packet.substr(150) + Small("a/2", 0)),
      ElementsAre(absl::StrCat("client ", packet.size() - 150, " more bytes"),
                  "client PUBACK 87", "client PUBLISH"));
  sent += to_client().substr(0, packet.size() - 150);
  EXPECT_EQ(sent, packet);
}

// covers: ACE-OUT-1
TEST_F(SessionStreamingTest, ABrokersIsJudgedFirst) {
  OpenAs(kV5);
  EXPECT_THAT(Broker(Large("z", 0).substr(0, 50)),
              ElementsAre("client DISCONNECT 87", "close"));
}

// A DISCONNECT within a message would be part of it.
TEST_F(SessionStreamingTest, EndsWithoutAWordInTheMidst) {
  OpenAs(kV5);
  Broker(Large("a/1", 0).substr(0, 50));
  EXPECT_THAT(Drain(), ElementsAre("close"));
}

TEST_F(SessionStreamingTest, AnswersThatWaitAreBounded) {
  OpenAs(kV5);
  const std::string packet = Large("a/1", 0);
  Broker(packet.substr(0, 50));
  int sent = 0;
  while (session().wants_client_bytes() && sent < 100000) {
    Client(Small("z"));
    ++sent;
  }
  EXPECT_FALSE(session().wants_client_bytes());
  Lines lines = Broker(packet.substr(50));
  EXPECT_EQ(lines.size(), 1u + static_cast<size_t>(sent));
  EXPECT_TRUE(session().wants_client_bytes());
}

TEST_F(SessionStreamingTest, WhatIsKeptIsBounded) {
  OpenAs(kV5);
  const std::string user_property =
      absl::StrCat("\x26", std::string("\0\1n\0\xc8", 5), Payload(200));
  const std::string packet =
      Large("a/1", 1, absl::StrCat(user_property, user_property));
  EXPECT_THAT(Client(packet.substr(0, 20)),
              ElementsAre("client DISCONNECT 97", "close"));
}

TEST_F(SessionStreamingTest, OtherPacketsThatAreKeptAreBounded) {
  OpenAs(kV5);
  const std::string filter = absl::StrCat("a/", Payload(400));
  const std::string packet = SubscribePacket(kV5, 1, {filter});
  EXPECT_THAT(Client(packet.substr(0, 5)),
              ElementsAre("client DISCONNECT 97", "close"));
}

TEST_F(SessionStreamingTest, ALargeOneIsNoToken) {
  OpenAs(kV5);
  const std::string packet = Large("authz-info");
  EXPECT_THAT(Client(packet.substr(0, 50)), ElementsAre("client PUBACK 99"));
  EXPECT_THAT(Client(packet.substr(50)), IsEmpty());
}

TEST_F(SessionStreamingTest, LengthsThatDoNotFitAreMalformed) {
  for (const bool topic : {true, false}) {
    SCOPED_TRACE(topic);
    SessionHarness harness;
    harness.settings.max_held_publish = 100;
    harness.Open(kV5, MakeGrant(harness.now() + absl::Hours(1), {"pub #"}));
    std::string packet;
    mqtt::AppendFixedHeader(mqtt::PacketType::kPublish, 0, 200, &packet);
    if (topic) {
      mqtt::AppendU16(199, &packet);
    } else {
      mqtt::AppendString("a", &packet);
      mqtt::AppendVarint(196, &packet);
    }
    EXPECT_THAT(harness.Client(packet),
                ElementsAre("client DISCONNECT 81", "close"));
  }
}

// It may have more than a client: it adds to what it delivers.
TEST_F(SessionStreamingTest, WhatIsKeptOfTheBrokersIsBounded) {
  OpenAs(kV5);
  EXPECT_THAT(Broker("\x90\xD6\x04"),
              ElementsAre("client DISCONNECT 97", "close"));
  OpenAs(kV5);
  EXPECT_THAT(Broker("\x90\xD5\x04"), IsEmpty());  // SUBACK of 600 bytes
}

}  // namespace
}  // namespace sluice::session
