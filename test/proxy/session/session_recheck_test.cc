// A grant that the policy service is asked about again while the client is
// connected.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/proxy/session/session_harness.h"

namespace sluice::session {
namespace {

using mqtt::ProtocolVersion;
using policy::v1::AuthenticateRequest;
using policy::v1::Denial;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class SessionRecheckTest : public ::testing::Test, public SessionHarness {
 protected:
  // Good for an hour, to be asked about every minute.
  policy::v1::Grant AGrant(
      std::initializer_list<absl::string_view> permissions) {
    policy::v1::Grant grant = MakeGrant(now() + absl::Hours(1), permissions);
    grant.mutable_recheck_after()->set_seconds(60);
    return grant;
  }
  // A minute later the question is on its way.
  void OpenAndAsk(ProtocolVersion version = kV5) {
    Open(version, AGrant({"pubsub a/#"}));
    Advance(absl::Minutes(1));
    EXPECT_THAT(Timer(), ElementsAre("authenticate", "timer 59m"));
  }
};

// covers: ACE-TOK-5
TEST_F(SessionRecheckTest, ANewGrantReplacesTheOldOne) {
  OpenAndAsk();
  EXPECT_EQ(asked().credential_case(), AuthenticateRequest::kRecheck);
  EXPECT_EQ(asked().recheck().token(), "TOKEN");
  EXPECT_FALSE(asked().recheck().remembered_answer_will_do());
  EXPECT_EQ(asked().connection().client_id(), "c");
  // Meanwhile the old grant holds.
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 1, 1, "p")),
              ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Grant(AGrant({"pub new/#"})), ElementsAre("timer 1m"));
  EXPECT_THAT(Client(PublishPacket(kV5, "new/b", 1, 1, "p")),
              ElementsAre("broker PUBLISH"));
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 1, 2, "p")),
              ElementsAre("client PUBACK 87"));
  EXPECT_EQ(decisions(Action::kRecheck, Verdict::kAllowed), 1u);
  Advance(absl::Minutes(1));
  EXPECT_THAT(Timer(), ElementsAre("authenticate", "timer 59m"));
  EXPECT_EQ(asked().recheck().token(), "TOKEN");
}

// covers: ACE-TOK-5, EDGE-12
TEST_F(SessionRecheckTest, WhatIsNoLongerCoveredIsUnsubscribed) {
  Open(kV311, AGrant({"sub a/#"}));
  Client(SubscribePacket(kV311, 1, {"a/1"}));
  Advance(absl::Minutes(1));
  Timer();
  EXPECT_THAT(Grant(AGrant({"sub b"})),
              ElementsAre("broker UNSUBSCRIBE", "timer 1m"));
}

// covers: ACE-TOK-5
TEST_F(SessionRecheckTest, ADenialEndsTheConnection) {
  OpenAndAsk();
  EXPECT_THAT(Deny(Denial::REASON_TOKEN_INVALID),
              ElementsAre("client DISCONNECT 87", "close"));
  EXPECT_EQ(decisions(Action::kRecheck, Verdict::kDenied), 1u);
  OpenAndAsk(kV311);
  EXPECT_THAT(Deny(Denial::REASON_TOKEN_INVALID), ElementsAre("close"));
}

// covers: ACE-EXP-2
TEST_F(SessionRecheckTest, AnAnswerAfterTheTokensEndLeavesItsGrace) {
  settings.reauthentication_grace = absl::Minutes(1);
  for (const bool is_denied : {false, true}) {
    Open(kV5, AGrant({"pubsub a/#"}));
    Advance(absl::Minutes(1));
    Timer();
    policy::v1::AuthenticateResponse answer;
    if (is_denied) {
      answer.mutable_denial()->set_reason(Denial::REASON_TOKEN_EXPIRED);
    } else {
      *answer.mutable_grant() = MakeGrant(now() + absl::Minutes(59), {"pub a"});
    }
    Advance(absl::Minutes(59) + absl::Seconds(1));
    EXPECT_THAT(PolicyAnswers(answer), ElementsAre("timer 59s"));
    Advance(absl::Seconds(59));
    EXPECT_THAT(Timer(), ElementsAre("client DISCONNECT 87", "close"));
  }
  // But a revocation needs no end of its own.
  Open(kV5, AGrant({"pubsub a/#"}));
  Advance(absl::Minutes(1));
  Timer();
  Advance(absl::Minutes(59) + absl::Seconds(1));
  EXPECT_THAT(Deny(Denial::REASON_REVOKED),
              ElementsAre("client DISCONNECT 98", "close"));
}

// covers: ACE-TOK-5
TEST_F(SessionRecheckTest, ATokenOfSomebodyElseEndsTheConnection) {
  OpenAndAsk();
  policy::v1::Grant other = AGrant({"pub a/#"});
  other.set_subject("somebody else");
  EXPECT_THAT(Grant(other), ElementsAre("client DISCONNECT 87", "close"));
  OpenAndAsk();
  other = AGrant({"pub a/#"});
  other.set_issuer("another");
  EXPECT_THAT(Grant(other), ElementsAre("client DISCONNECT 87", "close"));
  OpenAndAsk();
  EXPECT_THAT(Grant(MakeGrant(now(), {"pub a/#"})),
              ElementsAre("client DISCONNECT 87", "close"));
  // Possession of another key was not proven here.
  OpenAndAsk();
  other = AGrant({"pub a/#"});
  other.add_key_ids("another's");
  EXPECT_THAT(Grant(other), ElementsAre("client DISCONNECT 87", "close"));
}

// covers: ACE-TOK-5, ACE-EXP-2
TEST_F(SessionRecheckTest, WithoutADecisionTheGrantHoldsUntilItsEnd) {
  OpenAndAsk();
  // From 2.5 to 5 s, by chance.
  EXPECT_THAT(PolicyFails(), ElementsAre(StartsWith("timer 2.5")));
  EXPECT_THAT(Client(PublishPacket(kV5, "a/b", 1, 1, "p")),
              ElementsAre("broker PUBLISH"));
  Advance(absl::Seconds(5));
  EXPECT_THAT(Timer(), ElementsAre("authenticate", "timer 58m55s"));
  // An answer that is neither grant nor denial is no decision.
  EXPECT_THAT(PolicyWants(policy::v1::AuthenticateResponse::kChallengeRequired),
              ElementsAre(StartsWith("timer 2.5")));
  EXPECT_EQ(decisions(Action::kRecheck, Verdict::kError), 2u);
  Advance(absl::Hours(1));
  EXPECT_THAT(Timer(), ElementsAre("client DISCONNECT 87", "close"));
}

// The policy has changed when the answer of the authorization server was good
// for next to nothing any more.
// covers: ACE-TOK-5
TEST_F(SessionRecheckTest, AShortIntervalIsNotThatOfRetries) {
  OpenAndAsk();
  policy::v1::Grant grant = AGrant({"pubsub a/#"});
  grant.mutable_recheck_after()->Clear();
  EXPECT_THAT(Grant(grant), ElementsAre("timer 100ms"));
  Advance(absl::Milliseconds(100));
  EXPECT_THAT(Timer(), ElementsAre("authenticate", "timer 59m59.9s"));
  // From 0.5 to 1 s, by chance.
  EXPECT_THAT(PolicyFails(), ElementsAre(StartsWith("timer 50")));
}

// covers: ACE-TOK-5, ACE-EXP-3
TEST_F(SessionRecheckTest, AReauthenticationTakesTheQuestionOver) {
  OpenAndAsk();
  const uint64_t recheck = request_id();
  Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "")));
  Client(AuthPacket(0x18, "CLIENTNOPROOF"));
  EXPECT_THAT(Grant(AGrant({"pub a/#"})),
              ElementsAre("client AUTH 00", "timer 1m"));
  // The answer about the old token no longer matters.
  Effects effects;
  policy::v1::AuthenticateResponse denial;
  denial.mutable_denial();
  session().OnAuthenticateAnswer(recheck, denial, now(), &effects);
  EXPECT_THAT(effects.list(), IsEmpty());
  Advance(absl::Minutes(1));
  Timer();
  EXPECT_EQ(asked().recheck().token(), "TOKEN2");
}

// covers: ACE-TOK-5, ACE-POP-5
TEST_F(SessionRecheckTest, AStoredTokenIsAskedAboutWithoutNamingIt) {
  Start();
  EXPECT_THAT(Client(AceConnect("")), ElementsAre("authenticate", "timer 10s"));
  policy::v1::Grant grant = AGrant({"pub a/#"});
  grant.add_key_ids("thumbprint");
  grant.add_key_ids("kid");
  Grant(grant);
  UpstreamConnected();
  EXPECT_THAT(Broker(ConnackPacket(kV5, 0)),
              ElementsAre("client CONNACK 00", "timer 1m"));
  Advance(absl::Minutes(1));
  EXPECT_THAT(Timer(), ElementsAre("authenticate", "timer 59m"));
  EXPECT_EQ(asked().recheck().stored_key_id(), "thumbprint");
}

// covers: ACE-TOK-5
TEST_F(SessionRecheckTest, AMalformedIntervalIsNoGrant) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  policy::v1::Grant grant = AGrant({"pub a/#"});
  grant.mutable_recheck_after()->set_seconds(-1);
  EXPECT_THAT(Grant(grant), ElementsAre("client CONNACK 88", "close"));
}

}  // namespace
}  // namespace sluice::session
