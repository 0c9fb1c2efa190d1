// How many topic aliases the two sides may use, and that none of what they may
// use is too much.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proxy/mqtt/properties.h"
#include "proxy/mqtt/writer.h"
#include "test/proxy/session/session_harness.h"

namespace sluice::session {
namespace {

using mqtt::PropertyId;
using ::testing::ElementsAre;

std::string Maximum(uint16_t maximum) {
  std::string properties;
  mqtt::AppendU16Property(PropertyId::kTopicAliasMaximum, maximum, &properties);
  return properties;
}

// As long as a topic may be.
std::string LongTopic(int number) {
  std::string topic = absl::StrCat("a/", number, "/");
  topic.resize(65535, 'x');
  return topic;
}

class SessionAliasesTest : public ::testing::Test, public SessionHarness {
 protected:
  policy::v1::Grant OfAToken() {
    return MakeGrant(now() + absl::Hours(1), {"pubsub a/#"});
  }
  static policy::v1::Grant OfNone() {
    policy::v1::Grant grant;
    policy::v1::Permission* permission = grant.add_permissions();
    permission->set_topic_filter("a/#");
    permission->set_publish(true);
    permission->set_subscribe(true);
    return grant;
  }
  // What the broker gets for a CONNECT with `properties`.
  std::string Forwarded(const std::string& properties,
                        const policy::v1::Grant& grant) {
    ConnectParts parts;
    parts.properties = properties;
    Start();
    Client(ConnectPacket(parts));
    Grant(grant);
    UpstreamConnected();
    return to_broker();
  }
  static std::string Connect(const std::string& properties) {
    ConnectParts parts;
    parts.properties = properties;
    return ConnectPacket(parts);
  }
};

// covers: EDGE-7
TEST_F(SessionAliasesTest, TheBrokerIsToldNoMoreThanAreKept) {
  std::string more;
  mqtt::AppendUserProperty("k", "v", &more);
  for (const auto& [grant, most] :
       {std::make_pair(OfAToken(), uint16_t{256}),
        std::make_pair(OfNone(), uint16_t{TopicAliases::kMostWithoutToken})}) {
    EXPECT_EQ(Forwarded(Maximum(65535) + more, grant),
              Connect(Maximum(most) + more));
    EXPECT_EQ(Forwarded(more + Maximum(most), grant),
              Connect(more + Maximum(most)));
    EXPECT_EQ(Forwarded(Maximum(0), grant), Connect(Maximum(0)));
    EXPECT_EQ(Forwarded(more, grant), Connect(more));
  }
}

// covers: EDGE-7
TEST_F(SessionAliasesTest, TheClientIsToldNoMoreThanAreKept) {
  Open(kV5, OfAToken(), Maximum(65535));
  EXPECT_EQ(to_client(), ConnackPacket(kV5, 0,
                                       Maximum(256) + std::string("\x15\0\x03"
                                                                  "ace",
                                                                  6)));
  Forwarded("", OfNone());
  EXPECT_THAT(Broker(ConnackPacket(kV5, 0, Maximum(65535))),
              ElementsAre("client CONNACK 00", "timer off"));
  EXPECT_EQ(to_client(),
            ConnackPacket(kV5, 0, Maximum(TopicAliases::kMostWithoutToken)));
  // A smaller number is the broker's business.
  Forwarded("", OfNone());
  Broker(ConnackPacket(kV5, 0, Maximum(3)));
  EXPECT_EQ(to_client(), ConnackPacket(kV5, 0, Maximum(3)));
}

// What was found about an alias's topic counts as long as the grant does.
// covers: ACE-EXP-3, EDGE-7
TEST_F(SessionAliasesTest, ATopicIsJudgedAnewUnderAnotherGrant) {
  Open(kV5, MakeGrant(now() + absl::Hours(1), {"pubsub a/#"}), Maximum(5));
  const std::string alias = TopicAlias(1);
  const auto publish = [&](absl::string_view topic) {
    return Client(PublishPacket(kV5, topic, 1, 7, "p", alias));
  };
  EXPECT_THAT(publish("a/b"), ElementsAre("broker PUBLISH"));
  EXPECT_THAT(publish(""), ElementsAre("broker PUBLISH"));
  for (const auto& [scope, line] :
       {std::make_pair("pubsub b/#", "client PUBACK 87"),
        std::make_pair("pubsub a/#", "broker PUBLISH")}) {
    Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "")));
    Client(AuthPacket(0x18, "CLIENTNOPROOF"));
    Grant(MakeGrant(now() + absl::Hours(1), {scope}));
    EXPECT_THAT(publish(""), ElementsAre(line)) << scope;
    EXPECT_THAT(publish(""), ElementsAre(line)) << scope;
  }
  // An alias that is set again stands for another topic.
  EXPECT_THAT(publish("c"), ElementsAre("client PUBACK 87"));
  EXPECT_THAT(publish(""), ElementsAre("client PUBACK 87"));
}

// covers: EDGE-7
TEST_F(SessionAliasesTest, TheLongestTopicsFitIntoAllThatTheClientMayUse) {
  Open(kV5, OfAToken(), Maximum(65535));
  for (uint16_t alias = 1; alias <= 256; ++alias) {
    ASSERT_THAT(Client(PublishPacket(kV5, LongTopic(alias), 0, 0, "p",
                                     TopicAlias(alias))),
                ElementsAre("broker PUBLISH"))
        << alias;
  }
  EXPECT_THAT(Client(PublishPacket(kV5, "", 0, 0, "p", TopicAlias(1))),
              ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 0, 0, "p", TopicAlias(257))),
              ElementsAre("client DISCONNECT 94", "close"));
}

// covers: EDGE-7
TEST_F(SessionAliasesTest, TheLongestTopicsFitIntoAllThatTheBrokerMayUse) {
  for (const auto& [grant, most] :
       {std::make_pair(OfAToken(), uint16_t{256}),
        std::make_pair(OfNone(), uint16_t{TopicAliases::kMostWithoutToken})}) {
    Forwarded(Maximum(65535), grant);
    Broker(ConnackPacket(kV5, 0));
    for (uint16_t alias = 1; alias <= most; ++alias) {
      ASSERT_THAT(Broker(PublishPacket(kV5, LongTopic(alias), 0, 0, "p",
                                       TopicAlias(alias))),
                  ElementsAre("client PUBLISH"))
          << alias;
    }
    EXPECT_THAT(Broker(PublishPacket(kV5, "", 0, 0, "p", TopicAlias(most))),
                ElementsAre("client PUBLISH"));
    EXPECT_THAT(
        Broker(PublishPacket(kV5, "a/b", 0, 0, "p",
                             TopicAlias(static_cast<uint16_t>(most + 1)))),
        ElementsAre("client DISCONNECT 94", "close"));
  }
}

}  // namespace
}  // namespace sluice::session
