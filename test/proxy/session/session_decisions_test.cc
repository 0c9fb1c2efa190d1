// What is recorded of decisions, and what clients are told of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "proxy/mqtt/properties.h"
#include "proxy/mqtt/writer.h"
#include "test/proxy/session/session_harness.h"

namespace sluice::session {
namespace {

using policy::v1::Denial;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Request Problem Information: 0.
const std::string kNoProblemInformation("\x17\x00", 2);

class SessionDecisionsTest : public ::testing::Test, public SessionHarness {
 protected:
  SessionDecisionsTest() { decision_sample = 1; }

  // A session of MQTT 5.0 that waits for its grant, whose CONNECT had
  // `properties` too.
  void StartWith(absl::string_view properties) {
    Start();
    ConnectParts parts;
    parts.properties = absl::StrCat(
        AceProperties(TokenAndProof("TOKEN", "PROOF")), properties);
    Client(ConnectPacket(parts));
  }
  // An open session of MQTT 5.0 whose CONNECT had `properties` too.
  void OpenWith(absl::string_view properties) {
    StartWith(properties);
    Grant(AGrant());
    UpstreamConnected();
    Broker(ConnackPacket(kV5, 0));
  }
  void Open5() {
    OpenWith("");
    TakeDecisions();
  }
  // Reason String of the last decision, as a property.
  std::string Reason() const {
    return ReasonOf("Sluice decision ", decision_id());
  }
  static std::string ReasonOf(absl::string_view words, absl::string_view ids) {
    const std::string text = absl::StrCat(words, ids);
    return absl::StrCat(std::string("\x1F\x00", 2),
                        std::string(1, static_cast<char>(text.size())), text);
  }
};

// What is counted is recorded, whatever became of it.
TEST_F(SessionDecisionsTest, RecordsThatAClientWasLetInThatLeftMeanwhile) {
  const auto client_leaves_after = [this](bool upstream) {
    StartWith("");
    Grant(AGrant());
    if (upstream) UpstreamConnected();
    ClientClosed();
  };
  for (const bool upstream : {false, true}) {
    client_leaves_after(upstream);
    EXPECT_THAT(TakeDecisions(), ElementsAre("connect allowed 00 (token)"));
  }
  EXPECT_EQ(connects(ConnectOutcome::kClientLeft), 2u);
  EXPECT_EQ(connects(ConnectOutcome::kAccepted), 0u);
}

// Nobody else tells what the broker publishes when a client has gone.
TEST_F(SessionDecisionsTest, RecordsTheWillThatAClientLeaves) {
  Start();
  ConnectParts parts;
  parts.version = kV5;
  parts.properties = AceProperties(TokenAndProof("TOKEN", "PROOF"));
  parts.will_topic = "w/1";
  Client(ConnectPacket(parts));
  Grant(MakeGrant(now() + absl::Hours(1), {"pubsub #"}));
  UpstreamConnected();
  Broker(ConnackPacket(kV5, 0));
  EXPECT_THAT(TakeDecisions(), ElementsAre("connect allowed 00 w/1 (token)"));
}

TEST_F(SessionDecisionsTest, AClientThatLeavesUndecidedIsNoDecision) {
  Start();
  ClientClosed();
  EXPECT_EQ(connects(ConnectOutcome::kClientLeft), 0u);
  StartWith("");
  ClientClosed();
  EXPECT_THAT(TakeDecisions(), IsEmpty());
  EXPECT_EQ(connects(ConnectOutcome::kClientLeft), 1u);
  Open5();
  ClientClosed();
  EXPECT_EQ(connects(ConnectOutcome::kClientLeft), 1u);
}

TEST_F(SessionDecisionsTest, RecordsWhoConnectedAndHowLongItTook) {
  OpenWith("");
  EXPECT_THAT(TakeDecisions(), ElementsAre("connect allowed 00 (token)"));
  EXPECT_EQ(decision_subject(), "0000000000000001 c s i t");
  EXPECT_EQ(decision_latency(), absl::Milliseconds(1));
}

TEST_F(SessionDecisionsTest, RecordsWhoseTokenWasRefused) {
  const auto refused = [this](const Denial& denial) {
    StartWith("");
    Deny(denial);
    return absl::StrCat(decision_subject(), ", ", event_subject());
  };
  Denial denial;
  denial.set_reason(Denial::REASON_REVOKED);
  // Of a token that nobody vouches for nothing is known.
  EXPECT_EQ(refused(denial), "0000000000000001 c   ,  ");
  denial.set_issuer("as");
  EXPECT_EQ(refused(denial), "0000000000000001 c  as  unproven,   unproven");
  denial.set_subject("bob");
  denial.set_token_id("t-1");
  EXPECT_EQ(refused(denial),
            "0000000000000001 c bob as t-1 unproven, bob t-1 unproven");
  denial.set_reason(Denial::REASON_CLIENT_ID_IN_USE);
  denial.set_proven(true);
  EXPECT_EQ(refused(denial), "0000000000000001 c bob as t-1, bob t-1");
  // What comes next has nothing of it.
  StartWith("");
  PolicyFails();
  EXPECT_EQ(decision_subject(), "0000000000000001 c   ");
}

TEST_F(SessionDecisionsTest, RecordsAnonymousClientsAsPublic) {
  Start();
  Client(ConnectPacket({}));
  policy::v1::Grant grant = AGrant();
  grant.clear_subject();
  grant.clear_issuer();
  grant.clear_token_id();
  grant.clear_expires_at();
  Grant(grant);
  UpstreamConnected();
  Broker(ConnackPacket(kV5, 0));
  Client(PublishPacket(kV5, "a/b", 0, 0, "p"));
  EXPECT_THAT(TakeDecisions(), ElementsAre("connect allowed 00 (public)",
                                           "publish allowed 00 a/b (public)"));
}

TEST_F(SessionDecisionsTest, RecordsRefusalsAndTellsTheirIds) {
  Start();
  ConnectParts parts;
  parts.properties = AceProperties(TokenAndProof("TOKEN", "PROOF"));
  Client(ConnectPacket(parts));
  Deny(Denial::REASON_PROOF_INVALID);
  EXPECT_THAT(TakeDecisions(), ElementsAre("connect denied 87 ()"));
  EXPECT_EQ(decision_latency(), absl::Milliseconds(1));
  std::string expected;
  mqtt::AppendConnack(kV5, false, 0x87, Reason(), &expected);
  EXPECT_EQ(to_client(), expected);

  Start();
  Client(ConnectPacket(parts));
  PolicyFails();
  EXPECT_THAT(TakeDecisions(), ElementsAre("connect error 88 (not reachable)"));

  Start();
  Client(ConnectPacket(parts));
  Grant(AGrant());
  UpstreamConnected();
  Broker(ConnackPacket(kV5, 0x97));
  EXPECT_THAT(TakeDecisions(),
              ElementsAre("connect denied 97 (refused by the broker)"));
}

TEST_F(SessionDecisionsTest, RecordsTheWillThatWasRefused) {
  Start();
  ConnectParts parts;
  parts.properties = AceProperties(TokenAndProof("TOKEN", "PROOF"));
  parts.will_topic = "x";
  Client(ConnectPacket(parts));
  Grant(AGrant());
  EXPECT_THAT(
      TakeDecisions(),
      ElementsAre("connect denied 87 x (Will topic outside the scope)"));
}

TEST_F(SessionDecisionsTest, TellsTheHintRatherThanTheIdWhereRoomIsScarce) {
  settings.as_hint = R"({"AS":"coaps://as.example/token"})";
  std::string hint;
  mqtt::AppendUserProperty("ace_as_hint", settings.as_hint, &hint);
  for (const bool both : {true, false}) {
    Start();
    ConnectParts parts;
    // CONNACK is 5 bytes and its properties.
    parts.properties = MaximumPacketSize(
        static_cast<uint32_t>(both ? 9 + hint.size() + 55 : 5 + hint.size()));
    Client(ConnectPacket(parts));
    Deny(Denial::REASON_NO_CREDENTIAL);
    std::string expected;
    mqtt::AppendConnack(kV5, false, 0x87,
                        both ? absl::StrCat(hint, Reason()) : hint, &expected);
    EXPECT_EQ(to_client(), expected);
  }
}

// covers: EDGE-15
TEST_F(SessionDecisionsTest, AcksOfDenialsTellTheirIds) {
  Open5();
  for (const int qos : {1, 2}) {
    Client(PublishPacket(kV5, "x", qos, 7, "p"));
    std::string expected;
    mqtt::AppendPuback(
        qos == 1 ? mqtt::PacketType::kPuback : mqtt::PacketType::kPubrec, kV5,
        7, mqtt::ReasonCode::kNotAuthorized, Reason(), &expected);
    EXPECT_EQ(to_client(), expected);
  }
  Client(SubscribePacket(kV5, 9, {"x"}));
  std::string expected;
  mqtt::AppendSuback(kV5, 9, Reason(), AsBytes("\x87"), &expected);
  EXPECT_EQ(to_client(), expected);
  Client(PublishPacket(kV5, "x", 0, 0, "p"));
  expected.clear();
  mqtt::AppendDisconnect(kV5, mqtt::ReasonCode::kNotAuthorized, Reason(),
                         &expected);
  EXPECT_EQ(to_client(), expected);
  const std::string denied = "publish denied 87 x (outside the scope)";
  EXPECT_THAT(TakeDecisions(),
              ElementsAre(denied, denied,
                          "subscribe denied 87 x (outside the scope)", denied));
}

// covers: EDGE-15
TEST_F(SessionDecisionsTest, AcksAreBareWhereTheClientWantsOrTakesNoMore) {
  for (const std::string& properties :
       {kNoProblemInformation, MaximumPacketSize(58)}) {
    OpenWith(properties);
    Client(PublishPacket(kV5, "x", 1, 7, "p"));
    EXPECT_EQ(to_client(), std::string("\x40\x03\x00\x07\x87", 5));
    Client(SubscribePacket(kV5, 9, {"x", "a/b", "x"}));
    Broker(SubackPacket(kV5, 9, {1}));
    EXPECT_EQ(to_client(), std::string("\x90\x06\x00\x09\x00\x87\x01\x87", 8));
    Client(PublishPacket(kV5, "x", 0, 0, "p"));
    EXPECT_EQ(to_client(), std::string("\xE0\x01\x87", 3));
  }
  OpenWith(MaximumPacketSize(61));
  Client(PublishPacket(kV5, "x", 1, 7, "p"));
  EXPECT_EQ(to_client().size(), 61u);
}

// Their answers are to look like any failure.
TEST_F(SessionDecisionsTest, HiddenTopicsAreRecordedButNotTold) {
  settings.hide_topics = true;
  Open5();
  Client(PublishPacket(kV5, "x", 1, 7, "p"));
  EXPECT_EQ(to_client(), std::string("\x40\x03\x00\x07\x80", 5));
  Client(SubscribePacket(kV5, 9, {"x"}));
  EXPECT_EQ(to_client(), std::string("\x90\x04\x00\x09\x00\x80", 6));
  EXPECT_THAT(TakeDecisions(),
              ElementsAre("publish denied 80 x (outside the scope)",
                          "subscribe denied 80 x (outside the scope)"));
}

TEST_F(SessionDecisionsTest, VersionThreeIsRecordedAndNotTold) {
  Open(kV311, AGrant());
  TakeDecisions();
  Client(SubscribePacket(kV311, 9, {"x", "a/b"}));
  Broker(SubackPacket(kV311, 9, {1}));
  EXPECT_EQ(to_client(), std::string("\x90\x04\x00\x09\x80\x01", 6));
  EXPECT_THAT(TakeDecisions(),
              ElementsAre("subscribe denied 87 x (outside the scope)",
                          "subscribe allowed 00 a/b (a/#)"));
}

// covers: ACE-SUB-1
TEST_F(SessionDecisionsTest, MergedSubackTellsTheIdsUnlessTheBrokerHasAReason) {
  Open5();
  Client(SubscribePacket(kV5, 9, {"x", "a/b", "y"}));
  EXPECT_THAT(TakeDecisions(),
              ElementsAre("subscribe denied 87 x (outside the scope)",
                          "subscribe allowed 00 a/b (a/#)",
                          "subscribe denied 87 y (outside the scope)"));
  Broker(SubackPacket(kV5, 9, {1}));
  EXPECT_TRUE(absl::StrContains(to_client(), "Sluice decisions "));
  EXPECT_TRUE(absl::StrContains(to_client(), decision_id()));
  EXPECT_EQ(to_client().size(), 5u + 3 + 17 + 36 + 2 + 36 + 3);

  Client(SubscribePacket(kV5, 9, {"x", "a/b"}));
  std::string suback;
  const std::string properties = ReasonOf("broker", "");
  mqtt::AppendSuback(kV5, 9, properties, AsBytes("\x01"), &suback);
  Broker(suback);
  std::string expected;
  mqtt::AppendSuback(kV5, 9, properties, AsBytes("\x87\x01"), &expected);
  EXPECT_EQ(to_client(), expected);
}

TEST_F(SessionDecisionsTest, NamesTheFilterThatAllows) {
  Open5();
  Client(PublishPacket(kV5, "a/b", 0, 0, "p"));
  Broker(PublishPacket(kV5, "b", 0, 0, "p"));
  Client(SubscribePacket(kV5, 9, {"$share/g/a/+"}));
  EXPECT_THAT(
      TakeDecisions(),
      ElementsAre("publish allowed 00 a/b (a/#)", "deliver allowed 00 b (b)",
                  "subscribe allowed 00 $share/g/a/+ (a/#)"));
  EXPECT_FALSE(decision_latency().has_value());
}

TEST_F(SessionDecisionsTest, RecordsDeniedDeliveries) {
  Open5();
  Broker(PublishPacket(kV5, "x", 0, 0, "p"));
  EXPECT_THAT(TakeDecisions(),
              ElementsAre("deliver denied 87 x (outside the scope)"));
  EXPECT_TRUE(absl::StrContains(to_client(), Reason()));
}

// All that is not a message is recorded even then.
TEST_F(SessionDecisionsTest, SampleOfNothingLeavesOutMessagesOnly) {
  decision_sample = 0;
  OpenWith("");
  for (int i = 0; i < 1000; ++i) {
    Client(PublishPacket(kV5, "a/b", 0, 0, "p"));
    Broker(PublishPacket(kV5, "a/b", 0, 0, "p"));
  }
  Client(SubscribePacket(kV5, 9, {"b"}));
  Client(PublishPacket(kV5, "x", 1, 7, "p"));
  EXPECT_THAT(
      TakeDecisions(),
      ElementsAre("connect allowed 00 (token)", "subscribe allowed 00 b (b)",
                  "publish denied 87 x (outside the scope)"));
}

TEST_F(SessionDecisionsTest, RecordsWhatBecomesOfStoredTokens) {
  Open5();
  Client(PublishPacket(kV5, "authz-info", 1, 7, "TOKEN"));
  policy::v1::StoreTokenResponse stored;
  stored.mutable_stored();
  StoreAnswers(stored);
  EXPECT_EQ(decision_latency(), absl::Milliseconds(1));
  EXPECT_EQ(to_client(), std::string("\x40\x02\x00\x07", 4));
  Client(PublishPacket(kV5, "authz-info", 1, 8, "TOKEN"));
  policy::v1::StoreTokenResponse denied;
  denied.mutable_denial()->set_reason(Denial::REASON_TOKEN_INVALID);
  denied.mutable_denial()->set_detail("not signed");
  StoreAnswers(denied);
  EXPECT_TRUE(absl::StrContains(to_client(), Reason()));
  Client(PublishPacket(kV5, "authz-info", 1, 9, "TOKEN"));
  StoreFails(absl::UnavailableError("not reachable"));
  Client(PublishPacket(kV5, "authz-info", 1, 9, "TOKEN"));
  StoreFails(absl::ResourceExhaustedError("full"));
  EXPECT_THAT(
      TakeDecisions(),
      ElementsAre("store_token allowed 00 authz-info ()",
                  "store_token denied 87 authz-info (not signed)",
                  "store_token error 87 authz-info (no decision)",
                  "store_token denied 97 authz-info (too many tokens)"));
}

// covers: ACE-EXP-4
TEST_F(SessionDecisionsTest, RecordsRevocations) {
  Open5();
  policy::v1::Revocation revocation;
  revocation.set_name("r");
  revocation.set_subject("s");
  live_policy.revocations.Add(revocation);
  RevocationsChanged();
  EXPECT_THAT(TakeDecisions(), ElementsAre("revoke denied 98 (revoked)"));
  EXPECT_TRUE(absl::StrContains(to_client(), Reason()));
  EXPECT_EQ(decisions(Action::kRevoke, Verdict::kDenied), 1u);
}

// covers: ACE-EXP-3
TEST_F(SessionDecisionsTest, RecordsReauthentication) {
  Open5();
  Client(AuthPacket(0x19, TokenAndProof("TOKEN2", "")));
  Client(AuthPacket(0x18, "nonce567PROOF"));
  policy::v1::Grant grant = AGrant();
  grant.set_token_id("t2");
  Grant(grant);
  EXPECT_THAT(TakeDecisions(),
              ElementsAre("reauthenticate allowed 00 (token)"));
  EXPECT_EQ(decision_subject(), "0000000000000001 c s i t2");
  EXPECT_EQ(decision_latency(), absl::Milliseconds(1));
  Client(AuthPacket(0x19, TokenAndProof("TOKEN3", "")));
  Client(AuthPacket(0x18, "nonce567PROOF"));
  Deny(Denial::REASON_PROOF_INVALID);
  EXPECT_THAT(TakeDecisions(), ElementsAre("reauthenticate denied 87 ()"));
  EXPECT_TRUE(absl::StrContains(to_client(), Reason()));
}

// covers: ACE-TOK-5
TEST_F(SessionDecisionsTest, RecordsRechecks) {
  Start();
  Client(AceConnect(TokenAndProof("TOKEN", "PROOF")));
  policy::v1::Grant grant = AGrant();
  grant.mutable_recheck_after()->set_seconds(60);
  Grant(grant);
  UpstreamConnected();
  Broker(ConnackPacket(kV5, 0));
  TakeDecisions();
  const auto recheck = [&] {
    Advance(absl::Seconds(61));
    Timer();
  };
  recheck();
  Grant(grant);
  recheck();
  PolicyFails();
  recheck();
  Deny(Denial::REASON_TOKEN_INVALID);
  EXPECT_THAT(TakeDecisions(), ElementsAre("recheck allowed 00 ()",
                                           "recheck error 88 (no decision)",
                                           "recheck denied 87 ()"));
}

TEST_F(SessionDecisionsTest, NothingIsRecordedOrToldWithoutARecorder) {
  decision_sample.reset();
  OpenWith("");
  Client(PublishPacket(kV5, "x", 1, 7, "p"));
  EXPECT_EQ(to_client(), std::string("\x40\x03\x00\x07\x87", 5));
  EXPECT_THAT(TakeDecisions(), IsEmpty());
}

// A flood of denials: each is answered and counted, not all are written down.
TEST_F(SessionDecisionsTest, ManyDenialsOfOneConnectionAreRecordedInPart) {
  Open5();
  const size_t before = events().size();
  for (int i = 0; i < 250; ++i) {
    EXPECT_THAT(Client(PublishPacket(kV5, "c", 1, 1, "x")),
                ElementsAre("client PUBACK 87"));
  }
  EXPECT_EQ(TakeDecisions().size(), 100u);
  EXPECT_EQ(events().size() - before, 100u);
  EXPECT_EQ(decisions(Action::kPublish, Verdict::kDenied), 250u);
  EXPECT_EQ(counters().denials_unrecorded.value(), 150u);
  // What may be is recorded as ever, and so are denials a second later.
  Client(PublishPacket(kV5, "a/b", 1, 1, "x"));
  EXPECT_EQ(TakeDecisions().size(), 1u);
  Advance(absl::Seconds(1));
  Client(PublishPacket(kV5, "c", 1, 1, "x"));
  EXPECT_EQ(TakeDecisions().size(), 1u);
  EXPECT_EQ(events().size() - before, 101u);
}

// The same of what is allowed, which a client may repeat as often as it likes.
TEST_F(SessionDecisionsTest,
       ManySubscriptionsOfOneConnectionAreRecordedInPart) {
  const auto subscribe = [this](size_t filters) {
    Client(SubscribePacket(kV5, 1,
                           std::vector<absl::string_view>(filters, "a/b")));
    return TakeDecisions().size();
  };
  Open5();
  TakeDecisions();
  EXPECT_EQ(subscribe(4000), 4000u);
  EXPECT_EQ(subscribe(100), 96u);
  EXPECT_EQ(subscribe(10), 0u);
  EXPECT_EQ(decisions(Action::kSubscribe, Verdict::kAllowed), 4110u);
  EXPECT_EQ(counters().subscriptions_unrecorded.value(), 14u);
  // Denials are recorded as ever.
  Client(SubscribePacket(kV5, 1, {"c"}));
  EXPECT_EQ(TakeDecisions().size(), 1u);
  // And a hundred more each second, whatever the clock is set to.
  SetClock(-absl::Hours(1));
  Advance(absl::Seconds(1));
  EXPECT_EQ(subscribe(200), 100u);
}

TEST_F(SessionDecisionsTest, OfClientsWithoutATokenFewerAreRecorded) {
  Start();
  Client(ConnectPacket(ConnectParts()));
  policy::v1::Grant grant;
  policy::v1::Permission* permission = grant.add_permissions();
  permission->set_topic_filter("public/#");
  permission->set_subscribe(true);
  Grant(grant);
  UpstreamConnected();
  Broker(ConnackPacket(kV5, 0));
  TakeDecisions();
  Client(SubscribePacket(kV5, 1,
                         std::vector<absl::string_view>(1100, "public/a")));
  EXPECT_EQ(TakeDecisions().size(), 1000u);
  EXPECT_EQ(counters().subscriptions_unrecorded.value(), 100u);
}

}  // namespace
}  // namespace sluice::session
