// Tokens that clients publish to authz-info.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>

#include "absl/status/status.h"
#include "test/proxy/session/session_harness.h"

namespace sluice::session {
namespace {

using mqtt::ProtocolVersion;
using policy::v1::Denial;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SessionAuthzInfoTest : public ::testing::Test, public SessionHarness {};

// covers: ACE-AZI-1, ACE-AZI-2
TEST_F(SessionAuthzInfoTest, AuthzInfoIsTakenAndAnswered) {
  policy::v1::StoreTokenResponse stored;
  stored.mutable_stored();
  policy::v1::StoreTokenResponse invalid;
  invalid.mutable_denial()->set_reason(Denial::REASON_TOKEN_INVALID);
  policy::v1::StoreTokenResponse unparsable;
  unparsable.mutable_denial()->set_reason(Denial::REASON_TOKEN_UNPARSABLE);
  const auto publish = [](ProtocolVersion version, int qos) {
    return PublishPacket(version, "authz-info", qos, 5, "TOKEN");
  };
  Open5();
  EXPECT_THAT(Client(publish(kV5, 0)), ElementsAre("store"));
  EXPECT_EQ(store_asked().token(), "TOKEN");
  EXPECT_THAT(StoreAnswers(stored), IsEmpty());
  EXPECT_THAT(Client(publish(kV5, 1)), ElementsAre("store"));
  EXPECT_THAT(StoreAnswers(stored), ElementsAre("client PUBACK"));
  EXPECT_THAT(Client(publish(kV5, 2)), ElementsAre("store"));
  EXPECT_THAT(StoreAnswers(stored), ElementsAre("client PUBREC"));
  EXPECT_THAT(Client(AckPacket(0x62, 5)), ElementsAre("client PUBCOMP"));
  Client(publish(kV5, 1));
  EXPECT_THAT(StoreAnswers(invalid), ElementsAre("client PUBACK 87"));
  Client(publish(kV5, 2));
  EXPECT_THAT(StoreAnswers(unparsable), ElementsAre("client PUBREC 99"));
  Client(publish(kV5, 0));
  EXPECT_THAT(StoreAnswers(unparsable),
              ElementsAre("client DISCONNECT 99", "close"));
  Open(kV311, AGrant());
  Client(publish(kV311, 1));
  EXPECT_THAT(StoreAnswers(stored), ElementsAre("client PUBACK"));
  Client(publish(kV311, 1));
  EXPECT_THAT(StoreAnswers(invalid), ElementsAre("close"));
}

// covers: ACE-AZI-2, ACE-AZI-3
TEST_F(SessionAuthzInfoTest, AuthzInfoWithoutADecisionIsNoSuccess) {
  Open5();
  Client(PublishPacket(kV5, "authz-info", 1, 5, "T"));
  EXPECT_THAT(StoreFails(absl::UnavailableError("")),
              ElementsAre("client PUBACK 87"));
  Client(PublishPacket(kV5, "authz-info", 1, 5, "T"));
  EXPECT_THAT(StoreFails(absl::ResourceExhaustedError("")),
              ElementsAre("client PUBACK 97"));
}

// covers: ACE-AZI-3
TEST_F(SessionAuthzInfoTest, TokensInFlightAreBounded) {
  Open5();
  for (uint16_t i = 1; i <= 4; ++i) {
    EXPECT_THAT(Client(PublishPacket(kV5, "authz-info", 1, i, "T")),
                Contains("store"));
  }
  EXPECT_FALSE(session().wants_client_bytes());
  EXPECT_THAT(Client(PublishPacket(kV5, "authz-info", 1, 5, "T")), IsEmpty());
  policy::v1::StoreTokenResponse stored;
  stored.mutable_stored();
  EXPECT_THAT(StoreAnswers(stored), ElementsAre("client PUBACK", "store"));
  EXPECT_FALSE(session().wants_client_bytes());
}

// covers: ACE-AZI-1
TEST_F(SessionAuthzInfoTest, AuthzInfoTurnedOffIsATopicLikeAnyOther) {
  settings.authz_info_topic = "";
  Open(kV5, MakeGrant(now() + absl::Hours(1), {"pub authz-info"}));
  EXPECT_THAT(Client(PublishPacket(kV5, "authz-info", 1, 5, "T")),
              ElementsAre("broker PUBLISH"));
}

}  // namespace
}  // namespace sluice::session
