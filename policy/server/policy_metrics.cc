#include "policy/server/policy_metrics.h"

#include <vector>

#include "prometheus/metric_family.h"
#include "prometheus/metric_type.h"
#include "proxy/admin_http/metric_families.h"
#include "proxy/admin_http/process_metrics.h"

namespace sluice::policy {
namespace {

using ::prometheus::MetricFamily;
using ::prometheus::MetricType;

const char* Name(DecisionKind kind) {
  switch (kind) {
    case DecisionKind::kAuthenticate:
      return "authenticate";
    case DecisionKind::kStoreToken:
      return "store_token";
    case DecisionKind::kPreSharedKey:
      return "pre_shared_key";
    case DecisionKind::kCheck:
      return "check";
  }
  return "";
}

const char* Name(DecisionResult result) {
  switch (result) {
    case DecisionResult::kGranted:
      return "granted";
    case DecisionResult::kDenied:
      return "denied";
    case DecisionResult::kContinued:
      return "continued";
    case DecisionResult::kError:
      return "error";
  }
  return "";
}

MetricFamily Decisions(const DecisionStats& stats) {
  MetricFamily family = Family(
      "sluice_policy_decisions_total",
      "What proxies asked, by kind and by how it went; continued: the client "
      "was asked for more first.",
      MetricType::Counter);
  for (size_t k = 0; k < kDecisionKinds; ++k) {
    for (size_t r = 0; r < kDecisionResults; ++r) {
      const auto kind = static_cast<DecisionKind>(k);
      const auto result = static_cast<DecisionResult>(r);
      family.metric.push_back(
          CounterOf({{"kind", Name(kind)}, {"result", Name(result)}},
                    stats.count(kind, result)));
    }
  }
  return family;
}

MetricFamily DecisionTimes(const DecisionStats& stats) {
  MetricFamily family = Family(
      "sluice_policy_decision_duration_seconds",
      "Time from a proxy's question to its answer, waiting for a thread, the "
      "store, checkers and authorization servers included.",
      MetricType::Histogram);
  for (size_t k = 0; k < kDecisionKinds; ++k) {
    const auto kind = static_cast<DecisionKind>(k);
    family.metric.push_back(
        HistogramOf({{"kind", Name(kind)}}, {&stats.latency(kind)}));
  }
  return family;
}

MetricFamily CallsWaiting(const PolicyMetricSources& sources) {
  MetricFamily family =
      Family("sluice_policy_calls_waiting",
             "Calls that wait for a thread, by caller.", MetricType::Gauge);
  const auto add = [&family](const char* caller, const CallPool& pool) {
    family.metric.push_back(
        GaugeOf({{"caller", caller}}, static_cast<double>(pool.waiting())));
  };
  add("proxy", *sources.proxy_calls);
  add("operator", *sources.operator_calls);
  return family;
}

MetricFamily CallsRefused(const PolicyMetricSources& sources) {
  MetricFamily family =
      Family("sluice_policy_calls_refused_total",
             "Calls that were not begun: too many waited for a thread, or this "
             "one for too long.",
             MetricType::Counter);
  const auto add = [&family](const char* caller, const CallPool& pool) {
    family.metric.push_back(CounterOf(
        {{"caller", caller}, {"reason", "too_many"}}, pool.too_many()));
    family.metric.push_back(CounterOf(
        {{"caller", caller}, {"reason", "too_late"}}, pool.too_late()));
  };
  add("proxy", *sources.proxy_calls);
  add("operator", *sources.operator_calls);
  return family;
}

MetricFamily HttpRequests(const PolicyMetricSources& sources) {
  MetricFamily family =
      Family("sluice_policy_http_requests_total",
             "Requests to authorization servers, by purpose and by how they "
             "went; refused: answered with another status than success.",
             MetricType::Counter);
  const auto add = [&family](const char* purpose,
                             const http::RequestCounts& counts) {
    family.metric.push_back(CounterOf(
        {{"purpose", purpose}, {"result", "answered"}}, counts.answered));
    family.metric.push_back(CounterOf(
        {{"purpose", purpose}, {"result", "refused"}}, counts.refused));
    family.metric.push_back(
        CounterOf({{"purpose", purpose}, {"result", "failed"}}, counts.failed));
  };
  add("introspection", *sources.introspection);
  add("jwks", *sources.jwks);
  return family;
}

MetricFamily Resources(const Replica::Counts& counts) {
  MetricFamily family =
      Family("sluice_policy_resources", "What operators manage, by collection.",
             MetricType::Gauge);
  const auto add = [&family](const char* collection, size_t count) {
    family.metric.push_back(
        GaugeOf({{"collection", collection}}, static_cast<double>(count)));
  };
  add(kRules, counts.rules);
  add(kRevocations, counts.revocations);
  add(kPublicTopics, counts.public_topics);
  add(kIssuers, counts.issuers);
  return family;
}

MetricFamily Certificates(const TlsCredentials* tls) {
  MetricFamily family =
      Family("sluice_policy_certificate_not_after_seconds",
             "When what tls has expires: of the chain the first, of client CAs "
             "the last. Unix time.",
             MetricType::Gauge);
  if (tls == nullptr) return family;
  const auto add = [&family](const char* of, absl::Time not_after) {
    if (not_after == absl::InfiniteFuture()) return;
    family.metric.push_back(GaugeOf(
        {{"of", of}}, static_cast<double>(absl::ToUnixSeconds(not_after))));
  };
  const TlsCredentials::Expiries expiries = tls->expiries();
  add("tls.certificate", expiries.certificate);
  add("tls.client_ca", expiries.client_ca);
  return family;
}

}  // namespace

std::string PolicyMetricsText(const PolicyMetricSources& sources,
                              absl::Time start_time) {
  std::vector<MetricFamily> families = ProcessMetrics(start_time);
  families.push_back(BuildInfo("sluice_policy_build_info"));
  families.push_back(
      Flag("sluice_policy_ready",
           "Whether the store can be reached, as /readyz has it: 1 or 0.",
           sources.is_ready()));
  families.push_back(
      Flag("sluice_policy_undecided",
           "Whether nothing is decided, since something in the store cannot be "
           "read, or the store be reached: 1 or 0.",
           sources.is_undecided()));
  families.push_back(Decisions(*sources.decisions));
  families.push_back(DecisionTimes(*sources.decisions));
  families.push_back(SingleCounter(
      "sluice_policy_connections_refused_total",
      "Connections to the gRPC port that were hung up on: access does not "
      "name the certificate, or only the descriptors that are kept for other "
      "things were left.",
      sources.connections_refused()));
  families.push_back(Certificates(sources.tls));
  families.push_back(CallsWaiting(sources));
  families.push_back(CallsRefused(sources));
  families.push_back(
      SingleGauge("sluice_policy_proxies_watching",
                  "Proxies that are told what is revoked and changed.",
                  static_cast<double>(sources.proxies_watching())));
  families.push_back(HttpRequests(sources));
  families.push_back(SingleCounter(
      "sluice_policy_jwks_failures_total",
      "Readings of an issuer's keys that failed, or gave none to use.",
      *sources.jwks_failures));
  families.push_back(
      SingleCounter("sluice_policy_store_losses_total",
                    "How often the store went out of reach, or its reason "
                    "became another.",
                    *sources.store_losses));
  families.push_back(
      SingleCounter("sluice_policy_store_write_failures_total",
                    "Changes by operators that the store could not write: it "
                    "has no room, or is out of reach.",
                    *sources.store_write_failures));
  families.push_back(Resources(sources.resources()));
  families.push_back(SingleCounter(
      "sluice_policy_log_dropped_total",
      "Lines of the log that could not be written.", sources.log->dropped()));
  families.push_back(SingleCounter(
      "sluice_policy_log_suppressed_total",
      "Lines of the log about refused connections, and of gRPC, that were left "
      "out, as there were too many.",
      sources.log_suppressed()));
  return MetricsText(families);
}

}  // namespace sluice::policy
