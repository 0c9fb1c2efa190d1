#include "proxy/server/metrics.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "prometheus/client_metric.h"
#include "prometheus/metric_type.h"
#include "proxy/admin_http/metric_families.h"
#include "proxy/admin_http/process_metrics.h"
#include "proxy/base/counter.h"
#include "proxy/mqtt/packet_type.h"

namespace sluice::server {
namespace {

using ::prometheus::ClientMetric;
using ::prometheus::MetricFamily;
using ::prometheus::MetricType;
using ::sluice::session::Action;
using ::sluice::session::ConnectOutcome;
using ::sluice::session::Counters;
using ::sluice::session::Direction;
using ::sluice::session::RuleMode;
using ::sluice::session::SessionEnd;
using ::sluice::session::Verdict;
using ::sluice::transport::LoopStats;

uint64_t ValueOf(const std::atomic<uint64_t>* count) {
  return count == nullptr ? 0 : count->load();
}

// The sum of what `pick`, a function or a member, is of each of `sources`.
template <typename Source, typename Pick>
uint64_t Sum(const std::vector<const Source*>& sources, Pick pick) {
  uint64_t sum = 0;
  for (const Source* source : sources) {
    sum += std::invoke(pick, *source).value();
  }
  return sum;
}

MetricFamily Connects(const std::vector<const Counters*>& sessions) {
  MetricFamily family =
      Family("sluice_connects_total", "CONNECT packets, by how they ended.",
             MetricType::Counter);
  for (size_t i = 0; i < session::kConnectOutcomes; ++i) {
    const auto outcome = static_cast<ConnectOutcome>(i);
    const session::ConnectLabels labels = session::LabelsOf(outcome);
    family.metric.push_back(
        CounterOf({{"result", labels.result}, {"reason", labels.reason}},
                  Sum(sessions, [outcome](const Counters& c) -> const Counter& {
                    return c.connects[outcome];
                  })));
  }
  return family;
}

MetricFamily SessionEnds(const std::vector<const Counters*>& sessions) {
  MetricFamily family =
      Family("sluice_sessions_ended_total",
             "Clients that were connected and are so no more, by why.",
             MetricType::Counter);
  for (size_t i = 0; i < session::kSessionEnds; ++i) {
    const auto end = static_cast<SessionEnd>(i);
    family.metric.push_back(
        CounterOf({{"reason", session::SessionEndName(end)}},
                  Sum(sessions, [end](const Counters& c) -> const Counter& {
                    return c.ends[end];
                  })));
  }
  return family;
}

MetricFamily RuleDenials(const std::vector<const Counters*>& sessions) {
  MetricFamily family =
      Family("sluice_rule_denials_total",
             "What a rule stood against: enforced, or in shadow and let pass.",
             MetricType::Counter);
  const auto add = [&](const char* name, RuleMode mode) {
    family.metric.push_back(
        CounterOf({{"mode", name}},
                  Sum(sessions, [mode](const Counters& c) -> const Counter& {
                    return c.rule_denials[mode];
                  })));
  };
  add("enforce", RuleMode::kEnforce);
  add("shadow", RuleMode::kShadow);
  return family;
}

MetricFamily Packets(const std::vector<const Counters*>& sessions) {
  MetricFamily family =
      Family("sluice_packets_total",
             "MQTT control packets received, by sender.", MetricType::Counter);
  for (size_t d = 0; d < session::kDirections; ++d) {
    const auto direction = static_cast<Direction>(d);
    for (size_t t = 1; t < session::kPacketTypes; ++t) {
      const auto type = static_cast<mqtt::PacketType>(t);
      family.metric.push_back(CounterOf(
          {{"direction", session::DirectionName(direction)},
           {"type", absl::AsciiStrToLower(mqtt::PacketTypeName(type))}},
          Sum(sessions, [direction, type](const Counters& c) -> const Counter& {
            return c.packets[direction][type];
          })));
    }
  }
  return family;
}

MetricFamily Bytes(const std::vector<const LoopStats*>& loops) {
  MetricFamily family =
      Family("sluice_bytes_total", "MQTT bytes received, by sender.",
             MetricType::Counter);
  for (size_t d = 0; d < session::kDirections; ++d) {
    const auto direction = static_cast<Direction>(d);
    family.metric.push_back(
        CounterOf({{"direction", session::DirectionName(direction)}},
                  Sum(loops, [direction](const LoopStats& s) -> const Counter& {
                    return s.bytes[direction];
                  })));
  }
  return family;
}

MetricFamily Decisions(const std::vector<const Counters*>& sessions) {
  MetricFamily family =
      Family("sluice_decisions_total",
             "Decisions about what clients want, by kind and by how they went.",
             MetricType::Counter);
  for (size_t a = 0; a < session::kActions; ++a) {
    const auto action = static_cast<Action>(a);
    for (size_t v = 0; v < session::kVerdicts; ++v) {
      const auto verdict = static_cast<Verdict>(v);
      family.metric.push_back(CounterOf(
          {{"action", session::ActionName(action)},
           {"result", session::VerdictName(verdict)}},
          Sum(sessions, [action, verdict](const Counters& c) -> const Counter& {
            return c.decisions[action][verdict];
          })));
    }
  }
  return family;
}

// The sum of what `gauge` points to in each of `loops`.
MetricFamily Gauge(const char* name, const char* help,
                   const std::vector<const LoopStats*>& loops,
                   std::atomic<size_t> LoopStats::*gauge) {
  size_t sum = 0;
  for (const LoopStats* loop : loops) sum += loop->*gauge;
  return SingleGauge(name, help, static_cast<double>(sum));
}

MetricFamily Connections(const std::vector<const LoopStats*>& loops) {
  int64_t open = 0;
  for (const LoopStats* loop : loops) open += loop->connections();
  return SingleGauge("sluice_connections", "Client connections that are open.",
                     static_cast<double>(open));
}

struct Refusal {
  const char* reason;
  Counter LoopStats::*counter;
};

constexpr Refusal kRefusals[] = {
    {"max_connections", &LoopStats::refused_max_connections},
    {"connections_per_second", &LoopStats::refused_rate},
    {"denials_per_second", &LoopStats::refused_denials},
    {"max_pending_connections", &LoopStats::refused_pending},
    {"max_anonymous_connections", &LoopStats::refused_anonymous},
    {"held_bytes", &LoopStats::refused_held_bytes},
};

MetricFamily RefusedConnections(const std::vector<const LoopStats*>& loops) {
  MetricFamily family =
      Family("sluice_connections_refused_total",
             "Client connections closed over a limit.", MetricType::Counter);
  for (const Refusal& refusal : kRefusals) {
    family.metric.push_back(
        CounterOf({{"reason", refusal.reason}}, Sum(loops, refusal.counter)));
  }
  return family;
}

MetricFamily Certificates(const std::vector<CertificateExpiry>& certificates) {
  MetricFamily family = Family(
      "sluice_certificate_not_after_seconds",
      "When the listener's certificate, or what policy.tls has, expires: "
      "of a chain the first, of CAs the last. Unix time.",
      MetricType::Gauge);
  for (const CertificateExpiry& certificate : certificates) {
    ClientMetric& metric = family.metric.emplace_back();
    if (certificate.listener.empty()) {
      metric.label = {{"of", certificate.of}};
    } else {
      metric.label = {{"listener", certificate.listener}};
    }
    metric.gauge.value =
        static_cast<double>(absl::ToUnixSeconds(certificate.not_after));
  }
  return family;
}

}  // namespace

std::vector<MetricFamily> Metrics::Collect() const {
  const auto& sessions = sources_.sessions;
  const auto& loops = sources_.loops;
  const auto total = [&loops](const char* name, const char* help,
                              Counter LoopStats::*counter) {
    return SingleCounter(name, help, Sum(loops, counter));
  };
  std::vector<const DurationHistogram*> handshakes;
  handshakes.reserve(loops.size());
  for (const LoopStats* loop : loops) handshakes.push_back(&loop->handshakes);

  std::vector<MetricFamily> families = ProcessMetrics(sources_.start_time);
  families.push_back(BuildInfo("sluice_build_info"));
  families.push_back(Connections(loops));
  families.push_back(
      Gauge("sluice_connections_pending",
            "Client connections that are open and not let in yet.", loops,
            &LoopStats::pending));
  families.push_back(
      Gauge("sluice_connections_anonymous",
            "Client connections that were let in without a token.", loops,
            &LoopStats::anonymous));
  families.push_back(RefusedConnections(loops));
  families.push_back(total("sluice_accept_failures_total",
                           "Clients that could not be accepted.",
                           &LoopStats::accept_failures));
  families.push_back(Connects(sessions));
  families.push_back(SessionEnds(sessions));
  families.push_back(Packets(sessions));
  families.push_back(Bytes(loops));
  families.push_back(Decisions(sessions));
  families.push_back(SingleHistogram("sluice_policy_request_duration_seconds",
                                     "Time to an answer of the policy service.",
                                     sources_.policy_requests));
  families.push_back(
      SingleHistogram("sluice_tls_handshake_duration_seconds",
                      "Time from accept to the end of a TLS handshake "
                      "that succeeded.",
                      handshakes));
  families.push_back(total("sluice_tls_handshakes_resumed_total",
                           "TLS handshakes that resumed a session.",
                           &LoopStats::handshakes_resumed));
  families.push_back(total("sluice_tls_handshakes_failed_total",
                           "TLS handshakes that failed or took too long.",
                           &LoopStats::handshakes_failed));
  families.push_back(total("sluice_forwarded_bytes_copied_total",
                           "Bytes of packets that pass unchanged which had to "
                           "be copied, for a peer did not take them at once.",
                           &LoopStats::forwarded_bytes_copied));
  families.push_back(SingleCounter(
      "sluice_revocations_total",
      "Revocations received from the policy service, those that it repeats "
      "after an outage included.",
      sources_.policy_watch->revocations));
  families.push_back(SingleCounter("sluice_sessions_revoked_total",
                                   "Live sessions that a revocation ended.",
                                   Sum(sessions, &Counters::revoked)));
  families.push_back(RuleDenials(sessions));
  families.push_back(SingleCounter(
      "sluice_denials_unrecorded_total",
      "Denials without a line in the log and in the audit log, as their "
      "connection had too many.",
      Sum(sessions, &Counters::denials_unrecorded)));
  families.push_back(SingleCounter(
      "sluice_subscriptions_unrecorded_total",
      "Subscriptions that were made without a line in the audit log, as their "
      "connection had too many.",
      Sum(sessions, &Counters::subscriptions_unrecorded)));
  families.push_back(Flag("sluice_policy_watch_connected",
                          "Whether the policy service is listened to: 1 or 0.",
                          sources_.policy_watch->watching));
  families.push_back(
      Flag("sluice_ready",
           "Whether clients can be served, as /readyz has it: 1 or 0.",
           sources_.is_ready != nullptr && sources_.is_ready()));
  if (sources_.certificates != nullptr) {
    families.push_back(Certificates(sources_.certificates()));
  }
  families.push_back(
      SingleCounter("sluice_audit_dropped_total",
                    "Lines of the audit log that could not be written.",
                    ValueOf(sources_.audit_dropped)));
  families.push_back(SingleCounter(
      "sluice_log_dropped_total", "Lines of the log that could not be written.",
      sources_.log == nullptr ? 0 : sources_.log->dropped()));
  families.push_back(SingleCounter(
      "sluice_log_suppressed_total",
      "Lines of the log about failed handshakes, clients that are refused or "
      "have no token, and of gRPC, that were left out, as there were too many.",
      sources_.log_suppressed == nullptr ? 0 : sources_.log_suppressed()));
  return families;
}

std::string Metrics::Text() const { return MetricsText(Collect()); }

}  // namespace sluice::server
