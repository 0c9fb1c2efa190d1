// The steady state of the hot path allocates nothing and copies no payload.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "test/proxy/session/session_harness.h"
#include "test/testing/allocation_counter.h"

namespace sluice::session {
namespace {

using mqtt::ProtocolVersion;

class SessionAllocationTest : public ::testing::Test, public SessionHarness {
 protected:
  // Allocations while `bytes` go in `rounds` times, after a first one.
  uint64_t Count(const std::string& bytes, bool from_client, int rounds) {
    Effects effects;
    const auto feed = [&] {
      const ByteView view = AsBytes(bytes);
      const size_t used = from_client
                              ? session().OnClientBytes(view, now(), &effects)
                              : session().OnBrokerBytes(view, now(), &effects);
      EXPECT_EQ(used, bytes.size());
      for (const Effect& effect : effects.list()) {
        EXPECT_TRUE(effect.forwarded);
      }
      effects.Clear();
    };
    for (int i = 0; i < 20; ++i) feed();
    const uint64_t before = sluice::testing::Allocations();
    for (int i = 0; i < rounds; ++i) feed();
    return sluice::testing::Allocations() - before;
  }
  // Allocations while a client that has subscribed to `filters` filters, all of
  // them under ten rules, re-authenticates, and is granted the same again.
  uint64_t CountReauthentication(int filters) {
    policy::v1::Grant grant = MakeGrant(now() + absl::Hours(1), {"sub #"});
    for (int i = 0; i < 10; ++i) {
      policy::v1::Rule rule;
      rule.set_name(absl::StrCat("rules/", i));
      rule.set_subscribe(true);
      rule.mutable_limits()->set_max_subscriptions(1000);
      grant.add_rules(rule.SerializeAsString());
    }
    Open(kV5, grant);
    std::vector<std::string> names;
    for (int i = 0; i < filters; ++i) names.push_back(absl::StrCat("a/", i));
    Client(SubscribePacket(
        kV5, 1, std::vector<absl::string_view>(names.begin(), names.end())));
    Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "")));
    Client(AuthPacket(0x18, "CLIENTNOPROOF"));
    const uint64_t before = sluice::testing::Allocations();
    Grant(grant);
    return sluice::testing::Allocations() - before;
  }
};

TEST_F(SessionAllocationTest, PublishesOfAFewTopicsAllocateNothing) {
  for (ProtocolVersion version : {kV5, kV311}) {
    Open(version, MakeGrant(now() + absl::Hours(1), {"pubsub a/#"}));
    std::string bytes;
    for (int i = 0; i < 3; ++i) {
      for (int qos = 0; qos < 3; ++qos) {
        bytes += PublishPacket(version, absl::StrCat("a/topic/", i), qos, 9,
                               std::string(64, 'x'));
      }
    }
    EXPECT_EQ(Count(bytes, /*from_client=*/true, 1000), 0u);
    EXPECT_EQ(Count(bytes, /*from_client=*/false, 1000), 0u);
  }
}

// But for those messages that are recorded.
TEST_F(SessionAllocationTest, PublishesAllocateNothingBesideAnAuditLog) {
  decision_sample = 0;
  Open(kV5, MakeGrant(now() + absl::Hours(1), {"pubsub a/#"}));
  const std::string bytes =
      PublishPacket(kV5, "a/topic", 1, 9, std::string(64, 'x'));
  EXPECT_EQ(Count(bytes, /*from_client=*/true, 1000), 0u);
  EXPECT_EQ(Count(bytes, /*from_client=*/false, 1000), 0u);
}

TEST_F(SessionAllocationTest, PublishesUnderRulesAllocateNothing) {
  policy::v1::Grant grant = MakeGrant(now() + absl::Hours(1), {"pubsub a/#"});
  for (int i = 0; i < 4; ++i) {
    policy::v1::Rule rule;
    rule.set_name(absl::StrCat("rules/", i));
    rule.set_publish(true);
    rule.set_subscribe(true);
    rule.mutable_limits()->set_max_publishes_per_second(1000000);
    rule.mutable_limits()->set_max_payload_bytes(64);
    grant.add_rules(rule.SerializeAsString());
  }
  Open(kV5, grant);
  const std::string bytes =
      PublishPacket(kV5, "a/topic", 1, 9, std::string(64, 'x'));
  EXPECT_EQ(Count(bytes, /*from_client=*/true, 1000), 0u);
  EXPECT_EQ(Count(bytes, /*from_client=*/false, 1000), 0u);
}

TEST_F(SessionAllocationTest, TopicsThatAreNotRememberedAllocateNothing) {
  Open(kV5, MakeGrant(now() + absl::Hours(1), {"pubsub a/#", "pubsub a/+/c"}));
  std::string bytes;
  for (int i = 0; i < 50; ++i) {
    bytes += PublishPacket(kV5, absl::StrCat("a/topic/", i), 0, 0,
                           std::string(64, 'x'));
  }
  EXPECT_EQ(Count(bytes, /*from_client=*/true, 100), 0u);
}

// An event loop's other clients wait for it.
TEST_F(SessionAllocationTest,
       TheSameGrantAgainCostsTheSameForAnySubscriptions) {
  EXPECT_EQ(CountReauthentication(300), CountReauthentication(1));
}

}  // namespace
}  // namespace sluice::session
