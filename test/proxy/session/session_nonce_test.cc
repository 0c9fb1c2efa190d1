// Client-nonces: in hints to the client, and back in its token.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "test/proxy/session/session_harness.h"

namespace sluice::session {
namespace {

using policy::v1::Denial;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kHint[] =
    R"({"AS":"https://as.example/token","cnonce":"ZnJlc2g"})";

class SessionNonceTest : public ::testing::Test, public SessionHarness {
 protected:
  SessionNonceTest() {
    gives_nonces = true;
    settings.as_hint = R"({"AS":"https://as.example/token"})";
  }
  policy::v1::Grant GrantWith(absl::string_view nonce) {
    policy::v1::Grant grant = AGrant();
    grant.set_cnonce(std::string(nonce));
    return grant;
  }
  void Connect(absl::string_view data = TokenAndProof("TOKEN", "PROOF")) {
    Start();
    Client(AceConnect(data));
  }
  // The answer to the question that comes first.
  Lines NonceIs(absl::string_view nonce) {
    policy::v1::AuthenticateResponse response;
    response.mutable_token_nonce()->set_cnonce(std::string(nonce));
    return PolicyAnswers(response);
  }
  void Reauthenticate() {
    Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "")));
    Client(AuthPacket(0x18, "CLIENTNOPROOF"));
  }
};

// covers: ACE-CON-2
TEST_F(SessionNonceTest, AHintCarriesANonce) {
  Connect("");
  EXPECT_THAT(Deny(Denial::REASON_NO_CREDENTIAL),
              ElementsAre("client CONNACK 87", "close"));
  EXPECT_THAT(to_client(), HasSubstr(kHint));
}

// covers: ACE-CON-2
TEST_F(SessionNonceTest, ATokenWithAFreshNonceIsTaken) {
  Connect();
  EXPECT_THAT(Grant(GrantWith("fresh")), ElementsAre("connect", "timer 10s"));
}

// covers: ACE-CON-2
TEST_F(SessionNonceTest, ATokenWithAnotherNonceOrNoneGetsANewHint) {
  for (const char* nonce : {"stale", ""}) {
    Connect();
    EXPECT_THAT(Grant(GrantWith(nonce)),
                ElementsAre("client CONNACK 87", "close"));
    EXPECT_THAT(to_client(), HasSubstr(kHint));
  }
  EXPECT_EQ(connects(ConnectOutcome::kTokenInvalid), 2u);
  EXPECT_EQ(decisions(Action::kConnect, Verdict::kDenied), 2u);
}

// covers: ACE-CON-2, ACE-TOK-7
TEST_F(SessionNonceTest, TheNonceIsAskedForBeforeTheTokenIsStored) {
  Connect();
  EXPECT_TRUE(asked().token().ask_cnonce());
  EXPECT_THAT(NonceIs("fresh"), ElementsAre("authenticate"));
  EXPECT_FALSE(asked().token().ask_cnonce());
  EXPECT_EQ(asked().token().token(), "TOKEN");
  EXPECT_EQ(asked().token().exporter().proof(), "PROOF");
  EXPECT_EQ(asked().connection().protocol_version(),
            policy::v1::PROTOCOL_VERSION_MQTT_5_0);
  EXPECT_THAT(Grant(GrantWith("fresh")), ElementsAre("connect", "timer 10s"));
  for (const char* nonce : {"stale", ""}) {
    Connect();
    EXPECT_THAT(NonceIs(nonce), ElementsAre("client CONNACK 87", "close"));
    EXPECT_THAT(to_client(), HasSubstr(kHint));
  }
  EXPECT_EQ(decisions(Action::kConnect, Verdict::kDenied), 2u);
  gives_nonces = false;
  Connect();
  EXPECT_FALSE(asked().token().ask_cnonce());
  // Nobody has asked for it.
  EXPECT_THAT(NonceIs("fresh"), ElementsAre("client CONNACK 87", "close"));
}

// covers: ACE-CON-2
TEST_F(SessionNonceTest, WhatIsWrongWithTheTokenComesFirst) {
  Connect();
  EXPECT_THAT(Deny(Denial::REASON_TOKEN_EXPIRED),
              ElementsAre("client CONNACK 87", "close"));
  Connect();
  EXPECT_THAT(NonceIs("fresh"), ElementsAre("authenticate"));
  EXPECT_THAT(Deny(Denial::REASON_PROOF_INVALID),
              ElementsAre("client CONNACK 87", "close"));
}

// covers: ACE-CON-2
TEST_F(SessionNonceTest, TheNonceMayBeOptional) {
  settings.cnonce_optional = true;
  Connect();
  EXPECT_THAT(Grant(GrantWith("")), ElementsAre("connect", "timer 10s"));
  Connect();
  EXPECT_THAT(Grant(GrantWith("stale")),
              ElementsAre("client CONNACK 87", "close"));
}

// covers: ACE-CON-2
TEST_F(SessionNonceTest, WhereNoneAreGivenOutTheyDoNotMatter) {
  gives_nonces = false;
  Connect();
  EXPECT_THAT(Grant(GrantWith("another's")),
              ElementsAre("connect", "timer 10s"));
  Connect("");
  Deny(Denial::REASON_NO_CREDENTIAL);
  EXPECT_THAT(to_client(), Not(HasSubstr("cnonce")));
}

TEST_F(SessionNonceTest, AnAnonymousClientNeedsNone) {
  Start();
  Client(ConnectPacket({}));
  policy::v1::Grant grant;
  grant.add_permissions()->set_topic_filter("public/#");
  EXPECT_THAT(Grant(grant), ElementsAre("connect", "timer 10s"));
}

// covers: ACE-CON-2, ACE-EXP-3
TEST_F(SessionNonceTest, ReauthenticationNeedsOneToo) {
  Open(kV5, GrantWith("fresh"));
  Reauthenticate();
  EXPECT_THAT(Grant(GrantWith("fresh")),
              ElementsAre("client AUTH 00", "timer 1h"));
  Reauthenticate();
  EXPECT_THAT(Grant(GrantWith("stale")),
              ElementsAre("client DISCONNECT 87", "close"));
  EXPECT_EQ(decisions(Action::kReauthenticate, Verdict::kDenied), 1u);
}

// covers: ACE-CON-2, ACE-EXP-3, ACE-TOK-7
TEST_F(SessionNonceTest, ReauthenticationAsksForItFirst) {
  Open(kV5, GrantWith("fresh"));
  Reauthenticate();
  EXPECT_TRUE(asked().token().ask_cnonce());
  EXPECT_THAT(NonceIs("fresh"), ElementsAre("authenticate"));
  EXPECT_FALSE(asked().token().ask_cnonce());
  EXPECT_EQ(asked().token().token(), "TOKEN2");
  EXPECT_THAT(Grant(GrantWith("fresh")),
              ElementsAre("client AUTH 00", "timer 1h"));
  Reauthenticate();
  EXPECT_THAT(NonceIs("stale"), ElementsAre("client DISCONNECT 87", "close"));
}

// It was fresh when the client came.
TEST_F(SessionNonceTest, ARecheckDoesNotAskForOne) {
  policy::v1::Grant grant = GrantWith("fresh");
  grant.mutable_recheck_after()->set_seconds(60);
  Open(kV5, grant);
  Advance(absl::Seconds(60));
  EXPECT_THAT(Timer(), ElementsAre("authenticate", "timer 59m"));
  grant.set_cnonce("stale by now");
  EXPECT_THAT(Grant(grant), ElementsAre("timer 1m"));
}

// covers: ACE-CON-2, ACE-AZI-2
TEST_F(SessionNonceTest, ATokenForLaterNeedsOneToo) {
  const std::string publish = PublishPacket(kV5, "authz-info", 1, 5, "TOKEN");
  policy::v1::StoreTokenResponse response;
  response.mutable_stored()->set_cnonce("fresh");
  Open(kV5, GrantWith("fresh"));
  Client(publish);
  EXPECT_THAT(StoreAnswers(response), ElementsAre("client PUBACK"));
  for (const char* nonce : {"stale", ""}) {
    response.mutable_stored()->set_cnonce(nonce);
    Client(publish);
    EXPECT_THAT(StoreAnswers(response), ElementsAre("client PUBACK 87"));
  }
  EXPECT_EQ(decisions(Action::kStoreToken, Verdict::kDenied), 2u);
}

// covers: ACE-CON-2, ACE-AZI-2, ACE-TOK-7
TEST_F(SessionNonceTest, ATokenForLaterIsStoredOnceItsNonceIsKnown) {
  const std::string publish = PublishPacket(kV5, "authz-info", 1, 5, "TOKEN");
  policy::v1::StoreTokenResponse nonce;
  nonce.mutable_token_nonce()->set_cnonce("fresh");
  policy::v1::StoreTokenResponse stored;
  stored.mutable_stored()->set_cnonce("fresh");
  Open(kV5, GrantWith("fresh"));
  Client(publish);
  EXPECT_TRUE(store_asked().ask_cnonce());
  EXPECT_FALSE(store_asked().asked_cnonce());
  EXPECT_THAT(StoreAnswers(nonce), ElementsAre("store"));
  EXPECT_FALSE(store_asked().ask_cnonce());
  EXPECT_TRUE(store_asked().asked_cnonce());
  EXPECT_EQ(store_asked().token(), "TOKEN");
  // A nonce is no answer to this question.
  EXPECT_THAT(StoreAnswers(nonce), ElementsAre("client PUBACK 87"));
  Client(publish);
  StoreAnswers(nonce);
  EXPECT_THAT(StoreAnswers(stored), ElementsAre("client PUBACK"));
  nonce.mutable_token_nonce()->set_cnonce("stale");
  Client(publish);
  EXPECT_THAT(StoreAnswers(nonce), ElementsAre("client PUBACK 87"));
}

}  // namespace
}  // namespace sluice::session
