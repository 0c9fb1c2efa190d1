// What counts as a denial of a client's address, and what follows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "test/proxy/session/session_harness.h"

namespace sluice::session {
namespace {

using policy::v1::AuthenticateResponse;
using policy::v1::Denial;
using ::testing::Contains;
using ::testing::ElementsAre;

class SessionDenialsTest : public ::testing::Test, public SessionHarness {
 protected:
  void Ask() {
    Start();
    Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  }
};

TEST_F(SessionDenialsTest, ADeniedConnectIsOne) {
  Ask();
  EXPECT_EQ(denials, 0);
  Deny(Denial::REASON_TOKEN_INVALID);
  EXPECT_EQ(denials, 1);
}

TEST_F(SessionDenialsTest, AnUnreadableConnectIsOne) {
  Start();
  EXPECT_THAT(Client("GET / HTTP/1.1\r\n"), ElementsAre("close"));
  EXPECT_EQ(denials, 1);
}

TEST_F(SessionDenialsTest, WhoIsLetInHasNone) {
  Open(kV5, AGrant());
  ClientClosed();
  EXPECT_EQ(denials, 0);
}

TEST_F(SessionDenialsTest, NothingDecidedIsNone) {
  Ask();
  PolicyFails();
  EXPECT_EQ(denials, 0);
}

TEST_F(SessionDenialsTest, ABrokerThatIsAwayIsNone) {
  Ask();
  Grant(AGrant());
  UpstreamClosed();
  EXPECT_EQ(denials, 0);
}

TEST_F(SessionDenialsTest, ABrokerThatCannotBeReadIsNone) {
  Ask();
  Grant(AGrant());
  UpstreamConnected();
  EXPECT_THAT(Broker("\x20\xFF\xFF\xFF\xFF"), Contains("client CONNACK 88"));
  EXPECT_TRUE(session().is_closed());
  EXPECT_EQ(denials, 0);
  EXPECT_EQ(connects(ConnectOutcome::kBrokerUnavailable), 1u);
  EXPECT_EQ(decisions(Action::kConnect, Verdict::kError), 1u);
}

// Or else questions would be free for those who do not wait for the answer.
TEST_F(SessionDenialsTest, LeavingBeforeTheAnswerIsOne) {
  Ask();
  ClientClosed();
  EXPECT_EQ(denials, 1);
}

TEST_F(SessionDenialsTest, DisconnectBeforeTheAnswerIsOne) {
  Ask();
  Client(std::string("\xE0\0", 2));
  EXPECT_EQ(denials, 1);
}

TEST_F(SessionDenialsTest, LeavingWithoutAProofIsOne) {
  Start();
  Client(AceConnect(""));
  PolicyWants(AuthenticateResponse::kChallengeRequired);
  EXPECT_EQ(denials, 0);
  ClientClosed();
  EXPECT_EQ(denials, 1);
}

TEST_F(SessionDenialsTest, LeavingOnceGrantedIsNone) {
  Ask();
  Grant(AGrant());
  ClientClosed();
  EXPECT_EQ(denials, 0);
}

TEST_F(SessionDenialsTest, ADeniedReauthenticationIsOne) {
  Open(kV5, AGrant());
  EXPECT_THAT(Client(AuthPacket(0x19, "")),
              ElementsAre("client DISCONNECT 87", "close"));
  EXPECT_EQ(denials, 1);
}

TEST_F(SessionDenialsTest, OverTheLimitNothingIsAsked) {
  denial_limit = 0;
  Start();
  EXPECT_THAT(Client(AceConnect(TokenAndProof("TOKEN", "PROOF"))),
              ElementsAre("client CONNACK 97", "close"));
  EXPECT_EQ(connects(ConnectOutcome::kTooManyDenials), 1u);
  EXPECT_EQ(decisions(Action::kConnect, Verdict::kError), 1u);
  EXPECT_EQ(decisions(Action::kConnect, Verdict::kDenied), 0u);
  // That is no denial; or it would never end.
  EXPECT_EQ(denials, 0);
}

TEST_F(SessionDenialsTest, OverTheLimitNoProofIsLookedAt) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "")));
  denial_limit = 0;
  EXPECT_THAT(Client(AuthPacket(0x18, "NONCE AND PROOF")),
              ElementsAre("client CONNACK 97", "close"));
}

TEST_F(SessionDenialsTest, OverTheLimitAClientOf311IsToldToTryLater) {
  denial_limit = 0;
  Start();
  ConnectParts parts;
  parts.version = kV311;
  EXPECT_THAT(Client(ConnectPacket(parts)),
              ElementsAre("client CONNACK 03", "close"));
}

// Who is in stays in, and can renew its grant.
TEST_F(SessionDenialsTest, OverTheLimitALiveClientReauthenticates) {
  Open(kV5, AGrant());
  denial_limit = 0;
  Client(AuthPacket(0x19, TokenAndProof("TOKEN", "")));
  EXPECT_THAT(Client(AuthPacket(0x18, "NONCE AND PROOF")),
              ElementsAre("authenticate", "timer 10s"));
}

}  // namespace
}  // namespace sluice::session
