// From CONNECT to CONNACK: who gets in, and what the broker then sees.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proxy/mqtt/connack.h"
#include "proxy/mqtt/connect.h"
#include "proxy/mqtt/properties.h"
#include "proxy/mqtt/unframer.h"
#include "proxy/mqtt/writer.h"
#include "test/proxy/session/session_harness.h"

namespace sluice::session {
namespace {

using mqtt::ProtocolVersion;
using policy::v1::AuthenticateResponse;
using policy::v1::Denial;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class SessionConnectTest : public ::testing::Test, public SessionHarness {
 protected:
  static std::string V3Connect(absl::string_view username,
                               absl::string_view password) {
    ConnectParts parts;
    parts.version = kV311;
    parts.username = std::string(username);
    parts.password = std::string(password);
    return ConnectPacket(parts);
  }
};

// covers: ACE-AUTH-2, ACE-POP-2, ACE-POP-8
TEST_F(SessionConnectTest, ExporterProofIsAskedForGrantedAndConnected) {
  EXPECT_THAT(Start(), ElementsAre("timer 10s"));
  EXPECT_THAT(Client(AceConnect(TokenAndProof("TOKEN", "PROOF"))),
              ElementsAre("authenticate", "timer 10s"));
  EXPECT_EQ(asked().token().token(), "TOKEN");
  EXPECT_EQ(asked().token().exporter().proof(), "PROOF");
  ASSERT_EQ(asked().token().exporter().exporter_content_size(), 1);
  EXPECT_EQ(asked().token().exporter().exporter_content(0),
            std::string(32, '\xE0'));
  EXPECT_EQ(asked().connection().client_address(), "192.0.2.1:4000");
  EXPECT_EQ(asked().connection().client_id(), "c");
  EXPECT_THAT(Grant(AGrant()), ElementsAre("connect", "timer 10s"));
  EXPECT_THAT(UpstreamConnected(), ElementsAre("broker CONNECT", "timer 5s"));
  EXPECT_THAT(Broker(ConnackPacket(kV5, 0)),
              ElementsAre("client CONNACK 00", "timer 1h"));
  // Session Present 0, Success, properties: Authentication Method "ace".
  EXPECT_EQ(to_client(), std::string("\x20\x09\x00\x00\x06\x15\x00\x03"
                                     "ace",
                                     11));
  EXPECT_EQ(connects(ConnectOutcome::kAccepted), 1u);
}

// covers: ACE-POP-4, ACE-POP-8
TEST_F(SessionConnectTest, ChallengeIsAnsweredAndGranted) {
  Start();
  EXPECT_THAT(Client(AceConnect(TokenAndProof("TOKEN", ""))),
              ElementsAre("client AUTH 18", "timer 10s"));
  const std::string nonce = "\x01\x02\x03\x04\x05\x06\x07\x08";
  EXPECT_THAT(
      to_client(),
      HasSubstr(absl::StrCat("ace", "\x16", std::string("\0\x08", 2), nonce)));
  EXPECT_THAT(Client(AuthPacket(0x18, "CLIENTNOPROOF")),
              ElementsAre("authenticate", "timer 10s"));
  EXPECT_EQ(asked().token().token(), "TOKEN");
  EXPECT_EQ(asked().token().challenge().server_nonce(), nonce);
  EXPECT_EQ(asked().token().challenge().answer(), "CLIENTNOPROOF");
  EXPECT_THAT(Grant(AGrant()), ElementsAre("connect", "timer 10s"));
}

TEST_F(SessionConnectTest, TellsWhatItKeepsOfAConnect) {
  Start();
  const std::string token(10'000, 't');
  Client(AceConnect(TokenAndProof(token, "")));
  EXPECT_GE(session().kept_bytes(), token.size());
  Client(AuthPacket(0x18, "CLIENTNOPROOF"));
  Grant(AGrant());
  UpstreamConnected();
  Broker(ConnackPacket(ProtocolVersion::kV5, 0));
  EXPECT_LT(session().kept_bytes(), 100u);
}

// covers: ACE-POP-4
TEST_F(SessionConnectTest, ANonceIsNeverUsedTwice) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "")));
  const std::string first = to_client();
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "")));
  EXPECT_NE(first, to_client());
}

// covers: ACE-POP-4, ACE-CON-1
TEST_F(SessionConnectTest, AnEmptyChallengeAnswerIsRefused) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "")));
  EXPECT_THAT(Client(AuthPacket(0x18, "")),
              ElementsAre("client CONNACK 87", "close"));
}

TEST_F(SessionConnectTest, AChallengeAnswerOfAnotherMethodIsRefused) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "")));
  EXPECT_THAT(Client(AuthPacket(0x18, "CLIENTNOPROOF", "other")),
              ElementsAre("client CONNACK 87", "close"));
}

// covers: ACE-POP-6
TEST_F(SessionConnectTest, OnlyAuthOrDisconnectBeforeConnack) {
  const std::string subscribe = SubscribePacket(kV5, 1, {"a/b"});
  const std::string pingreq("\xC0\x00", 2);
  for (const std::string& packet :
       {subscribe, pingreq, PublishPacket(kV5, "a/b", 0, 0, "x"),
        AceConnect(TokenAndProof("TOKEN", ""))}) {
    Start();
    Client(AceConnect(TokenAndProof("TOKEN", "")));
    EXPECT_THAT(Client(packet), ElementsAre("client CONNACK 82", "close"));
    // The same while the policy service and the broker are waited for.
    Start();
    Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
    EXPECT_THAT(Client(packet), ElementsAre("client CONNACK 82", "close"));
    Start();
    Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
    Grant(AGrant());
    UpstreamConnected();
    EXPECT_THAT(Client(packet),
                ElementsAre("client CONNACK 82", "broker DISCONNECT", "close"));
  }
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "")));
  EXPECT_THAT(Client(std::string("\xE0\x00", 2)), ElementsAre("close"));
  // AUTH that nobody asked for.
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  EXPECT_THAT(Client(AuthPacket(0x18, "CLIENTNOPROOF")),
              ElementsAre("client CONNACK 82", "close"));
}

// covers: ACE-POP-4, ACE-POP-6
TEST_F(SessionConnectTest, AChallengeIsAnsweredByAContinuation) {
  for (const uint8_t code : {0x00, 0x19}) {
    Start();
    Client(AceConnect(TokenAndProof("TOKEN", "")));
    EXPECT_THAT(Client(AuthPacket(code, "CLIENTNOPROOF")),
                ElementsAre("client CONNACK 82", "close"));
  }
}

// covers: EDGE-17
TEST_F(SessionConnectTest, ADisconnectBeforeConnackTakesBackTheWill) {
  const std::string disconnect("\xE0\x00", 2);
  decision_sample = 1;
  for (const bool connected : {false, true}) {
    Start();
    Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
    Grant(AGrant());
    if (connected) UpstreamConnected();
    TakeDecisions();
    if (connected) {
      EXPECT_THAT(Client(disconnect),
                  ElementsAre("broker DISCONNECT", "close"));
    } else {
      EXPECT_THAT(Client(disconnect), ElementsAre("close"));
    }
    EXPECT_EQ(connects(ConnectOutcome::kClientLeft), connected ? 2u : 1u);
    EXPECT_EQ(TakeDecisions().size(), 1u);
  }
}

// covers: ACE-POP-6
TEST_F(SessionConnectTest, NoAnswerToTheChallengeIsCutInTime) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "")));
  Advance(absl::Seconds(9));
  EXPECT_THAT(Timer(), ElementsAre("timer 1s"));
  Advance(absl::Seconds(1));
  EXPECT_THAT(Timer(), ElementsAre("client CONNACK 87", "close"));
  EXPECT_EQ(connects(ConnectOutcome::kTimeout), 1u);
}

TEST_F(SessionConnectTest, NoConnectIsCutInTime) {
  Start();
  Advance(absl::Seconds(10));
  EXPECT_THAT(Timer(), ElementsAre("close"));
}

// covers: ACE-POP-3
TEST_F(SessionConnectTest, AResumedTlsSessionHasNoExporterContent) {
  tls_resumed = true;
  Start();
  EXPECT_THAT(Client(AceConnect(TokenAndProof("TOKEN", "PROOF"))),
              ElementsAre("authenticate", "timer 10s"));
  EXPECT_EQ(asked().token().exporter().exporter_content_size(), 0);
  EXPECT_THAT(Deny(Denial::REASON_PROOF_INVALID),
              ElementsAre("client CONNACK 87", "close"));
  EXPECT_EQ(connects(ConnectOutcome::kProofInvalid), 1u);
  // A challenge binds nothing to the TLS session and goes on.
  Start();
  EXPECT_THAT(Client(AceConnect(TokenAndProof("TOKEN", ""))),
              ElementsAre("client AUTH 18", "timer 10s"));
}

// covers: ACE-POP-3, ACE-V3-1
TEST_F(SessionConnectTest, AResumedTlsSessionHasNoneForV3Either) {
  tls_resumed = true;
  Start();
  Client(V3Connect("aceVE9LRU4", "PROOF"));
  EXPECT_EQ(asked().token().exporter().exporter_content_size(), 0);
}

// covers: ACE-POP-7
TEST_F(SessionConnectTest, UserNameOrPasswordBesideTheMethodIsRefused) {
  for (int which = 0; which < 2; ++which) {
    ConnectParts parts;
    parts.properties = AceProperties(TokenAndProof("TOKEN", "PROOF"));
    (which == 0 ? parts.username : parts.password) = "x";
    Start();
    EXPECT_THAT(Client(ConnectPacket(parts)),
                ElementsAre("client CONNACK 87", "close"));
  }
}

// covers: ACE-AUTH-5
TEST_F(SessionConnectTest, AnotherMethodIsRefused) {
  ConnectParts parts;
  mqtt::AppendBinaryProperty(mqtt::PropertyId::kAuthenticationMethod,
                             AsBytes("SCRAM-SHA-1"), &parts.properties);
  Start();
  EXPECT_THAT(Client(ConnectPacket(parts)),
              ElementsAre("client CONNACK 8c", "close"));
  EXPECT_EQ(connects(ConnectOutcome::kBadMethod), 1u);
}

// covers: ACE-CON-1
TEST_F(SessionConnectTest, MalformedAuthenticationDataIsRefused) {
  const std::string cases[] = {
      std::string("\x00", 1),           // half a token length
      std::string("\x00\x05tok", 5),    // shorter than it says
      std::string("\x00\x00proof", 7),  // proof of no token
      std::string("\xFF\xFFtoken", 7),
  };
  for (const std::string& data : cases) {
    Start();
    EXPECT_THAT(Client(AceConnect(data)),
                ElementsAre("client CONNACK 87", "close"));
  }
}

// covers: ACE-CON-2
TEST_F(SessionConnectTest, AMissingTokenGetsTheHintWhereThereIsOne) {
  for (const std::string& data : {std::string(), std::string("\0\0", 2)}) {
    settings.as_hint.clear();
    Start();
    EXPECT_THAT(Client(AceConnect(data)),
                ElementsAre("authenticate", "timer 10s"));
    EXPECT_TRUE(asked().has_stored_token());
    Deny(Denial::REASON_NO_CREDENTIAL);
    EXPECT_THAT(to_client(), Not(HasSubstr("ace_as_hint")));
    settings.as_hint = R"({"AS":"https://as.example/token"})";
    Start();
    Client(AceConnect(data));
    EXPECT_THAT(Deny(Denial::REASON_NO_CREDENTIAL),
                ElementsAre("client CONNACK 87", "close"));
    EXPECT_THAT(to_client(), HasSubstr(absl::StrCat(
                                 "ace_as_hint", std::string("\0\x21", 2),
                                 R"({"AS":"https://as.example/token"})")));
  }
}

// covers: ACE-CON-2
TEST_F(SessionConnectTest, OfDenialsThoseOfATokenGetTheHint) {
  settings.as_hint = R"({"AS":"https://as.example/token"})";
  const struct {
    Denial::Reason reason;
    bool hint;
  } kCases[] = {
      {Denial::REASON_UNSPECIFIED, false},
      {Denial::REASON_NO_CREDENTIAL, true},
      {Denial::REASON_TOKEN_UNPARSABLE, true},
      {Denial::REASON_TOKEN_INVALID, true},
      {Denial::REASON_TOKEN_EXPIRED, true},
      {Denial::REASON_PROOF_INVALID, false},
      {Denial::REASON_CLIENT_ID_IN_USE, false},
      {Denial::REASON_REVOKED, true},
  };
  for (const auto& c : kCases) {
    Start();
    Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
    EXPECT_EQ(Deny(c.reason).back(), "close");
    EXPECT_EQ(absl::StrContains(to_client(), "ace_as_hint"), c.hint)
        << c.reason;
  }
  // One that has ended by the proxy's clock.
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  Grant(MakeGrant(now(), {"pubsub a/#"}));
  EXPECT_THAT(to_client(), HasSubstr("ace_as_hint"));
}

// covers: ACE-CON-2
TEST_F(SessionConnectTest, WhatIsMalformedGetsTheHintIfThatIsTheToken) {
  settings.as_hint = R"({"AS":"https://as.example/token"})";
  settings.v5_username_token = true;
  const auto user_name = [](absl::string_view username,
                            absl::string_view password) {
    ConnectParts parts;
    parts.username = std::string(username);
    parts.password = std::string(password);
    return ConnectPacket(parts);
  };
  ConnectParts both;
  both.properties = AceProperties(TokenAndProof("TOKEN", "PROOF"));
  both.username = "x";
  const struct {
    std::string connect;
    bool hint;
  } kCases[] = {
      {AceConnect(std::string("\x00\x05tok", 5)), true},
      {AceConnect(std::string("\x00\x00proof", 7)), true},
      {ConnectPacket(both), false},
      {user_name("ace", "PROOF"), true},
      {user_name("ace!!!!", "PROOF"), true},
      {user_name("aceVE9LRU4", ""), false},
  };
  for (const auto& c : kCases) {
    Start();
    EXPECT_THAT(Client(c.connect), ElementsAre("client CONNACK 87", "close"));
    EXPECT_EQ(absl::StrContains(to_client(), "ace_as_hint"), c.hint)
        << &c - kCases;
  }
  // As with a proof that is wrong.
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "")));
  EXPECT_THAT(Client(AuthPacket(0x18, "")),
              ElementsAre("client CONNACK 87", "close"));
  EXPECT_THAT(to_client(), Not(HasSubstr("ace_as_hint")));
}

// covers: ACE-CON-2, EDGE-14
TEST_F(SessionConnectTest, TheHintGivesWayToTheClientsMaximumPacketSize) {
  settings.as_hint = R"({"AS":"https://as.example/token"})";
  ConnectParts parts;
  parts.properties = AceProperties("") + MaximumPacketSize(30);
  Start();
  Client(ConnectPacket(parts));
  EXPECT_THAT(Deny(Denial::REASON_NO_CREDENTIAL),
              ElementsAre("client CONNACK 87", "close"));
  EXPECT_LE(to_client().size(), 30u);
}

// covers: ACE-CON-1
TEST_F(SessionConnectTest, WhoTakesNoPacketOfAChallengesSizeIsRefusedAtOnce) {
  ConnectParts parts;
  parts.properties =
      AceProperties(TokenAndProof("TOKEN", "")) + MaximumPacketSize(20);
  Start();
  EXPECT_THAT(Client(ConnectPacket(parts)),
              ElementsAre("client CONNACK 87", "close"));
}

// covers: ACE-POP-5, ACE-CON-5
TEST_F(SessionConnectTest, AStoredTokenIsProvenByChallenge) {
  Start();
  Client(AceConnect(""));
  EXPECT_FALSE(asked().stored_token().has_challenge());
  EXPECT_THAT(PolicyWants(AuthenticateResponse::kChallengeRequired),
              ElementsAre("client AUTH 18", "timer 10s"));
  EXPECT_THAT(Client(AuthPacket(0x18, "CLIENTNOPROOF")),
              ElementsAre("authenticate", "timer 10s"));
  EXPECT_EQ(asked().stored_token().challenge().server_nonce(),
            "\x01\x02\x03\x04\x05\x06\x07\x08");
  EXPECT_EQ(asked().stored_token().challenge().answer(), "CLIENTNOPROOF");
  EXPECT_THAT(Grant(AGrant()), ElementsAre("connect", "timer 10s"));
}

TEST_F(SessionConnectTest, AChallengeThatDoesNotFitTheRequestIsNoGrant) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "")));
  Client(AuthPacket(0x18, "CLIENTNOPROOF"));
  EXPECT_THAT(PolicyWants(AuthenticateResponse::kChallengeRequired),
              ElementsAre("client CONNACK 88", "close"));
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  EXPECT_THAT(PolicyWants(AuthenticateResponse::kUserNameWanted),
              ElementsAre("client CONNACK 88", "close"));
}

// covers: ACE-AUTH-3, ACE-AUTH-4
TEST_F(SessionConnectTest, TheClientCertificateIsToldToThePolicyService) {
  tls_certificate = "DER";
  Start();
  Client(ConnectPacket(ConnectParts()));
  EXPECT_TRUE(asked().has_anonymous());
  EXPECT_EQ(asked().connection().client_certificate(), "DER");
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  EXPECT_TRUE(asked().has_token());
  EXPECT_EQ(asked().connection().client_certificate(), "DER");
}

// covers: ACE-AUTH-3, ACE-AUTH-4
TEST_F(SessionConnectTest, ThePreSharedKeyIsToldToThePolicyService) {
  tls_psk_key_id = "thumbprint";
  Start();
  Client(ConnectPacket(ConnectParts()));
  EXPECT_TRUE(asked().has_anonymous());
  EXPECT_EQ(asked().connection().psk_key_id(), "thumbprint");
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  EXPECT_TRUE(asked().has_token());
  EXPECT_EQ(asked().connection().psk_key_id(), "thumbprint");
}

// covers: ACE-D01-2, ACE-D01-5
TEST_F(SessionConnectTest, WhatDraft01LooksAtIsToldToThePolicyService) {
  ConnectParts parts;
  mqtt::AppendU32Property(mqtt::PropertyId::kSessionExpiryInterval, 77,
                          &parts.properties);
  parts.properties += AceProperties(TokenAndProof("TOKEN", "PROOF"));
  parts.will_topic = "a/gone";
  Start();
  Client(ConnectPacket(parts));
  // "c", no Will properties, topic and payload, each with its length.
  EXPECT_EQ(asked().token().connect_payload(), std::string("\0\x01"
                                                           "c"
                                                           "\0\0\x06"
                                                           "a/gone"
                                                           "\0\x04"
                                                           "gone",
                                                           18));
  EXPECT_TRUE(asked().connection().clean_start());
  EXPECT_EQ(asked().connection().session_expiry_interval(), 77u);
}

// covers: ACE-D01-4
TEST_F(SessionConnectTest, AUserNameIsToldOnlyWhenItIsWanted) {
  Start();
  Client(V3Connect("a.b.c", "PROOF"));
  EXPECT_TRUE(asked().anonymous().has_user_name());
  EXPECT_THAT(asked().SerializeAsString(), Not(HasSubstr("a.b.c")));
  EXPECT_THAT(PolicyWants(AuthenticateResponse::kUserNameWanted),
              ElementsAre("authenticate"));
  EXPECT_EQ(asked().token().token(), "a.b.c");
  EXPECT_EQ(asked().token().payload().proof(), "PROOF");
  EXPECT_EQ(asked().token().connect_payload(), std::string("\0\x01"
                                                           "c",
                                                           3));
  // Once is enough.
  EXPECT_THAT(PolicyWants(AuthenticateResponse::kUserNameWanted),
              ElementsAre("client CONNACK 03", "close"));
}

// covers: ACE-D01-4
TEST_F(SessionConnectTest, AUserNameWithoutAPasswordIsATokenWithoutAProof) {
  ConnectParts parts;
  parts.version = kV311;
  parts.username = "a.b.c";
  Start();
  Client(ConnectPacket(parts));
  EXPECT_TRUE(asked().anonymous().has_user_name());
  EXPECT_THAT(PolicyWants(AuthenticateResponse::kUserNameWanted),
              ElementsAre("authenticate"));
  EXPECT_EQ(asked().token().token(), "a.b.c");
  EXPECT_EQ(asked().token().payload().proof(), "");
}

// covers: EDGE-20
TEST_F(SessionConnectTest, AClientIdOfAnotherSubjectIsRefused) {
  settings.bind_client_id = true;
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  EXPECT_TRUE(asked().connection().bind_client_id());
  EXPECT_THAT(Deny(Denial::REASON_CLIENT_ID_IN_USE),
              ElementsAre("client CONNACK 85", "close"));
  Start();
  Client(V3Connect("aceVE9LRU4", "PROOF"));
  EXPECT_THAT(Deny(Denial::REASON_CLIENT_ID_IN_USE),
              ElementsAre("client CONNACK 02", "close"));
  EXPECT_EQ(connects(ConnectOutcome::kClientIdInUse), 2u);
}

// Of an identifier that the broker assigns nobody is the owner.
// covers: EDGE-20
TEST_F(SessionConnectTest, ABoundSessionThatLastsNeedsAClientIdOfItsOwn) {
  const auto connect = [](const char* client_id, uint32_t expiry) {
    ConnectParts parts;
    parts.client_id = client_id;
    parts.properties = AceProperties(TokenAndProof("TOKEN", "PROOF"));
    mqtt::AppendU32Property(mqtt::PropertyId::kSessionExpiryInterval, expiry,
                            &parts.properties);
    return ConnectPacket(parts);
  };
  settings.bind_client_id = true;
  Start();
  EXPECT_THAT(Client(connect("", 1)),
              ElementsAre("client CONNACK 85", "close"));
  Start();
  EXPECT_THAT(Client(connect("", 0)), ElementsAre("authenticate", "timer 10s"));
  Start();
  EXPECT_THAT(Client(connect("c", 1)),
              ElementsAre("authenticate", "timer 10s"));
  settings.bind_client_id = false;
  Start();
  EXPECT_THAT(Client(connect("", 1)), ElementsAre("authenticate", "timer 10s"));
}

// covers: ACE-CON-1
TEST_F(SessionConnectTest, ADenialIsAnsweredInTheClientsVersion) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  EXPECT_THAT(Deny(Denial::REASON_TOKEN_INVALID),
              ElementsAre("client CONNACK 87", "close"));
  EXPECT_EQ(connects(ConnectOutcome::kTokenInvalid), 1u);
  Start();
  Client(V3Connect("aceVE9LRU4", "PROOF"));
  EXPECT_THAT(Deny(Denial::REASON_PROOF_INVALID),
              ElementsAre("client CONNACK 05", "close"));
  EXPECT_EQ(connects(ConnectOutcome::kProofInvalid), 1u);
}

// covers: EDGE-18
TEST_F(SessionConnectTest, AnUnreachablePolicyServiceIsNeverAnAllow) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  EXPECT_THAT(PolicyFails(), ElementsAre("client CONNACK 88", "close"));
  Start();
  Client(V3Connect("aceVE9LRU4", "PROOF"));
  EXPECT_THAT(PolicyFails(), ElementsAre("client CONNACK 03", "close"));
  EXPECT_EQ(connects(ConnectOutcome::kPolicyUnavailable), 2u);
}

// covers: EDGE-18, ACE-POP-6
TEST_F(SessionConnectTest, ASilentPolicyServiceIsReportedInTime) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  Advance(absl::Seconds(9));
  EXPECT_THAT(Timer(), ElementsAre("timer 1s"));
  Advance(absl::Seconds(1));
  EXPECT_THAT(Timer(), ElementsAre("client CONNACK 88", "close"));
  EXPECT_THAT(Grant(AGrant()), IsEmpty());
  Start();
  Client(V3Connect("aceVE9LRU4", "PROOF"));
  Advance(absl::Seconds(10));
  EXPECT_THAT(Timer(), ElementsAre("client CONNACK 03", "close"));
  EXPECT_EQ(connects(ConnectOutcome::kPolicyUnavailable), 2u);
  EXPECT_EQ(decisions(Action::kConnect, Verdict::kError), 2u);
  EXPECT_EQ(denials, 0);
}

TEST_F(SessionConnectTest, AnAnswerWithoutOutcomeOrWithABadGrantIsNoGrant) {
  policy::v1::Grant endless = AGrant();
  endless.clear_expires_at();
  policy::v1::Grant bad_filter = AGrant();
  bad_filter.add_permissions()->set_topic_filter("a/#/b");
  for (const policy::v1::Grant& grant : {endless, bad_filter}) {
    Start();
    Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
    EXPECT_THAT(Grant(grant), ElementsAre("client CONNACK 88", "close"));
  }
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  Effects effects;
  session().OnAuthenticateAnswer(
      request_id(), policy::v1::AuthenticateResponse(), now(), &effects);
  EXPECT_TRUE(session().is_closed());
}

TEST_F(SessionConnectTest, AnswersThatAreLateOrTwiceOrForeignAreIgnored) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  Effects effects;
  policy::v1::AuthenticateResponse response;
  *response.mutable_grant() = AGrant();
  session().OnAuthenticateAnswer(request_id() + 1, response, now(), &effects);
  session().OnAuthenticateAnswer(0, response, now(), &effects);
  EXPECT_TRUE(effects.empty());
  EXPECT_THAT(Grant(AGrant()), ElementsAre("connect", "timer 10s"));
  EXPECT_THAT(Grant(AGrant()), IsEmpty());
  ClientClosed();
  EXPECT_THAT(Grant(AGrant()), IsEmpty());
  EXPECT_THAT(UpstreamConnected(), IsEmpty());
}

// covers: ACE-EXP-1
TEST_F(SessionConnectTest, AGrantThatHasEndedIsRefused) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  EXPECT_THAT(Grant(MakeGrant(now(), {"pubsub a/#"})),
              ElementsAre("client CONNACK 87", "close"));
}

// covers: ACE-EXP-1
TEST_F(SessionConnectTest, AGrantThatEndsWhileTheBrokerIsReachedIsRefused) {
  const auto reach_late = [this](bool token_may_last_longer) {
    Start();
    ConnectParts parts;
    parts.version = kV5;
    parts.properties = AceProperties(TokenAndProof("TOKEN", "PROOF"));
    parts.will_topic = "w";
    Client(ConnectPacket(parts));
    policy::v1::Grant grant = MakeGrant(now() + absl::Seconds(1), {"pubsub #"});
    grant.set_token_may_last_longer(token_may_last_longer);
    Grant(grant);
    Advance(absl::Seconds(1));
    return UpstreamConnected();
  };
  EXPECT_THAT(reach_late(false), ElementsAre("client CONNACK 87", "close"));
  EXPECT_THAT(to_broker(), IsEmpty());
  EXPECT_EQ(connects(ConnectOutcome::kTokenInvalid), 1u);
  // Nothing is wrong with a token of which only an answer is too old.
  EXPECT_THAT(reach_late(true), ElementsAre("client CONNACK 88", "close"));
  EXPECT_THAT(to_broker(), IsEmpty());
  EXPECT_EQ(connects(ConnectOutcome::kPolicyUnavailable), 1u);
}

// covers: ACE-CON-3
TEST_F(SessionConnectTest, AWillNeedsThePublishScope) {
  for (absl::string_view topic : {"b/c", "authz-info", "a/#x"}) {
    ConnectParts parts;
    parts.properties = AceProperties(TokenAndProof("TOKEN", "PROOF"));
    parts.will_topic = std::string(topic);
    Start();
    if (topic == "a/#x") {  // not even a topic name
      EXPECT_THAT(Client(ConnectPacket(parts)),
                  ElementsAre("client CONNACK 90", "close"));
      continue;
    }
    Client(ConnectPacket(parts));
    EXPECT_THAT(Grant(MakeGrant(now() + absl::Hours(1),
                                {"sub b/#", "pub a/#", "pub authz-info"})),
                ElementsAre("client CONNACK 87", "close"))
        << topic;
  }
  EXPECT_EQ(connects(ConnectOutcome::kWillDenied), 2u);
  ConnectParts parts;
  parts.properties = AceProperties(TokenAndProof("TOKEN", "PROOF"));
  parts.will_topic = "a/gone";
  Start();
  Client(ConnectPacket(parts));
  EXPECT_THAT(Grant(AGrant()), ElementsAre("connect", "timer 10s"));
}

// covers: ACE-CON-6, EDGE-13
TEST_F(SessionConnectTest, TheBrokerSeesAnOrdinaryConnect) {
  settings.upstream_username = "sluice/${subject}/${client_id}";
  settings.upstream_password = SecretString("secret-${issuer}");
  ConnectParts parts;
  mqtt::AppendU32Property(mqtt::PropertyId::kSessionExpiryInterval, 77,
                          &parts.properties);
  parts.properties += AceProperties(TokenAndProof("TOKEN", "PROOF"));
  mqtt::AppendUserProperty("k", "v", &parts.properties);
  parts.will_topic = "a/gone";
  parts.client_id = "device-1";
  Start();
  Client(ConnectPacket(parts));
  Grant(AGrant());
  UpstreamConnected();
  const std::string sent = to_broker();
  EXPECT_THAT(sent, Not(HasSubstr("TOKEN")));
  EXPECT_THAT(sent, Not(HasSubstr("PROOF")));
  EXPECT_THAT(sent, Not(HasSubstr("ace")));

  ConnectParts expected;
  mqtt::AppendU32Property(mqtt::PropertyId::kSessionExpiryInterval, 77,
                          &expected.properties);
  mqtt::AppendUserProperty("k", "v", &expected.properties);
  expected.will_topic = "a/gone";
  expected.client_id = "device-1";
  expected.username = "sluice/s/device-1";
  expected.password = "secret-i";
  EXPECT_EQ(sent, ConnectPacket(expected));
}

// covers: ACE-CON-6, EDGE-13
TEST_F(SessionConnectTest, CredentialsThatFitIntoNoConnectAreNotSent) {
  const auto connect = [this](const std::string& subject, size_t id_size) {
    ConnectParts parts;
    parts.properties = AceProperties(TokenAndProof("TOKEN", "PROOF"));
    parts.client_id = std::string(id_size, 'c');
    Start();
    Client(ConnectPacket(parts));
    policy::v1::Grant grant = AGrant();
    grant.set_subject(subject);
    Grant(grant);
    return UpstreamConnected();
  };
  constexpr char kTemplate[] = "${subject}/${client_id}";
  // With the subject and the slash two bytes more: as long as can be, and over.
  settings.upstream_username = kTemplate;
  EXPECT_THAT(connect("s", 65533), ElementsAre("broker CONNECT", "timer 5s"));
  EXPECT_THAT(connect("s", 65535), ElementsAre("client CONNACK 88", "close"));
  EXPECT_THAT(connect(std::string("\0", 1), 1),
              ElementsAre("client CONNACK 88", "close"));
  settings.upstream_username = "u";
  settings.upstream_password = SecretString(kTemplate);
  EXPECT_THAT(connect("s", 65533), ElementsAre("broker CONNECT", "timer 5s"));
  EXPECT_THAT(connect("s", 65535), ElementsAre("client CONNACK 88", "close"));
  EXPECT_EQ(connects(ConnectOutcome::kBrokerUnavailable), 3u);
  EXPECT_EQ(denials, 0);
}

// covers: ACE-V3-1, ACE-CON-6
TEST_F(SessionConnectTest, AV3TokenIsTakenAndTheBrokerSeesNoneOfIt) {
  Start();
  EXPECT_THAT(Client(V3Connect("aceVE9LRU4", "PROOF")),
              ElementsAre("authenticate", "timer 10s"));
  EXPECT_EQ(asked().token().token(), "TOKEN");
  EXPECT_EQ(asked().token().exporter().proof(), "PROOF");
  EXPECT_THAT(Grant(AGrant()), ElementsAre("connect", "timer 10s"));
  UpstreamConnected();
  ConnectParts expected;
  expected.version = kV311;
  EXPECT_EQ(to_broker(), ConnectPacket(expected));
  // A CONNACK of a client without a method goes through untouched.
  EXPECT_THAT(Broker(ConnackPacket(kV311, 0)),
              ElementsAre("client CONNACK 00", "timer 1h"));
}

// MQTT 5.0 section 3.2.2.3.6: a limit that was not announced is none.
TEST_F(SessionConnectTest, ConnackAnnouncesHowLargePacketsMayBe) {
  const auto announced = [this](absl::string_view brokers) -> uint32_t {
    UpstreamConnected();
    Broker(ConnackPacket(kV5, 0, brokers));
    const mqtt::UnframeResult result =
        mqtt::Unframe(AsBytes(to_client()), to_client().size());
    const auto connack = mqtt::ParseConnack(result.frame, kV5);
    mqtt::Property size;
    return connack.ok() && connack->properties.Find(
                               mqtt::PropertyId::kMaximumPacketSize, &size)
               ? size.number
               : 0;
  };
  constexpr absl::string_view kBrokers300("\x27\x00\x00\x01\x2C", 5);
  const auto with_token = [&](absl::string_view brokers) {
    Start();
    Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
    Grant(AGrant());
    return announced(brokers);
  };
  const auto anonymous = [&](absl::string_view brokers) {
    Start();
    Client(ConnectPacket(ConnectParts()));
    policy::v1::Grant grant;
    grant.add_permissions()->set_topic_filter("public/#");
    Grant(grant);
    return announced(brokers);
  };
  EXPECT_EQ(with_token(""), 0u);
  EXPECT_EQ(with_token(kBrokers300), 300u);
  EXPECT_EQ(anonymous(""), 0u);
  EXPECT_EQ(anonymous(kBrokers300), 300u);
  settings.max_packet_size = 200;
  EXPECT_EQ(with_token(""), 200u);
  EXPECT_EQ(with_token(kBrokers300), 200u);
  EXPECT_EQ(anonymous(""), 200u);
  settings.max_packet_size = 1000000;
  EXPECT_EQ(anonymous(""), 262144u);
}

// covers: ACE-V3-1
TEST_F(SessionConnectTest, AMalformedV3TokenIsRefused) {
  for (absl::string_view username :
       {"ace", "ace!!!!", "aceVE9LRU4=", "aceA", "aceVE9L RU4"}) {
    Start();
    EXPECT_THAT(Client(V3Connect(username, "PROOF")),
                ElementsAre("client CONNACK 05", "close"))
        << username;
  }
  ConnectParts no_password;
  no_password.version = kV311;
  no_password.username = "aceVE9LRU4";
  Start();
  EXPECT_THAT(Client(ConnectPacket(no_password)),
              ElementsAre("client CONNACK 05", "close"));
}

// covers: ACE-V3-1
TEST_F(SessionConnectTest, AV5UserNameTokenIsTakenOnlyWhereItIsAllowed) {
  ConnectParts parts;
  parts.username = "aceVE9LRU4";
  parts.password = "PROOF";
  Start();
  Client(ConnectPacket(parts));
  EXPECT_TRUE(asked().has_anonymous());
  settings.v5_username_token = true;
  Start();
  Client(ConnectPacket(parts));
  EXPECT_EQ(asked().token().token(), "TOKEN");
}

// covers: ACE-AUTH-1, ACE-V3-2, ACE-CON-6
TEST_F(SessionConnectTest, AnAnonymousClientIsThePolicyServicesToDecide) {
  for (ProtocolVersion version : {kV5, kV311}) {
    ConnectParts parts;
    parts.version = version;
    parts.username = "bob";
    parts.password = "hunter2";
    Start();
    EXPECT_THAT(Client(ConnectPacket(parts)),
                ElementsAre("authenticate", "timer 10s"));
    EXPECT_TRUE(asked().anonymous().authz_info_enabled());
    EXPECT_THAT(
        Deny(Denial::REASON_NO_CREDENTIAL),
        ElementsAre(version == kV5 ? "client CONNACK 87" : "client CONNACK 05",
                    "close"));
    Start();
    Client(ConnectPacket(parts));
    policy::v1::Grant grant;
    grant.add_permissions()->set_topic_filter("public/#");
    EXPECT_THAT(Grant(grant), ElementsAre("connect", "timer 10s"));
    UpstreamConnected();
    EXPECT_THAT(to_broker(), Not(HasSubstr("bob")));
    EXPECT_THAT(to_broker(), Not(HasSubstr("hunter2")));
    EXPECT_THAT(Broker(ConnackPacket(version, 0)),
                ElementsAre("client CONNACK 00", "timer off"));
  }
}

TEST_F(SessionConnectTest, ABrokersRefusalIsRecordedInTheWordsOfVersion5) {
  decision_sample = 0;
  Start();
  Client(V3Connect("aceVE9LRU4", "PROOF"));
  Grant(AGrant());
  UpstreamConnected();
  TakeDecisions();
  EXPECT_THAT(Broker(ConnackPacket(kV311, 5)),
              ElementsAre("client CONNACK 05", "close"));
  EXPECT_THAT(TakeDecisions(), ElementsAre(HasSubstr("connect denied 87")));
}

// covers: ACE-V3-3, EDGE-5
TEST_F(SessionConnectTest, AVersionThatTheListenerDoesNotTakeIsRefused) {
  settings.allow_v311 = false;
  Start();
  EXPECT_THAT(Client(V3Connect("aceVE9LRU4", "PROOF")),
              ElementsAre("client CONNACK 01", "close"));
  settings.allow_v5 = false;
  Start();
  EXPECT_THAT(Client(AceConnect(TokenAndProof("TOKEN", "PROOF"))),
              ElementsAre("client CONNACK 84", "close"));
}

// covers: EDGE-5
TEST_F(SessionConnectTest, AnUnknownVersionIsRefusedInItsOwnWords) {
  const struct {
    absl::string_view name;
    uint8_t level;
    const char* answer;
  } kCases[] = {
      {"MQTT", 3, "client CONNACK 01"},    {"MQTT", 0, "client CONNACK 01"},
      {"MQTT", 6, "client CONNACK 84"},    {"MQTT", 0x84, "client CONNACK 01"},
      {"MQTT", 0x83, "client CONNACK 01"}, {"HTTP", 4, "client CONNACK 01"},
      {"HTTP", 5, "client CONNACK 84"}};
  for (const auto& c : kCases) {
    ConnectParts parts;
    parts.version = kV311;
    std::string packet = ConnectPacket(parts);
    packet.replace(4, 4, c.name.data(), c.name.size());
    packet[8] = static_cast<char>(c.level);
    Start();
    EXPECT_THAT(Client(packet), ElementsAre(c.answer, "close"))
        << c.name << " " << c.level;
  }
}

// covers: EDGE-5
TEST_F(SessionConnectTest, AnythingButConnectFirstIsCutAtItsFirstByte) {
  Start();
  EXPECT_THAT(Client("\x30"), ElementsAre("close"));
  Start();
  EXPECT_THAT(Client("GET / HTTP/1.1\r\n"), ElementsAre("close"));
}

// covers: EDGE-1
TEST_F(SessionConnectTest, AHugeConnectIsRefusedFromItsFixedHeader) {
  settings.max_unauthenticated_packet_size = 1000;
  Start();
  // Remaining Length 1,000: with the fixed header, over the limit.
  EXPECT_THAT(Client(std::string("\x10\xE8\x07", 3)), ElementsAre("close"));
  // With its beginning, the version is known in which to say why.
  const std::string header("\x10\xE8\x07\x00\x04MQTT", 9);
  Start();
  EXPECT_THAT(Client(header + "\x05"),
              ElementsAre("client CONNACK 95", "close"));
  Start();
  EXPECT_THAT(Client(header + "\x04"), ElementsAre("close"));
}

// Who uses public topics only has shown nothing.
TEST_F(SessionConnectTest, WithoutATokenPacketsStaySmall) {
  settings.max_unauthenticated_packet_size = 1000;
  policy::v1::Grant grant = AGrant();
  grant.clear_issuer();
  Open(kV5, grant);
  EXPECT_THAT(Client(std::string("\x30\xE8\x07", 3)),
              ElementsAre("client DISCONNECT 95", "close"));
}

TEST_F(SessionConnectTest, WithATokenPacketsMayBeLarge) {
  settings.max_unauthenticated_packet_size = 1000;
  Open(kV5, AGrant());
  EXPECT_THAT(Client(std::string("\x30\xE8\x07", 3)), IsEmpty());
}

// covers: EDGE-4
TEST_F(SessionConnectTest, AConnectMayComeAByteAtATime) {
  Start();
  const std::string packet = AceConnect(TokenAndProof("TOKEN", "PROOF"));
  for (size_t i = 0; i + 1 < packet.size(); ++i) {
    ASSERT_THAT(Client(packet.substr(i, 1)), IsEmpty()) << i;
  }
  EXPECT_THAT(Client(packet.substr(packet.size() - 1)),
              ElementsAre("authenticate", "timer 10s"));
}

// A client without a method need not wait for CONNACK; its packets do.
TEST_F(SessionConnectTest, PacketsBehindAV3ConnectWaitForConnack) {
  Start();
  const std::string publish = PublishPacket(kV311, "a/b", 0, 0, "x");
  EXPECT_THAT(Client(V3Connect("aceVE9LRU4", "PROOF") + publish),
              ElementsAre("authenticate", "timer 10s"));
  EXPECT_FALSE(session().wants_client_bytes());
  Grant(AGrant());
  UpstreamConnected();
  EXPECT_THAT(Client(""), IsEmpty());
  Broker(ConnackPacket(kV311, 0));
  EXPECT_TRUE(session().wants_client_bytes());
  EXPECT_THAT(Client(""), ElementsAre("broker PUBLISH"));
  EXPECT_EQ(to_broker(), publish);
}

// covers: EDGE-18
TEST_F(SessionConnectTest, ABrokerThatCannotBeReachedIsReported) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  Grant(AGrant());
  EXPECT_THAT(UpstreamClosed(), ElementsAre("client CONNACK 88", "close"));
  Start();
  Client(V3Connect("aceVE9LRU4", "PROOF"));
  Grant(AGrant());
  UpstreamConnected();
  EXPECT_THAT(UpstreamClosed(), ElementsAre("client CONNACK 03", "close"));
  EXPECT_EQ(connects(ConnectOutcome::kBrokerUnavailable), 1u);
  EXPECT_EQ(connects(ConnectOutcome::kBrokerClosed), 1u);
}

// It would be kept until it is whole.
// covers: EDGE-18
TEST_F(SessionConnectTest, ABrokersConnackIsBounded) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  Grant(AGrant());
  UpstreamConnected();
  EXPECT_THAT(Broker("\x20\xFD\xFF\x07"),
              ElementsAre("client CONNACK 88", "broker DISCONNECT", "close"));
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  Grant(AGrant());
  UpstreamConnected();
  EXPECT_THAT(Broker("\x20\xFC\xFF\x07"), IsEmpty());  // 128 KiB in all
}

TEST_F(SessionConnectTest, ASilentBrokerIsReportedInTime) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  Grant(AGrant());
  UpstreamConnected();
  Advance(absl::Seconds(5));
  EXPECT_THAT(Timer(),
              ElementsAre("client CONNACK 88", "broker DISCONNECT", "close"));
}

TEST_F(SessionConnectTest, AClockThatIsSetChangesNoTimeout) {
  Start();
  Advance(absl::Seconds(9));
  EXPECT_THAT(SetClock(-absl::Hours(1)), ElementsAre("timer 1s"));
  EXPECT_THAT(SetClock(absl::Hours(2)), ElementsAre("timer 1s"));
  Advance(absl::Seconds(1));
  EXPECT_THAT(Timer(), ElementsAre("close"));
}

// covers: ACE-CON-4
TEST_F(SessionConnectTest, TheBrokersRefusalGoesThroughUnchanged) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  Grant(AGrant());
  UpstreamConnected();
  const std::string connack = ConnackPacket(kV5, 0x86);
  EXPECT_THAT(Broker(connack), ElementsAre("client CONNACK 86", "close"));
  EXPECT_EQ(to_client(), connack);
}

TEST_F(SessionConnectTest, AnOldBrokersRefusalIsTranslated) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  Grant(AGrant());
  UpstreamConnected();
  EXPECT_THAT(Broker(ConnackPacket(kV311, 1)),
              ElementsAre("client CONNACK 84", "broker DISCONNECT", "close"));
}

// covers: EDGE-14
TEST_F(SessionConnectTest, ARewrittenConnackRespectsTheMaximumPacketSize) {
  ConnectParts parts;
  parts.properties =
      AceProperties(TokenAndProof("TOKEN", "PROOF")) + MaximumPacketSize(10);
  Start();
  Client(ConnectPacket(parts));
  Grant(AGrant());
  UpstreamConnected();
  EXPECT_THAT(Broker(ConnackPacket(kV5, 0)),
              ElementsAre("client CONNACK 95", "broker DISCONNECT", "close"));
}

// covers: EDGE-18
TEST_F(SessionConnectTest, DrainBeforeConnackRefuses) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "")));
  EXPECT_THAT(Drain(), ElementsAre("client CONNACK 88", "close"));
  EXPECT_EQ(connects(ConnectOutcome::kShuttingDown), 1u);
  Start();
  EXPECT_THAT(Drain(), ElementsAre("close"));
}

// The broker may have taken the CONNECT, and would publish the Will.
// covers: EDGE-17
TEST_F(SessionConnectTest, OfAClientThatIsNotLetInTheBrokerForgetsTheWill) {
  const auto await_connack = [this](bool v5) {
    Start();
    Client(v5 ? AceConnect(TokenAndProof("TOKEN", "PROOF"))
              : V3Connect("aceVE9LRU4", "PROOF"));
    Grant(AGrant());
    UpstreamConnected();
  };
  await_connack(true);
  EXPECT_THAT(Drain(),
              ElementsAre("client CONNACK 88", "broker DISCONNECT", "close"));
  EXPECT_EQ(to_broker(), std::string("\xE0\x00", 2));
  await_connack(false);
  EXPECT_THAT(Drain(),
              ElementsAre("client CONNACK 03", "broker DISCONNECT", "close"));
  EXPECT_EQ(to_broker(), std::string("\xE0\x00", 2));
  await_connack(true);
  EXPECT_THAT(PolicyOutage(),
              ElementsAre("client CONNACK 88", "broker DISCONNECT", "close"));
  // Before, it has none.
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  Grant(AGrant());
  EXPECT_THAT(Drain(), ElementsAre("client CONNACK 88", "close"));
  // What policy decides about a client ends it as ever.
  await_connack(true);
  EXPECT_THAT(DisconnectRequested(), ElementsAre("client CONNACK 87", "close"));
}

TEST_F(SessionConnectTest, NoEventNamesTokenOrProof) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  Grant(AGrant());
  UpstreamConnected();
  Broker(ConnackPacket(kV5, 0));
  ClientClosed();
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  Deny(Denial::REASON_TOKEN_INVALID);
  for (const std::string& event : events()) {
    EXPECT_THAT(event, Not(HasSubstr("TOKEN")));
    EXPECT_THAT(event, Not(HasSubstr("PROOF")));
  }
}

}  // namespace
}  // namespace sluice::session
