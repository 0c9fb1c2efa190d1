#ifndef POLICY_SERVER_POLICY_METRICS_H_
#define POLICY_SERVER_POLICY_METRICS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "absl/time/time.h"
#include "policy/http/counted_http_client.h"
#include "policy/server/tls_credentials.h"
#include "policy/service/call_pool.h"
#include "policy/service/decision_stats.h"
#include "policy/service/replica.h"
#include "proxy/base/log.h"

namespace sluice::policy {

// Where the policy service's numbers are counted. All outlives its use, and can
// be read by any thread; nothing is null but `tls`.
struct PolicyMetricSources {
  const DecisionStats* decisions = nullptr;
  const CallPool* proxy_calls = nullptr;
  const CallPool* operator_calls = nullptr;
  const http::RequestCounts* introspection = nullptr;
  const http::RequestCounts* jwks = nullptr;
  const std::atomic<uint64_t>* jwks_failures = nullptr;
  const std::atomic<uint64_t>* store_losses = nullptr;
  const std::atomic<uint64_t>* store_write_failures = nullptr;
  std::function<size_t()> proxies_watching;
  std::function<Replica::Counts()> resources;
  std::function<bool()> is_ready;
  std::function<bool()> is_undecided;
  // Null without TLS.
  const TlsCredentials* tls = nullptr;
  std::function<uint64_t()> connections_refused;
  std::function<uint64_t()> log_suppressed;
  const Logger* log = nullptr;
};

// The policy service's metrics in Prometheus' text format. Labels take few
// values each, all known here, and all combinations are there from the start
// with 0, so that a rate is right from the first event. Any thread.
std::string PolicyMetricsText(const PolicyMetricSources& sources,
                              absl::Time start_time);

}  // namespace sluice::policy

#endif  // POLICY_SERVER_POLICY_METRICS_H_
