// Re-authentication on a live connection, and the subscriptions that it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "proxy/mqtt/unframer.h"
#include "proxy/mqtt/unsubscribe.h"
#include "proxy/mqtt/writer.h"
#include "test/proxy/session/session_harness.h"

namespace sluice::session {
namespace {

using policy::v1::Denial;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SessionReauthenticateTest : public ::testing::Test,
                                  public SessionHarness {
 protected:
  static std::string UnsubscribePacket(uint16_t packet_id,
                                       absl::string_view filter) {
    mqtt::Unsubscribe unsubscribe;
    unsubscribe.packet_id = packet_id;
    unsubscribe.filters.push_back(filter);
    std::string packet;
    mqtt::AppendUnsubscribe(kV5, unsubscribe, &packet);
    return packet;
  }
  static std::string UnsubackPacket(uint16_t packet_id) {
    std::string body;
    mqtt::AppendU16(packet_id, &body);
    body += std::string(2, '\0');  // no properties, Success
    std::string packet;
    mqtt::AppendPacket(mqtt::PacketType::kUnsuback, 0, body, &packet);
    return packet;
  }
};

// covers: ACE-EXP-3
TEST_F(SessionReauthenticateTest, ReauthenticationSwapsTheScope) {
  Open5();
  EXPECT_THAT(Client(AuthPacket(0x19, TokenAndProof("TOKEN2", ""))),
              ElementsAre("client AUTH 18"));
  // Other traffic goes on, by the old grant.
  EXPECT_THAT(Client(PublishPacket(kV5, "new/x", 1, 1, "p")),
              ElementsAre("client PUBACK 87"));
  EXPECT_THAT(Client(AuthPacket(0x18, "CLIENTNOPROOF")),
              ElementsAre("authenticate", "timer 10s"));
  EXPECT_EQ(asked().token().token(), "TOKEN2");
  // The connection is what it was (ACE-D01-5).
  EXPECT_TRUE(asked().connection().clean_start());
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 1, 1, "p")),
              ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Grant(MakeGrant(now() + absl::Hours(2), {"pub new/#"})),
              ElementsAre("client AUTH 00", "timer 2h"));
  EXPECT_THAT(Client(PublishPacket(kV5, "new/x", 1, 1, "p")),
              ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 1, 1, "p")),
              ElementsAre("client PUBACK 87"));
  EXPECT_EQ(decisions(Action::kReauthenticate, Verdict::kAllowed), 1u);
}

// covers: EDGE-12, ACE-EXP-3
TEST_F(SessionReauthenticateTest,
       ANarrowerScopeUnsubscribesWhatItNoLongerCovers) {
  Open5();
  Client(SubscribePacket(kV5, 1, {"a/1", "a/2", "b", "$share/g/a/3"}));
  Client(UnsubscribePacket(2, "a/2"));
  EXPECT_THAT(Broker(UnsubackPacket(2)), ElementsAre("client UNSUBACK"));
  Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "")));
  Client(AuthPacket(0x18, "CLIENTNOPROOF"));
  EXPECT_THAT(Grant(MakeGrant(now() + absl::Hours(2), {"sub b", "sub a/3"})),
              ElementsAre("client AUTH 00", "broker UNSUBSCRIBE", "timer 2h"));
  EXPECT_EQ(to_broker(), UnsubscribePacket(0x8002, "a/1"));
  // The broker's answer is not the client's business.
  EXPECT_THAT(Broker(UnsubackPacket(0x8002)), IsEmpty());
  EXPECT_THAT(Client(UnsubscribePacket(0x8002, "b")),
              ElementsAre("broker UNSUBSCRIBE"));
  EXPECT_THAT(Broker(UnsubackPacket(0x8002)), ElementsAre("client UNSUBACK"));
}

// MQTT 5.0 section 2.2.1: to the broker there is one client.
// covers: EDGE-12
TEST_F(SessionReauthenticateTest,
       AClientsPacketWithTheIdentifierOfAnUnsubscribeWaits) {
  const std::string packets[] = {SubscribePacket(kV5, 0x8001, {"b"}),
                                 UnsubscribePacket(0x8001, "b"),
                                 PublishPacket(kV5, "c", 1, 0x8001, "p")};
  const char* const kForwarded[] = {"broker SUBSCRIBE", "broker UNSUBSCRIBE",
                                    "broker PUBLISH"};
  for (size_t i = 0; i < 3; ++i) {
    Open5();
    Client(SubscribePacket(kV5, 1, {"a/1"}));
    Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "")));
    Client(AuthPacket(0x18, "CLIENTNOPROOF"));
    Grant(MakeGrant(now() + absl::Hours(2), {"sub b", "pub c"}));
    EXPECT_EQ(to_broker(), UnsubscribePacket(0x8001, "a/1"));
    // What comes before it goes on; and the broker must not miss a PINGREQ.
    EXPECT_THAT(Client(PublishPacket(kV5, "c", 1, 7, "p") + packets[i]),
                ElementsAre("broker PUBLISH", "timer 15s"));
    EXPECT_FALSE(session().wants_client_bytes());
    EXPECT_THAT(Broker(UnsubackPacket(0x8001)), IsEmpty());
    EXPECT_TRUE(session().wants_client_bytes());
    EXPECT_THAT(Client(""), ElementsAre(kForwarded[i]));
  }
}

// covers: EDGE-12, EDGE-14
TEST_F(SessionReauthenticateTest, AnUnsubscribeThatIsNotSentHasNoIdentifier) {
  Open5(MaximumPacketSize(16));
  Client(SubscribePacket(kV5, 1, {"a/1234"}));
  // In a packet of their own they are 17 bytes.
  Client(SubscribePacket(kV5, 2, {"a/12345678", "a/87654321"}));
  Client(UnsubscribePacket(3, "a/1234"));
  Broker(UnsubackPacket(3));
  Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "")));
  Client(AuthPacket(0x18, "CLIENTNOPROOF"));
  EXPECT_THAT(Grant(MakeGrant(now() + absl::Hours(2), {"sub b"})),
              ElementsAre("client AUTH 00", "timer 2h"));
  Client(UnsubscribePacket(0x8003, "a/12345678"));
  EXPECT_THAT(Broker(UnsubackPacket(0x8003)), ElementsAre("client UNSUBACK"));
}

// covers: EDGE-12, EDGE-14
TEST_F(SessionReauthenticateTest, UnsubscribesInAsManyPacketsAsTheBrokerNeeds) {
  // Two filters of eight bytes fit, and one of a hundred does not.
  Open5(MaximumPacketSize(25));
  std::set<std::string> filters;
  for (int i = 0; i < 5; ++i) {
    filters.insert(absl::StrCat("a/00000", i));
    Client(SubscribePacket(kV5, 1, {absl::StrCat("a/00000", i)}));
  }
  Client(SubscribePacket(kV5, 1, {absl::StrCat("a/", std::string(98, 'x'))}));
  Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "")));
  Client(AuthPacket(0x18, "CLIENTNOPROOF"));
  Effects effects;
  policy::v1::AuthenticateResponse answer;
  *answer.mutable_grant() = MakeGrant(now() + absl::Hours(2), {"sub b"});
  session().OnAuthenticateAnswer(request_id(), answer, now(), &effects);
  std::set<uint16_t> packet_ids;
  for (const Effect& effect : effects.list()) {
    if (effect.kind != Effect::Kind::kSendToBroker) continue;
    const ByteView bytes = effects.bytes(effect);
    EXPECT_LE(bytes.size(), 25u);
    const mqtt::UnframeResult frame = mqtt::Unframe(bytes, 25);
    const auto sent = mqtt::ParseUnsubscribe(frame.frame, kV5);
    ASSERT_TRUE(sent.ok()) << sent.status();
    EXPECT_TRUE(packet_ids.insert(sent->packet_id).second);
    for (absl::string_view filter : sent->filters) {
      EXPECT_EQ(filters.erase(std::string(filter)), 1u) << filter;
    }
  }
  EXPECT_THAT(filters, IsEmpty());
  EXPECT_LE(packet_ids.size(), 4u);
  for (const uint16_t packet_id : packet_ids) {
    EXPECT_THAT(Broker(UnsubackPacket(packet_id)), IsEmpty());
  }
}

// A client that was silenced so would be kept alive at the broker, too.
// covers: EDGE-12
TEST_F(SessionReauthenticateTest,
       ABrokerThatAnswersNoUnsubscribeKeepsAClientForAWhile) {
  Open5();
  Client(SubscribePacket(kV5, 1, {"a/1"}));
  Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "")));
  Client(AuthPacket(0x18, "CLIENTNOPROOF"));
  Grant(MakeGrant(now() + absl::Hours(2), {"pub c"}));
  Client(PublishPacket(kV5, "c", 1, 0x8001, "p"));
  EXPECT_FALSE(session().wants_client_bytes());
  Advance(absl::Seconds(29));
  EXPECT_THAT(Timer(), ElementsAre("broker PINGREQ", "timer 1s"));
  Advance(absl::Seconds(1));
  EXPECT_THAT(Timer(), ElementsAre("client DISCONNECT 88", "close"));
}

// covers: ACE-EXP-3, ACE-POP-3
TEST_F(SessionReauthenticateTest, ReauthenticationThatFailsEndsTheConnection) {
  const auto begin = [this] {
    Open5();
    Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "")));
    Client(AuthPacket(0x18, "CLIENTNOPROOF"));
  };
  begin();
  EXPECT_THAT(Deny(Denial::REASON_PROOF_INVALID),
              ElementsAre("client DISCONNECT 87", "close"));
  begin();
  policy::v1::Grant other = AGrant();
  other.set_subject("somebody else");
  EXPECT_THAT(Grant(other), ElementsAre("client DISCONNECT 87", "close"));
  begin();
  // Neither is a denial.
  EXPECT_THAT(PolicyFails(), ElementsAre("client DISCONNECT 89", "close"));
  begin();
  policy::v1::Grant newer = AGrant();
  policy::v1::Rule rule;
  rule.set_name("r");
  rule.set_publish(true);  // with an effect that is not known here
  newer.add_rules(rule.SerializeAsString());
  EXPECT_THAT(Grant(newer), ElementsAre("client DISCONNECT 89", "close"));
  EXPECT_EQ(decisions(Action::kReauthenticate, Verdict::kError), 2u);
  // An exporter proof is for the CONNECT alone.
  Open5();
  EXPECT_THAT(Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "PROOF"))),
              ElementsAre("client DISCONNECT 87", "close"));
}

// covers: ACE-EXP-3
TEST_F(SessionReauthenticateTest,
       OnlyThePolicyServiceHasToReauthenticateInTime) {
  Open5();
  Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "")));
  // The challenge may be behind a large message, and the proof behind others.
  Advance(absl::Minutes(10));
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 0, 0, "p")),
              ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Client(AuthPacket(0x18, "CLIENTNOPROOF")),
              ElementsAre("authenticate", "timer 10s"));
  Advance(absl::Seconds(9));
  EXPECT_THAT(Timer(), ElementsAre("timer 1s"));
  Advance(absl::Seconds(1));
  EXPECT_THAT(Timer(), ElementsAre("client DISCONNECT 89", "close"));
  EXPECT_EQ(decisions(Action::kReauthenticate, Verdict::kError), 1u);
  EXPECT_EQ(denials, 0);
}

// covers: ACE-EXP-3
TEST_F(SessionReauthenticateTest, ReauthenticationsHaveARate) {
  Open5();
  const auto reauthenticate = [this] {
    const Lines lines = Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "")));
    if (lines.back() == "close") return lines;
    Client(AuthPacket(0x18, "CLIENTNOPROOF"));
    return Grant(AGrant());
  };
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(reauthenticate(), ElementsAre("client AUTH 00", "timer 1h"));
  }
  // One a second, whatever the clock is set to.
  for (const int minutes : {0, -10, 10}) {
    SetClock(absl::Minutes(minutes));
    Advance(absl::Seconds(1));
    EXPECT_THAT(reauthenticate(), ElementsAre("client AUTH 00", "timer 1h"));
  }
  Advance(absl::Milliseconds(999));
  EXPECT_THAT(reauthenticate(), ElementsAre("client DISCONNECT 97", "close"));
  EXPECT_EQ(decisions(Action::kReauthenticate, Verdict::kDenied), 1u);
  // It has shown no bad token.
  EXPECT_EQ(denials, 0);
}

// covers: ACE-EXP-3, ACE-POP-4
TEST_F(SessionReauthenticateTest, ReauthenticationOutOfTurnIsAProtocolError) {
  Open5();
  EXPECT_THAT(Client(AuthPacket(0x18, "CLIENTNOPROOF")),
              ElementsAre("client DISCONNECT 82", "close"));
  Open5();
  Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "")));
  EXPECT_THAT(Client(AuthPacket(0x19, TokenAndProof("TOKEN2", ""))),
              ElementsAre("client DISCONNECT 82", "close"));
  // A second answer, while the first one is looked at.
  Open5();
  Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "")));
  Client(AuthPacket(0x18, "CLIENTNOPROOF"));
  EXPECT_THAT(Client(AuthPacket(0x18, "CLIENTNOPROOF")),
              ElementsAre("client DISCONNECT 82", "close"));
  // A client that did not authenticate with the method.
  Start();
  Client(ConnectPacket(ConnectParts()));
  policy::v1::Grant grant;
  Grant(grant);
  UpstreamConnected();
  Broker(ConnackPacket(kV5, 0));
  EXPECT_THAT(Client(AuthPacket(0x19, TokenAndProof("TOKEN2", ""))),
              ElementsAre("client DISCONNECT 82", "close"));
}

}  // namespace
}  // namespace sluice::session
