// The broker's Keep Alive, where the client's packets end at the proxy.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "proxy/mqtt/writer.h"
#include "test/proxy/session/session_harness.h"

namespace sluice::session {
namespace {

using mqtt::ProtocolVersion;
using ::testing::ElementsAre;

const std::string kPingreq("\xC0\x00", 2);
const std::string kPingresp("\xD0\x00", 2);

// The harness's clients have a Keep Alive of 60 seconds.
class SessionKeepAliveTest : public ::testing::Test, public SessionHarness {
 protected:
  void OpenAs(ProtocolVersion version, absl::string_view connack = "") {
    Open(version, MakeGrant(now() + absl::Hours(1), {"pub a/#"}), connack);
  }
  Lines PublishDenied() {
    return Client(PublishPacket(kV5, "secret", 1, 1, "p"));
  }
};

// covers: ACE-PUB-1, EDGE-9
TEST_F(SessionKeepAliveTest, WhatEndsHereBecomesAPingForTheBroker) {
  OpenAs(kV5);
  Advance(absl::Seconds(14));
  EXPECT_THAT(PublishDenied(), ElementsAre("client PUBACK 87"));
  Advance(absl::Seconds(1));
  EXPECT_THAT(PublishDenied(),
              ElementsAre("client PUBACK 87", "broker PINGREQ"));
  EXPECT_THAT(PublishDenied(), ElementsAre("client PUBACK 87"));
  EXPECT_THAT(Broker(kPingresp), ElementsAre());
}

// On a slow link a packet takes longer than Keep Alive.
TEST_F(SessionKeepAliveTest, AClientWhosePacketIsOnItsWayIsKeptAlive) {
  Open(kV5, MakeGrant(now() + absl::Hours(1), {"pub a/#"}));
  const std::string packet =
      PublishPacket(kV5, "a/b", 1, 1, std::string(1000, 'p'));
  EXPECT_THAT(Client(packet.substr(0, 100)), ElementsAre());
  Advance(absl::Seconds(15));
  EXPECT_THAT(Client(packet.substr(100, 100)), ElementsAre("broker PINGREQ"));
  EXPECT_THAT(Client(packet.substr(200, 100)), ElementsAre());
  EXPECT_THAT(Broker(kPingresp), ElementsAre());
  Advance(absl::Seconds(15));
  EXPECT_THAT(Client(packet.substr(300)), ElementsAre("broker PUBLISH"));
}

// Its PINGREQs wait behind what is held.
TEST_F(SessionKeepAliveTest, AClientWhosePacketsWaitIsKeptAlive) {
  policy::v1::Grant grant = MakeGrant(now() + absl::Hours(1), {"pub a/#"});
  policy::v1::Rule rule;
  rule.set_name("rules/c");
  rule.set_publish(true);
  rule.mutable_external_check()->set_checker("c");
  grant.add_rules(rule.SerializeAsString());
  Open(kV5, grant);
  Advance(absl::Seconds(10));
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 1, 1, "p") + kPingreq),
              ElementsAre("check rules/c publish a/b", "timer 5s"));
  Advance(absl::Seconds(5));
  EXPECT_THAT(Timer(), ElementsAre("broker PINGREQ", "timer 15s"));
  EXPECT_THAT(Broker(kPingresp), ElementsAre());
  Advance(absl::Seconds(15));
  EXPECT_THAT(Timer(), ElementsAre("broker PINGREQ", "timer 15s"));
  EXPECT_THAT(CheckAnswers(true),
              ElementsAre("broker PUBLISH", "broker PINGREQ"));
}

TEST_F(SessionKeepAliveTest, WhatGoesOnNeedsNoPing) {
  OpenAs(kV5);
  Advance(absl::Seconds(14));
  Client(PublishPacket(kV5, "a/b", 0, 0, "p"));
  Advance(absl::Seconds(14));
  EXPECT_THAT(PublishDenied(), ElementsAre("client PUBACK 87"));
}

TEST_F(SessionKeepAliveTest, TheClientGetsTheAnswersToItsOwnPings) {
  OpenAs(kV5);
  Advance(absl::Seconds(30));
  PublishDenied();
  EXPECT_THAT(Client(kPingreq), ElementsAre("broker PINGREQ"));
  EXPECT_THAT(Broker(kPingresp + kPingresp), ElementsAre("client PINGRESP"));
}

// MQTT 5.0 section 3.2.2.3.14
TEST_F(SessionKeepAliveTest, ServerKeepAliveComesBeforeTheClients) {
  std::string connack;
  mqtt::AppendU16Property(mqtt::PropertyId::kServerKeepAlive, 8, &connack);
  OpenAs(kV5, connack);
  Advance(absl::Seconds(2));
  EXPECT_THAT(PublishDenied(),
              ElementsAre("client PUBACK 87", "broker PINGREQ"));
}

TEST_F(SessionKeepAliveTest, WithoutKeepAliveThereIsNoPing) {
  std::string connack;
  mqtt::AppendU16Property(mqtt::PropertyId::kServerKeepAlive, 0, &connack);
  OpenAs(kV5, connack);
  Advance(absl::Minutes(50));
  EXPECT_THAT(PublishDenied(), ElementsAre("client PUBACK 87"));
}

TEST_F(SessionKeepAliveTest, TheClientsSilenceStaysSilence) {
  OpenAs(kV5);
  Advance(absl::Seconds(59));
  EXPECT_THAT(Broker(PublishPacket(kV5, "a/b", 0, 0, "p")).size(), 2u);
  EXPECT_EQ(to_broker(), "");
}

// A large PUBLISH that is dropped as it comes.
TEST_F(SessionKeepAliveTest, PiecesOfWhatIsDroppedCount) {
  settings.max_held_publish = 10;
  OpenAs(kV5);
  const std::string packet =
      PublishPacket(kV5, "secret", 1, 1, std::string(100, 'x'));
  EXPECT_THAT(Client(packet.substr(0, 50)), ElementsAre("client PUBACK 87"));
  Advance(absl::Seconds(15));
  EXPECT_THAT(Client(packet.substr(50, 10)), ElementsAre("broker PINGREQ"));
}

TEST_F(SessionKeepAliveTest, AClockThatIsSetIsNoTimePassed) {
  OpenAs(kV311);
  SetClock(absl::Minutes(30));
  EXPECT_THAT(Client(SubscribePacket(kV311, 3, {"secret"})),
              ElementsAre("client SUBACK 80"));
  Advance(absl::Seconds(15));
  EXPECT_THAT(Client(SubscribePacket(kV311, 3, {"secret"})),
              ElementsAre("client SUBACK 80", "broker PINGREQ"));
}

}  // namespace
}  // namespace sluice::session
