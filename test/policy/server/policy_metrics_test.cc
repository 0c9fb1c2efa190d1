#include "policy/server/policy_metrics.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "proxy/base/log.h"
#include "test/testing/string_sink.h"

namespace sluice::policy {
namespace {

class PolicyMetricsTest : public ::testing::Test {
 protected:
  PolicyMetricsTest() {
    sources_.decisions = &decisions_;
    sources_.proxy_calls = &proxy_calls_;
    sources_.operator_calls = &operator_calls_;
    sources_.introspection = &introspection_;
    sources_.jwks = &jwks_;
    sources_.jwks_failures = &jwks_failures_;
    sources_.store_losses = &store_losses_;
    sources_.store_write_failures = &store_write_failures_;
    sources_.proxies_watching = [] { return size_t{3}; };
    sources_.resources = [] { return Replica::Counts{1, 2, 3, 4}; };
    sources_.is_ready = [this] { return is_ready_; };
    sources_.is_undecided = [this] { return is_undecided_; };
    sources_.connections_refused = [] { return uint64_t{5}; };
    sources_.log_suppressed = [] { return uint64_t{6}; };
    sources_.log = &log_;
  }

  std::string Text() {
    return PolicyMetricsText(sources_, absl::FromUnixSeconds(1000000000));
  }
  // The value on the line of `series`; "absent" without one.
  std::string Value(const std::string& series) {
    const std::string text = Text();
    for (absl::string_view line : absl::StrSplit(text, '\n')) {
      if (absl::StartsWith(line, series + " ")) {
        return std::string(line.substr(series.size() + 1));
      }
    }
    return "absent";
  }

  sluice::testing::StringSink sink_;
  Logger log_{&sink_, LogLevel::kInfo, LogFormat::kJson};
  DecisionStats decisions_;
  CallPool proxy_calls_{0};
  CallPool operator_calls_{0};
  http::RequestCounts introspection_;
  http::RequestCounts jwks_;
  std::atomic<uint64_t> jwks_failures_{0};
  std::atomic<uint64_t> store_losses_{0};
  std::atomic<uint64_t> store_write_failures_{0};
  bool is_ready_ = false;
  bool is_undecided_ = false;
  PolicyMetricSources sources_;
};

TEST_F(PolicyMetricsTest, HasAllSeriesFromTheStart) {
  for (const char* kind :
       {"authenticate", "store_token", "pre_shared_key", "check"}) {
    for (const char* result : {"granted", "denied", "continued", "error"}) {
      EXPECT_EQ(Value(absl::StrCat("sluice_policy_decisions_total{kind=\"",
                                   kind, "\",result=\"", result, "\"}")),
                "0");
    }
    EXPECT_EQ(Value(absl::StrCat(
                  "sluice_policy_decision_duration_seconds_count{kind=\"", kind,
                  "\"}")),
              "0");
  }
  for (const char* caller : {"proxy", "operator"}) {
    EXPECT_EQ(Value(absl::StrCat("sluice_policy_calls_waiting{caller=\"",
                                 caller, "\"}")),
              "0");
    for (const char* reason : {"too_many", "too_late"}) {
      EXPECT_EQ(
          Value(absl::StrCat("sluice_policy_calls_refused_total{caller=\"",
                             caller, "\",reason=\"", reason, "\"}")),
          "0");
    }
  }
  for (const char* purpose : {"introspection", "jwks"}) {
    for (const char* result : {"answered", "refused", "failed"}) {
      EXPECT_EQ(
          Value(absl::StrCat("sluice_policy_http_requests_total{purpose=\"",
                             purpose, "\",result=\"", result, "\"}")),
          "0");
    }
  }
  for (const char* name :
       {"sluice_policy_ready", "sluice_policy_undecided",
        "sluice_policy_jwks_failures_total", "sluice_policy_store_losses_total",
        "sluice_policy_store_write_failures_total",
        "sluice_policy_log_dropped_total"}) {
    EXPECT_EQ(Value(name), "0") << name;
  }
  EXPECT_EQ(Value("process_start_time_seconds"), "1000000000");
  EXPECT_EQ(Value("sluice_policy_build_info{version=\"0.1.0\"}"), "1");
}

TEST_F(PolicyMetricsTest, TellsWhatIsCounted) {
  decisions_.Add(DecisionKind::kCheck, DecisionResult::kDenied,
                 absl::Milliseconds(3));
  ++introspection_.refused;
  ++jwks_.failed;
  ++jwks_failures_;
  ++store_losses_;
  store_write_failures_ += 2;
  is_ready_ = true;
  is_undecided_ = true;
  EXPECT_EQ(Value("sluice_policy_decisions_total{kind=\"check\",result="
                  "\"denied\"}"),
            "1");
  EXPECT_EQ(Value("sluice_policy_decision_duration_seconds_bucket{kind="
                  "\"check\",le=\"0.0025\"}"),
            "0");
  EXPECT_EQ(Value("sluice_policy_decision_duration_seconds_bucket{kind="
                  "\"check\",le=\"0.005\"}"),
            "1");
  EXPECT_EQ(Value("sluice_policy_http_requests_total{purpose="
                  "\"introspection\",result=\"refused\"}"),
            "1");
  EXPECT_EQ(Value("sluice_policy_http_requests_total{purpose=\"jwks\",result="
                  "\"failed\"}"),
            "1");
  EXPECT_EQ(Value("sluice_policy_jwks_failures_total"), "1");
  EXPECT_EQ(Value("sluice_policy_store_losses_total"), "1");
  EXPECT_EQ(Value("sluice_policy_store_write_failures_total"), "2");
  EXPECT_EQ(Value("sluice_policy_proxies_watching"), "3");
  EXPECT_EQ(Value("sluice_policy_resources{collection=\"revocations\"}"), "1");
  EXPECT_EQ(Value("sluice_policy_resources{collection=\"public-topics\"}"),
            "2");
  EXPECT_EQ(Value("sluice_policy_resources{collection=\"rules\"}"), "3");
  EXPECT_EQ(Value("sluice_policy_resources{collection=\"issuers\"}"), "4");
  EXPECT_EQ(Value("sluice_policy_ready"), "1");
  EXPECT_EQ(Value("sluice_policy_undecided"), "1");
  EXPECT_EQ(Value("sluice_policy_connections_refused_total"), "5");
  EXPECT_EQ(Value("sluice_policy_log_suppressed_total"), "6");
}

}  // namespace
}  // namespace sluice::policy
