#include "proxy/server/metrics.h"

#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace sluice::server {
namespace {

using mqtt::PacketType;
using session::Action;
using session::ConnectOutcome;
using session::Direction;
using session::RuleMode;
using session::Verdict;

class MetricsTest : public ::testing::Test {
 protected:
  // The value on the line of `series`; "absent" without one.
  std::string Value(const std::string& series) {
    const std::string text = metrics_.Text();
    for (absl::string_view line : absl::StrSplit(text, '\n')) {
      if (absl::StartsWith(line, series + " ")) {
        return std::string(line.substr(series.size() + 1));
      }
    }
    return "absent";
  }

  session::Counters sessions_[2];
  transport::LoopStats loops_[2];
  DurationHistogram policy_requests_;
  PolicyWatchStats policy_watch_;
  bool is_ready_ = false;
  Metrics metrics_{
      {{&sessions_[0], &sessions_[1]},
       {&loops_[0], &loops_[1]},
       {&policy_requests_},
       &policy_watch_,
       absl::FromUnixSeconds(1000000000),
       [this] { return is_ready_; },
       [] {
         return std::vector<CertificateExpiry>{
             {"mqtts", "", absl::FromUnixSeconds(2000000000)},
             {"", "policy.tls.ca", absl::FromUnixSeconds(2100000000)}};
       }}};
};

TEST_F(MetricsTest, HasTheNamesOfTheContractFromTheStart) {
  for (const char* series : {
           "sluice_connections",
           "sluice_connects_total{result=\"accepted\",reason=\"none\"}",
           "sluice_connects_total{result=\"refused\",reason=\"token_invalid\"}",
           "sluice_connects_total{result=\"refused\","
           "reason=\"too_many_denials\"}",
           "sluice_connections_refused_total{reason=\"denials_per_second\"}",
           "sluice_connections_refused_total{reason="
           "\"max_pending_connections\"}",
           "sluice_connections_refused_total{reason="
           "\"max_anonymous_connections\"}",
           "sluice_connects_total{result=\"refused\","
           "reason=\"too_many_anonymous\"}",
           "sluice_connections_pending",
           "sluice_connections_anonymous",
           "sluice_denials_unrecorded_total",
           "sluice_subscriptions_unrecorded_total",
           "sluice_connects_total{result=\"error\","
           "reason=\"policy_unavailable\"}",
           "sluice_packets_total{direction=\"from_client\",type=\"publish\"}",
           "sluice_packets_total{direction=\"from_broker\",type=\"auth\"}",
           "sluice_bytes_total{direction=\"from_client\"}",
           "sluice_bytes_total{direction=\"from_broker\"}",
           "sluice_decisions_total{action=\"publish\",result=\"denied\"}",
           "sluice_decisions_total{action=\"store_token\",result=\"error\"}",
           "sluice_policy_request_duration_seconds_count",
           "sluice_tls_handshake_duration_seconds_count",
           "sluice_forwarded_bytes_copied_total",
           "sluice_revocations_total",
           "sluice_sessions_revoked_total",
           "sluice_rule_denials_total{mode=\"enforce\"}",
           "sluice_rule_denials_total{mode=\"shadow\"}",
           "sluice_policy_watch_connected",
           "sluice_ready",
           "sluice_audit_dropped_total",
           "sluice_log_dropped_total",
           "sluice_log_suppressed_total",
       }) {
    EXPECT_EQ(Value(series), "0") << series;
  }
}

TEST_F(MetricsTest, SumsOverTheEventLoops) {
  loops_[0].connections_opened.Add(5);
  loops_[0].connections_closed.Add(2);
  loops_[1].connections_opened.Add(1);
  EXPECT_EQ(Value("sluice_connections"), "4");

  for (session::Counters& counters : sessions_) {
    counters.connects[ConnectOutcome::kTimeout].Increment();
    counters.packets[Direction::kFromBroker][PacketType::kPublish].Add(10);
    counters.decisions[Action::kDeliver][Verdict::kDenied].Add(3);
  }
  EXPECT_EQ(
      Value("sluice_connects_total{result=\"refused\",reason=\"timeout\"}"),
      "2");
  EXPECT_EQ(
      Value("sluice_packets_total{direction=\"from_broker\",type=\"publish\"}"),
      "20");
  EXPECT_EQ(
      Value("sluice_decisions_total{action=\"deliver\",result=\"denied\"}"),
      "6");

  loops_[1].bytes[Direction::kFromClient].Add(1 << 20);
  EXPECT_EQ(Value("sluice_bytes_total{direction=\"from_client\"}"), "1048576");
  loops_[0].forwarded_bytes_copied.Add(7);
  EXPECT_EQ(Value("sluice_forwarded_bytes_copied_total"), "7");
}

TEST_F(MetricsTest, CumulatesHistograms) {
  loops_[0].handshakes.Observe(absl::Milliseconds(2));
  loops_[1].handshakes.Observe(absl::Milliseconds(2));
  loops_[1].handshakes.Observe(absl::Seconds(60));
  policy_requests_.Observe(absl::Milliseconds(1));
  const std::string name = "sluice_tls_handshake_duration_seconds";
  EXPECT_EQ(Value(name + "_bucket{le=\"0.001\"}"), "0");
  EXPECT_EQ(Value(name + "_bucket{le=\"0.0025\"}"), "2");
  EXPECT_EQ(Value(name + "_bucket{le=\"10\"}"), "2");
  EXPECT_EQ(Value(name + "_bucket{le=\"+Inf\"}"), "3");
  EXPECT_EQ(Value(name + "_count"), "3");
  EXPECT_EQ(Value(name + "_sum").substr(0, 6), "60.004");
  EXPECT_EQ(Value("sluice_policy_request_duration_seconds_count"), "1");
}

TEST_F(MetricsTest, EverySeriesIsThereOnceWithAllItsLabels) {
  const std::string text = metrics_.Text();
  std::set<std::string> seen;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (line.empty() || line[0] == '#') continue;
    const std::string series(line.substr(0, line.rfind(' ')));
    EXPECT_TRUE(seen.insert(series).second) << series;
    EXPECT_FALSE(absl::StrContains(series, "=\"\"")) << series;
  }
}

TEST_F(MetricsTest, TellsAboutTheProcess) {
  EXPECT_EQ(Value("process_start_time_seconds"), "1000000000");
  EXPECT_NE(Value("process_resident_memory_bytes"), "absent");
  EXPECT_NE(Value("process_open_fds"), "absent");
  EXPECT_TRUE(absl::StrContains(metrics_.Text(), "\nsluice_build_info{"));
}

TEST_F(MetricsTest, TellsRulesThatAreEnforcedFromShadows) {
  sessions_[0].rule_denials[RuleMode::kEnforce].Add(2);
  sessions_[1].rule_denials[RuleMode::kEnforce].Increment();
  sessions_[1].rule_denials[RuleMode::kShadow].Increment();
  EXPECT_EQ(Value("sluice_rule_denials_total{mode=\"enforce\"}"), "3");
  EXPECT_EQ(Value("sluice_rule_denials_total{mode=\"shadow\"}"), "1");
}

TEST_F(MetricsTest, TellsWhenCertificatesExpire) {
  EXPECT_EQ(Value("sluice_certificate_not_after_seconds{listener=\"mqtts\"}"),
            "2000000000");
  EXPECT_EQ(Value("sluice_certificate_not_after_seconds{of=\"policy.tls.ca\"}"),
            "2100000000");
}

TEST_F(MetricsTest, TellsWhetherTheProxyIsReady) {
  is_ready_ = true;
  EXPECT_EQ(Value("sluice_ready"), "1");
}

TEST_F(MetricsTest, TellsOfRevocationsAndOfTheWatch) {
  policy_watch_.revocations = 3;
  policy_watch_.watching = true;
  sessions_[0].revoked.Increment();
  sessions_[1].revoked.Increment();
  EXPECT_EQ(Value("sluice_revocations_total"), "3");
  EXPECT_EQ(Value("sluice_sessions_revoked_total"), "2");
  EXPECT_EQ(Value("sluice_policy_watch_connected"), "1");
}

}  // namespace
}  // namespace sluice::server
