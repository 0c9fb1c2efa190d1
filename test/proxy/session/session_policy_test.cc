// What the policy service pushes to live sessions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "test/proxy/session/session_harness.h"

namespace sluice::session {
namespace {

using policy::v1::AuthenticateRequest;
using policy::v1::Denial;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class SessionPolicyTest : public ::testing::Test, public SessionHarness {
 protected:
  policy::v1::Grant AGrant(
      std::initializer_list<absl::string_view> permissions = {"pubsub a/#"}) {
    policy::v1::Grant grant = MakeGrant(now() + absl::Hours(1), permissions);
    grant.set_token_id("jti-1");
    grant.add_key_ids("thumbprint");
    grant.add_key_ids("kid");
    grant.set_policy_version("v1");
    return grant;
  }
  // A session that waits for its grant.
  void Connect() {
    Start();
    Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  }
  void RevokeKey(const std::string& key_id) {
    policy::v1::Revocation revocation;
    revocation.set_name("r");
    revocation.set_key_id(key_id);
    live_policy.revocations.Add(revocation);
  }
  void SetVersion(const std::string& version) {
    live_policy.version = version;
    ++live_policy.version_changes;
  }
};

// covers: ACE-EXP-4
TEST_F(SessionPolicyTest, ARevokedSessionEnds) {
  Open(kV5, AGrant());
  EXPECT_THAT(RevocationsChanged(), IsEmpty());
  RevokeKey("another");
  EXPECT_THAT(RevocationsChanged(), IsEmpty());
  RevokeKey("kid");
  EXPECT_THAT(RevocationsChanged(),
              ElementsAre("client DISCONNECT 98", "close"));
  EXPECT_THAT(RevocationsChanged(), IsEmpty());
}

// covers: ACE-EXP-4
TEST_F(SessionPolicyTest, ATokenIsRevokedByItsIssuerAlone) {
  Open(kV5, AGrant());
  policy::v1::Revocation revocation;
  revocation.set_name("r");
  revocation.set_token_id("jti-1");
  revocation.set_issuer("other");
  live_policy.revocations.Add(revocation);
  EXPECT_FALSE(session().IsRevokedBy(live_policy.revocations, now()));
  EXPECT_THAT(RevocationsChanged(), IsEmpty());
  revocation.set_issuer("i");
  live_policy.revocations.Add(revocation);
  EXPECT_TRUE(session().IsRevokedBy(live_policy.revocations, now()));
  EXPECT_THAT(RevocationsChanged(),
              ElementsAre("client DISCONNECT 98", "close"));
}

// covers: ACE-EXP-4
TEST_F(SessionPolicyTest, ARevokedSessionOf311IsClosed) {
  Open(kV311, AGrant());
  RevokeKey("thumbprint");
  EXPECT_THAT(RevocationsChanged(), ElementsAre("close"));
}

// covers: ACE-EXP-4, ACE-CON-2
TEST_F(SessionPolicyTest, WhatIsRevokedBeforeTheGrantArrivesIsRefused) {
  settings.as_hint = R"({"AS":"a"})";
  Connect();
  RevokeKey("kid");
  EXPECT_THAT(RevocationsChanged(), IsEmpty());  // there is no grant yet
  EXPECT_THAT(Grant(AGrant()), ElementsAre("client CONNACK 87", "close"));
  EXPECT_THAT(to_client(), HasSubstr("ace_as_hint"));
}

// covers: ACE-EXP-4, ACE-CON-2
TEST_F(SessionPolicyTest, ARevocationBeforeConnackRefuses) {
  settings.as_hint = R"({"AS":"a"})";
  Connect();
  Grant(AGrant());
  RevokeKey("kid");
  EXPECT_THAT(RevocationsChanged(), ElementsAre("client CONNACK 87", "close"));
  EXPECT_THAT(to_client(), HasSubstr("ace_as_hint"));
}

// An operator wants the client gone, whatever its token.
// covers: ACE-CON-2
TEST_F(SessionPolicyTest, AnOperatorsEndBeforeConnackGetsNoHint) {
  settings.as_hint = R"({"AS":"a"})";
  Connect();
  Grant(AGrant());
  EXPECT_THAT(DisconnectRequested(), ElementsAre("client CONNACK 87", "close"));
  EXPECT_THAT(to_client(), Not(HasSubstr("ace_as_hint")));
}

// covers: ACE-EXP-4, ACE-EXP-3
TEST_F(SessionPolicyTest, ARevokedTokenDoesNotReauthenticate) {
  Open(kV5, AGrant());
  Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "")));
  Client(AuthPacket(0x18, "CLIENTNOPROOF"));
  policy::v1::Grant grant = AGrant();
  grant.set_token_id("jti-2");
  policy::v1::Revocation revocation;
  revocation.set_name("r2");
  revocation.set_token_id("jti-2");
  live_policy.revocations.Add(revocation);
  EXPECT_THAT(RevocationsChanged(), IsEmpty());  // the old one stands
  EXPECT_THAT(Grant(grant), ElementsAre("client DISCONNECT 87", "close"));
}

TEST_F(SessionPolicyTest, AChangedPolicyMakesItAskAgain) {
  live_policy.version = "v1";
  Open(kV5, AGrant());
  EXPECT_THAT(PolicyVersionChanged(), IsEmpty());  // granted by that one
  SetVersion("v2");
  EXPECT_THAT(PolicyVersionChanged(), ElementsAre("authenticate", "timer 1h"));
  EXPECT_EQ(asked().recheck().token(), "TOKEN");
  EXPECT_THAT(PolicyVersionChanged(), IsEmpty());  // it is being asked
  policy::v1::Grant narrower = AGrant({"pub b"});
  narrower.set_policy_version("v2");
  EXPECT_THAT(Grant(narrower), ElementsAre("timer 1h"));
  EXPECT_THAT(PolicyVersionChanged(), IsEmpty());
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 1, 1, "p")),
              ElementsAre("client PUBACK 87"));
}

// covers: ACE-TOK-5
TEST_F(SessionPolicyTest, AChangedPolicyIsNoReasonToIntrospectAnew) {
  live_policy.version = "v1";
  policy::v1::Grant grant = AGrant();
  grant.mutable_recheck_after()->set_seconds(60);
  Open(kV5, grant);
  SetVersion("v2");
  Advance(absl::Seconds(50));
  PolicyVersionChanged();
  EXPECT_TRUE(asked().recheck().remembered_answer_will_do());
  // What is left of that minute is not to be had again by asking.
  EXPECT_THAT(PolicyFails(), ElementsAre(StartsWith("timer ")));
  Advance(absl::Seconds(10));
  Timer();
  EXPECT_FALSE(asked().recheck().remembered_answer_will_do());
}

// A slow broker, or many clients at once, make this take a while.
TEST_F(SessionPolicyTest, APolicyThatChangesBeforeConnackIsAskedAboutThen) {
  live_policy.version = "v1";
  for (const bool connected : {false, true}) {
    Connect();
    Grant(AGrant());
    if (connected) UpstreamConnected();
    SetVersion("v2");
    EXPECT_THAT(PolicyVersionChanged(), IsEmpty());
    if (!connected) UpstreamConnected();
    EXPECT_THAT(Broker(ConnackPacket(kV5, 0)),
                ElementsAre("client CONNACK 00", "timer 0"));
    EXPECT_THAT(Timer(), ElementsAre("authenticate", "timer 1h"));
    EXPECT_EQ(asked().recheck().token(), "TOKEN");
    SetVersion("v1");
  }
}

// covers: ACE-EXP-4
TEST_F(SessionPolicyTest, NobodyIsLetInWhileChangesAreNotHeardOf) {
  live_policy.is_followed = false;
  Start();
  Client(ConnectPacket(ConnectParts()));
  EXPECT_THAT(Grant(AGrant()), ElementsAre("client CONNACK 88", "close"));
  EXPECT_EQ(connects(ConnectOutcome::kPolicyUnavailable), 1u);
}

TEST_F(SessionPolicyTest, AnAnonymousClientIsAskedAboutAsAtFirst) {
  policy::v1::Grant grant;
  grant.set_policy_version("v1");
  grant.add_permissions()->set_topic_filter("public/#");
  grant.mutable_permissions(0)->set_publish(true);
  tls_certificate = "CERTIFICATE";
  Start();
  Client(ConnectPacket(ConnectParts()));
  EXPECT_EQ(asked().connection().client_certificate(), "CERTIFICATE");
  Grant(grant);
  UpstreamConnected();
  Broker(ConnackPacket(kV5, 0));
  SetVersion("v2");
  EXPECT_THAT(PolicyVersionChanged(), ElementsAre("authenticate", "timer off"));
  EXPECT_EQ(asked().credential_case(), AuthenticateRequest::kAnonymous);
  // Not whether there is a token of its key by now.
  EXPECT_TRUE(asked().connection().client_certificate().empty());
  // But it has proven to have the key of the tokens that it brings.
  EXPECT_THAT(Client(PublishPacket(kV5, "authz-info", 1, 1, "TOKEN")),
              ElementsAre("store"));
  EXPECT_EQ(store_asked().connection().client_certificate(), "CERTIFICATE");
}

// The policy service was at it before the change, and says so after it.
TEST_F(SessionPolicyTest, AReauthenticationByAnOldVersionIsAskedAboutAgain) {
  for (const bool asks_first : {true, false}) {
    SetVersion("v1");
    Open(kV5, AGrant());
    Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "")));
    Client(AuthPacket(0x18, "CLIENTNOPROOF"));
    const uint64_t reauthentication = request_id();
    SetVersion("v2");
    PolicyVersionChanged();
    policy::v1::AuthenticateResponse by_v1;
    *by_v1.mutable_grant() = AGrant();
    if (asks_first) {
      policy::v1::Grant by_v2 = AGrant();
      by_v2.set_policy_version("v2");
      EXPECT_THAT(Grant(by_v2), ElementsAre("timer 10s"));
    }
    Effects effects;
    session().OnAuthenticateAnswer(reauthentication, by_v1, now(), &effects);
    Advance(absl::Seconds(1));
    EXPECT_THAT(Timer(), ElementsAre("authenticate", "timer 59m59s"));
    EXPECT_EQ(asked().recheck().token(), "TOKEN2");
  }
}

TEST_F(SessionPolicyTest, AGrantOfAnotherVersionIsAskedAboutOnce) {
  SetVersion("v2");
  Open(kV5, AGrant());  // by v1
  Advance(absl::Seconds(1));
  EXPECT_THAT(Timer(), ElementsAre("authenticate", "timer 59m59s"));
  EXPECT_THAT(Grant(AGrant()), ElementsAre("timer 1h"));
}

TEST_F(SessionPolicyTest, ARevokedRecheckSaysSo) {
  Open(kV5, AGrant());
  SetVersion("v2");
  PolicyVersionChanged();
  EXPECT_THAT(Deny(Denial::REASON_REVOKED),
              ElementsAre("client DISCONNECT 98", "close"));
}

TEST_F(SessionPolicyTest, OperatorsEndSessions) {
  Open(kV5, AGrant());
  EXPECT_THAT(DisconnectRequested(),
              ElementsAre("client DISCONNECT 98", "close"));
  Open(kV311, AGrant());
  EXPECT_THAT(DisconnectRequested(), ElementsAre("close"));
}

TEST_F(SessionPolicyTest, AnOutageEndsSessions) {
  Open(kV5, AGrant());
  EXPECT_THAT(PolicyOutage(), ElementsAre("client DISCONNECT 89", "close"));
}

TEST_F(SessionPolicyTest, AnOutageBeforeConnackIsNoDenial) {
  Connect();
  Grant(AGrant());
  EXPECT_THAT(PolicyOutage(), ElementsAre("client CONNACK 88", "close"));
  EXPECT_EQ(connects(ConnectOutcome::kPolicyUnavailable), 1u);
  EXPECT_EQ(decisions(Action::kConnect, Verdict::kError), 1u);
  EXPECT_EQ(decisions(Action::kConnect, Verdict::kAllowed), 0u);
}

TEST_F(SessionPolicyTest, WhatIsDueBeforeConnackIsDueWhateverTheClockSays) {
  live_policy.version = "v1";
  Connect();
  Grant(AGrant());
  UpstreamConnected();
  SetVersion("v2");
  PolicyVersionChanged();
  SetClock(-absl::Minutes(30));
  EXPECT_THAT(Broker(ConnackPacket(kV5, 0)),
              ElementsAre("client CONNACK 00", "timer 0"));
}

TEST_F(SessionPolicyTest, ItIsCountedWhyAClientIsThereNoMore) {
  const auto expect = [this](SessionEnd end, auto happen) {
    Open(kV5, AGrant());
    const uint64_t before = ends(end);
    happen();
    EXPECT_TRUE(session().is_closed());
    EXPECT_EQ(ends(end), before + 1) << static_cast<int>(end);
  };
  expect(SessionEnd::kClient, [this] { ClientClosed(); });
  expect(SessionEnd::kClient, [this] { Client(std::string("\xE0\0", 2)); });
  expect(SessionEnd::kBroker, [this] { UpstreamClosed(); });
  expect(SessionEnd::kBroker, [this] { Broker(std::string("\xE0\0", 2)); });
  expect(SessionEnd::kExpired, [this] {
    Advance(absl::Hours(1));
    Timer();
  });
  expect(SessionEnd::kDenied,
         [this] { Client(PublishPacket(kV5, "b", 0, 0, "p")); });
  expect(SessionEnd::kRevoked, [this] {
    RevokeKey("kid");
    RevocationsChanged();
    live_policy.revocations.Clear();
  });
  expect(SessionEnd::kOperator, [this] { DisconnectRequested(); });
  expect(SessionEnd::kError, [this] { Client(std::string("\xF1\0", 2)); });
  expect(SessionEnd::kPolicyOutage, [this] { PolicyOutage(); });
  expect(SessionEnd::kShuttingDown, [this] { Drain(); });
  // One that was never in is none.
  Connect();
  const uint64_t before = ends(SessionEnd::kClient);
  ClientClosed();
  EXPECT_EQ(ends(SessionEnd::kClient), before);
}

// covers: ACE-EXP-2
TEST_F(SessionPolicyTest, ThatAGrantHasEndedIsADecision) {
  Open(kV5, AGrant());
  Advance(absl::Hours(1));
  EXPECT_THAT(Timer(), ElementsAre("client DISCONNECT 87", "close"));
  EXPECT_EQ(decisions(Action::kRevoke, Verdict::kDenied), 1u);
}

TEST_F(SessionPolicyTest, DescribesAConnectedClient) {
  policy::v1::SessionInfo info;
  Start();
  EXPECT_FALSE(session().Describe(&info));
  Open(kV5, AGrant());
  ASSERT_TRUE(session().Describe(&info));
  EXPECT_EQ(info.token_id(), "jti-1");
  EXPECT_EQ(info.client_id(), "c");
  EXPECT_EQ(info.key_ids_size(), 2);
  EXPECT_EQ(info.expires_at().seconds() - info.connected_at().seconds(), 3600);
  EXPECT_EQ(info.protocol_version(), policy::v1::PROTOCOL_VERSION_MQTT_5_0);
  DisconnectRequested();
  EXPECT_FALSE(session().Describe(&info));
  // By the name that the broker knows it by, where it has none of its own.
  Start();
  ConnectParts parts;
  parts.client_id = "";
  parts.properties = AceProperties(TokenAndProof("TOKEN", "PROOF"));
  Client(ConnectPacket(parts));
  Grant(AGrant());
  UpstreamConnected();
  Broker(ConnackPacket(kV5, 0,
                       std::string("\x12\0\x04"
                                   "auto",
                                   7)));
  ASSERT_TRUE(session().Describe(&info));
  EXPECT_EQ(info.client_id(), "auto");
}

}  // namespace
}  // namespace sluice::session
