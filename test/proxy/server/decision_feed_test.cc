#include "proxy/server/decision_feed.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "proxy/server/decision_tee.h"

namespace sluice::server {
namespace {

using policy::v1::DecisionBatch;
using ::sluice::session::Verdict;

session::Decision On(absl::string_view topic,
                     Verdict verdict = Verdict::kDenied) {
  session::Decision decision;
  decision.action = session::Action::kPublish;
  decision.verdict = verdict;
  decision.topic = topic;
  return decision;
}

class DecisionFeedTest : public ::testing::Test {
 protected:
  void Open() {
    feed_.Open([this] { ++woken_; });
  }
  // The topics that are to be had, and how many were dropped.
  std::string Take(size_t max_bytes = 1000) {
    DecisionBatch batch;
    if (!feed_.Take(max_bytes, &batch)) return "none";
    std::string taken;
    for (const auto& decision : batch.decisions()) {
      absl::StrAppend(&taken, decision.topic(), " ");
    }
    return absl::StrCat(taken, "dropped ", batch.dropped());
  }

  DecisionFeed feed_{1000};
  int woken_ = 0;
};

TEST_F(DecisionFeedTest, KeepsNothingUnlessItIsOpen) {
  EXPECT_FALSE(feed_.IsListening());
  feed_.OnDecision(On("a"));
  Open();
  EXPECT_TRUE(feed_.IsListening());
  EXPECT_EQ(Take(), "none");
  feed_.OnDecision(On("b"));
  feed_.Close();
  EXPECT_FALSE(feed_.IsListening());
  Open();
  EXPECT_EQ(Take(), "none");
}

TEST_F(DecisionFeedTest, WakesOnceForAllThatComes) {
  Open();
  feed_.OnDecision(On("a"));
  feed_.OnDecision(On("b"));
  EXPECT_EQ(woken_, 1);
  EXPECT_EQ(Take(), "a b dropped 0");
  feed_.OnDecision(On("c"));
  EXPECT_EQ(woken_, 1);  // nobody has found nothing yet
  EXPECT_EQ(Take(), "c dropped 0");
  EXPECT_EQ(Take(), "none");
  feed_.OnDecision(On("d"));
  EXPECT_EQ(woken_, 2);
  EXPECT_EQ(Take(1), "d dropped 0");
}

TEST_F(DecisionFeedTest, DropsWhatIsAllowedFirst) {
  Open();
  const std::string topic(150, 't');
  for (int i = 0; i < 4; ++i) feed_.OnDecision(On(topic, Verdict::kAllowed));
  for (int i = 0; i < 4; ++i) feed_.OnDecision(On("d"));
  DecisionBatch batch;
  ASSERT_TRUE(feed_.Take(1000, &batch));
  int allowed = 0;
  int denied = 0;
  for (const auto& decision : batch.decisions()) {
    const bool passes =
        decision.result() == policy::v1::Decision::RESULT_ALLOWED;
    (passes ? allowed : denied) += 1;
  }
  EXPECT_EQ(allowed, 2);
  EXPECT_EQ(denied, 4);
  EXPECT_EQ(batch.dropped(), 2u);
  feed_.OnDecision(On("e"));
  EXPECT_EQ(Take(), "e dropped 0");
}

TEST_F(DecisionFeedTest, DropsWhatAShadowDeniesBeforeWhatIsDenied) {
  Open();
  session::Decision shadow = On(std::string(150, 't'));
  shadow.shadow = true;
  for (int i = 0; i < 4; ++i) feed_.OnDecision(shadow);
  DecisionBatch batch;
  ASSERT_TRUE(feed_.Take(1000, &batch));
  EXPECT_EQ(batch.decisions_size(), 2);
  EXPECT_EQ(batch.dropped(), 2u);
}

TEST_F(DecisionFeedTest, SaysWhatTheAuditLogSays) {
  Open();
  const std::string topic(300, 'x');
  session::Decision decision = On(topic);
  decision.action = session::Action::kStoreToken;
  decision.reason_code = 0x87;
  decision.rule = "outside the scope";
  decision.client.subject = "alice";
  decision.client.issuer = "as";
  decision.client.token_id = "7";
  decision.client.client_id = "c";
  decision.session_id = "0-1";
  decision.client.listener = "mqtts";
  decision.client.address = "127.0.0.1:5";
  decision.version = mqtt::ProtocolVersion::kV311;
  decision.time = absl::FromUnixSeconds(1700000000);
  decision.latency = absl::Milliseconds(1500);
  decision.shadow = true;
  decision.client.unproven = true;
  feed_.OnDecision(decision);
  DecisionBatch batch;
  ASSERT_TRUE(feed_.Take(1, &batch));
  const policy::v1::Decision& told = batch.decisions(0);
  EXPECT_EQ(told.action(), policy::v1::Decision::ACTION_STORE_TOKEN);
  EXPECT_EQ(told.result(), policy::v1::Decision::RESULT_DENIED);
  EXPECT_EQ(told.reason_code(), 0x87u);
  EXPECT_EQ(told.topic(), absl::StrCat(std::string(256, 'x'), "…"));
  EXPECT_EQ(told.rule(), "outside the scope");
  EXPECT_EQ(told.subject(), "alice");
  EXPECT_EQ(told.issuer(), "as");
  EXPECT_EQ(told.token_id(), "7");
  EXPECT_TRUE(told.unproven());
  EXPECT_EQ(told.client_id(), "c");
  EXPECT_EQ(told.session_id(), "0-1");
  EXPECT_EQ(told.listener(), "mqtts");
  EXPECT_EQ(told.client_address(), "127.0.0.1:5");
  EXPECT_EQ(told.protocol_version(), policy::v1::PROTOCOL_VERSION_MQTT_3_1_1);
  EXPECT_EQ(told.time().seconds(), 1700000000);
  EXPECT_TRUE(told.shadow());
  EXPECT_EQ(told.latency().seconds(), 1);
  EXPECT_EQ(told.latency().nanos(), 500'000'000);
}

TEST(DecisionTeeTest, ListensForEither) {
  DecisionFeed first;
  DecisionFeed second;
  EXPECT_FALSE(DecisionTee(nullptr, &second).IsListening());
  EXPECT_TRUE(DecisionTee(&first, &second).IsListening());
  second.Open([] {});
  const DecisionTee one(nullptr, &second);
  EXPECT_TRUE(one.IsListening());
  DecisionTee(nullptr, &second).OnDecision(On("a"));
  DecisionBatch batch;
  EXPECT_TRUE(second.Take(1, &batch));
}

}  // namespace
}  // namespace sluice::server
