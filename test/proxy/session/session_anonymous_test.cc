// How many clients without a token are let in, and what becomes of those that
// are in the way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proxy/session/pending_subscribes.h"
#include "test/proxy/session/session_harness.h"

namespace sluice::session {
namespace {

using mqtt::ProtocolVersion;
using ::testing::ElementsAre;

class SessionAnonymousTest : public ::testing::Test, public SessionHarness {
 protected:
  static policy::v1::Grant Public() {
    policy::v1::Grant grant;
    grant.add_permissions()->set_topic_filter("public/#");
    return grant;
  }
  policy::v1::Grant OfAToken() {
    return MakeGrant(now() + absl::Hours(1), {"pubsub a/#"});
  }
  // A client that may subscribe to public topics is in.
  void OpenAnonymously() {
    policy::v1::Grant grant = OfAToken();
    grant.clear_issuer();
    Open(kV5, grant);
    ASSERT_TRUE(is_anonymous());
  }
  // Asks with no token.
  void Ask(ProtocolVersion version) {
    ConnectParts parts;
    parts.version = version;
    Start();
    Client(ConnectPacket(parts));
  }
};

TEST_F(SessionAnonymousTest, OverTheLimitIsRefused) {
  room_for_anonymous = 0;
  Ask(kV5);
  EXPECT_THAT(Grant(Public()), ElementsAre("client CONNACK 97", "close"));
  EXPECT_EQ(connects(ConnectOutcome::kTooManyAnonymous), 1u);
  EXPECT_EQ(decisions(Action::kConnect, Verdict::kAllowed), 0u);
  EXPECT_EQ(decisions(Action::kConnect, Verdict::kError), 1u);
  // It has done nothing wrong.
  EXPECT_EQ(denials, 0);

  room_for_anonymous = 0;
  Ask(kV311);
  EXPECT_THAT(Grant(Public()), ElementsAre("client CONNACK 03", "close"));
}

TEST_F(SessionAnonymousTest, EachIsCountedOnce) {
  room_for_anonymous = 2;
  Ask(kV5);
  EXPECT_FALSE(is_anonymous());
  EXPECT_THAT(Grant(Public()), ElementsAre("connect", "timer 10s"));
  EXPECT_TRUE(is_anonymous());
  EXPECT_EQ(room_for_anonymous, 1);
}

TEST_F(SessionAnonymousTest, WhoHasATokenIsLetIn) {
  room_for_anonymous = 0;
  for (const auto version : {kV5, kV311}) {
    Open(version, OfAToken());
    EXPECT_FALSE(is_anonymous());
  }
  EXPECT_EQ(connects(ConnectOutcome::kAccepted), 2u);
  EXPECT_EQ(room_for_anonymous, 0);
}

TEST_F(SessionAnonymousTest, WhoMakesRoomIsTold) {
  Ask(kV5);
  Grant(Public());
  UpstreamConnected();
  EXPECT_THAT(Evicted(),
              ElementsAre("client CONNACK 97", "broker DISCONNECT", "close"));
  EXPECT_EQ(connects(ConnectOutcome::kTooManyAnonymous), 1u);
  EXPECT_EQ(denials, 0);

  Ask(kV5);
  Grant(Public());
  UpstreamConnected();
  Broker(ConnackPacket(kV5, 0));
  EXPECT_THAT(Evicted(), ElementsAre("client DISCONNECT 97", "close"));
  EXPECT_THAT(Evicted(), ElementsAre());
}

// What cannot be remembered cannot be counted.
TEST_F(SessionAnonymousTest, FewerSubscriptionsAreRemembered) {
  policy::v1::Grant grant = Public();
  grant.mutable_permissions(0)->set_subscribe(true);
  policy::v1::Rule rule;
  rule.set_name("r");
  rule.set_subscribe(true);
  rule.mutable_limits()->set_max_subscriptions(1000);
  grant.add_rules(rule.SerializeAsString());
  Ask(kV5);
  Grant(grant);
  UpstreamConnected();
  Broker(ConnackPacket(kV5, 0));
  std::vector<std::string> names;
  for (int i = 100; i < 1000; ++i) names.push_back(absl::StrCat("public/", i));
  Client(SubscribePacket(
      kV5, 1, std::vector<absl::string_view>(names.begin(), names.end())));
  EXPECT_EQ(decisions(Action::kSubscribe, Verdict::kAllowed),
            32 * 1024 / (64 + 10));
}

// Or else who asks and is put out before the answer would never be too many.
TEST_F(SessionAnonymousTest, WhoMakesRoomBeforeItIsDecidedHasADenial) {
  Ask(kV5);
  EXPECT_THAT(Evicted(), ElementsAre("close"));
  EXPECT_EQ(denials, 1);
  EXPECT_EQ(connects(ConnectOutcome::kClientLeft), 1u);
}

// What the broker does not answer stays.
TEST_F(SessionAnonymousTest, SubscribesInFlightAreFewAndCounted) {
  OpenAnonymously();
  const size_t before = session().kept_bytes();
  const size_t most = PendingSubscribes::kMostBytesWithoutToken /
                      (PendingSubscribes::kBytesEach + 2);
  for (uint16_t id = 1; id <= most; ++id) {
    ASSERT_THAT(Client(SubscribePacket(kV5, id, {"a/x", "z"})),
                ElementsAre("broker SUBSCRIBE"));
  }
  EXPECT_GT(session().kept_bytes(), before + most * 50);
  EXPECT_THAT(Client(SubscribePacket(kV5, most + 1, {"a/x", "z"})),
              ElementsAre("client DISCONNECT 97", "close"));
}

// As many filters as a packet may have.
TEST_F(SessionAnonymousTest, ASubscribeMayBeAsLargeAsAnybodys) {
  OpenAnonymously();
  std::vector<absl::string_view> filters(4096, "a/x");
  filters.back() = "z";
  EXPECT_THAT(Client(SubscribePacket(kV5, 1, filters)),
              ElementsAre("broker SUBSCRIBE"));
}

// Denied ones whose PUBREL does not come.
TEST_F(SessionAnonymousTest, PacketIdentifiersThatAreKeptAreCounted) {
  OpenAnonymously();
  const size_t before = session().kept_bytes();
  for (int id = 1; id < 65536; id += 256) {
    Client(PublishPacket(kV5, "z", 2, static_cast<uint16_t>(id), ""));
  }
  EXPECT_GT(session().kept_bytes(), before + 256 * 32);
}

}  // namespace
}  // namespace sluice::session
