#ifndef PROXY_SERVER_METRICS_H_
#define PROXY_SERVER_METRICS_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "prometheus/collectable.h"
#include "prometheus/metric_family.h"
#include "proxy/base/histogram.h"
#include "proxy/base/log.h"
#include "proxy/server/certificate_expiry.h"
#include "proxy/server/policy_watch_stats.h"
#include "proxy/session/counters.h"
#include "proxy/transport/loop_stats.h"

namespace sluice::server {

// Where the numbers are counted: by each event loop, and by each kind of
// request to the policy service. Any thread reads them; they outlive the
// metrics.
struct MetricSources {
  std::vector<const session::Counters*> sessions;
  std::vector<const transport::LoopStats*> loops;
  std::vector<const DurationHistogram*> policy_requests;
  const PolicyWatchStats* policy_watch = nullptr;
  absl::Time start_time;
  std::function<bool()> is_ready;
  // When certificates expire. Null: they are not shown.
  std::function<std::vector<CertificateExpiry>()> certificates;
  const std::atomic<uint64_t>* audit_dropped = nullptr;  // null: no audit log
  const Logger* log = nullptr;
  std::function<uint64_t()> log_suppressed = nullptr;
};

// The proxy's metrics, summed over the event loops when they are asked for;
// nothing is locked and no event loop waits. Thread-safe.
//
// Labels take few values each, all known here: never a topic, a client or a
// subject. All combinations that can occur are there from the start, with 0, so
// that a rate is right from the first event.
class Metrics {
 public:
  explicit Metrics(MetricSources sources) : sources_(std::move(sources)) {}

  // In Prometheus' text format, version 0.0.4.
  std::string Text() const;

 private:
  std::vector<prometheus::MetricFamily> Collect() const;

  const MetricSources sources_;
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_METRICS_H_
