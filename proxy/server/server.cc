#include "proxy/server/server.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpcpp/channel.h"
#include "policy/server/grpc_log.h"
#include "proxy/base/config_log.h"
#include "proxy/base/secret_string.h"
#include "proxy/server/certificate_expiry.h"
#include "proxy/server/connection_bounds.h"
#include "proxy/server/listener_settings.h"
#include "proxy/server/reload.h"

namespace sluice::server {

using ::sluice::policy::PolicyServer;
using ::sluice::policy_client::ChannelKeeper;
using ::sluice::policy_client::PolicyClient;

namespace {

// Of certificates that are not valid for long: who watches the log, and nothing
// else, hears of them in time.
constexpr absl::Duration kRemindOfCertificates = absl::Hours(24);

// For the policy service, before clients are served.
constexpr absl::Duration kLongestWaitForPolicy = absl::Seconds(2);

// Null where `config` has none of that name.
const MqttListenerConfig* FindListener(const Config& config,
                                       absl::string_view name) {
  for (const MqttListenerConfig& listener : config.listeners) {
    if (listener.name == name) return &listener;
  }
  return nullptr;
}

}  // namespace

Server::Server(Config config, Logger* logger)
    : logger_(*logger),
      config_(std::move(config)),
      name_(NewProxyName()),
      event_logger_(logger),
      certificates_(logger) {}

Server::~Server() = default;

absl::StatusOr<std::unique_ptr<Server>> Server::Start(Config config,
                                                      Logger* logger) {
  std::unique_ptr<Server> server(new Server(std::move(config), logger));
  if (absl::Status s = server->OpenAuditLog(); !s.ok()) return s;
  if (absl::Status s = server->StartPolicy(); !s.ok()) return s;
  std::vector<FileWatcher::State> certificates =
      FileWatcher::Look(ListenerCertificates::Files(server->config_));
  if (absl::Status s = server->StartListeners(); !s.ok()) return s;
  if (absl::Status s = server->StartAdmin(); !s.ok()) return s;
  server->FollowPolicy();
  server->pool_->Start();
  server->serving_ = server->config_;
  // From now on only that one counts.
  server->config_.upstream.password = SecretString();
  server->config_.ace.as_hint.cnonce_key = SecretString();
  for (const MqttListenerConfig& listener : server->config_.listeners) {
    server->certificates_.Remember(listener);
  }
  server->WatchCertificates(std::move(certificates));
  server->certificate_reminder_ = std::make_unique<Reminder>(
      kRemindOfCertificates,
      [self = server.get()] { self->RemindOfCertificates(); });
  server->readiness_->SetListening(true);
  return server;
}

absl::Status Server::OpenAuditLog() {
  if (config_.log.audit_file.empty()) return absl::OkStatus();
  auto writer = LineWriter::Open(config_.log.audit_file, &logger_);
  if (!writer.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat(config_.log.audit_place, writer.status().message()));
  }
  audit_writer_ = *std::move(writer);
  audit_log_ = std::make_unique<AuditLog>(name_, audit_writer_.get());
  return absl::OkStatus();
}

void Server::ReopenAuditLog() {
  if (audit_writer_ != nullptr) audit_writer_->Reopen();
}

absl::Status Server::StartPolicy() {
  std::shared_ptr<grpc::Channel> channel;
  if (config_.policy.embedded.has_value()) {
    policy_server_ = std::make_unique<PolicyServer>(
        *std::move(config_.policy.embedded), [] { return absl::Now(); },
        &logger_);
    config_.policy.embedded.reset();
    if (absl::Status s = policy_server_->StartInProcess(); !s.ok()) return s;
    channel = policy_server_->InProcessChannel();
  } else {
    if (config_.policy.tls.has_value()) {
      auto tls = PolicyTls::Create(*config_.policy.tls, &logger_);
      if (!tls.ok()) return tls.status();
      policy_tls_ = *std::move(tls);
    }
    channel = policy_client::NewChannel(
        config_.policy.address->ToString(),
        policy_tls_ == nullptr ? nullptr : &policy_tls_->material());
    // It is connected ahead of the first client.
    channel_keeper_ = std::make_unique<ChannelKeeper>(channel);
  }
  policy_channel_ = std::move(channel);
  policy_completions_ = std::make_unique<policy_client::CompletionThread>();
  policy_client_ = std::make_unique<PolicyClient>(
      policy_channel_, policy_completions_.get(), config_.policy.timeout);
  token_rate_limiter_ = std::make_unique<TokenRateLimiter>(
      policy_client_.get(), config_.limits.authz_info_per_second);
  return absl::OkStatus();
}

void Server::FollowPolicy() {
  policy_watch_ = std::make_unique<policy_client::PolicyWatch>(
      policy_channel_, policy_completions_.get(), name_, config_.policy.timeout,
      policy_follower_.get(), &decision_feed_);
  // So that the first clients need not come again; without the service they
  // have to.
  policy_follower_->AwaitWatch(
      std::min(config_.policy.timeout, kLongestWaitForPolicy));
}

std::string Server::PolicyProblem() {
  // A channel within the process has no state to ask for.
  if (!policy_follower_->is_following() ||
      (policy_server_ == nullptr && !policy_client_->IsReady())) {
    return "no answer";
  }
  return policy_follower_->problem();
}

absl::Status Server::StartListeners() {
  transport::WorkerPoolOptions options;
  options.workers = config_.workers;
  options.event_coalescing = config_.event_coalescing;
  options.limits.max_connections = config_.limits.max_connections;
  options.limits.connections_per_second = config_.limits.connections_per_second;
  options.limits.denials_per_second = config_.limits.denials_per_second;
  const uint64_t descriptors = DescriptorLimit();
  if (const std::string warning =
          DescriptorWarning(config_.limits, descriptors);
      !warning.empty()) {
    LogConfigWarnings({warning}, logger_);
  }
  options.limits.max_pending =
      MaxPendingConnections(config_.limits, descriptors);
  options.limits.max_anonymous =
      MaxAnonymousConnections(config_.limits, descriptors);
  options.peers.policy = token_rate_limiter_.get();
  options.peers.observer = &event_logger_;
  options.peers.transport_observer = &event_logger_;
  decision_observer_ =
      std::make_unique<DecisionTee>(audit_log_.get(), &decision_feed_);
  options.peers.decision_observer = decision_observer_.get();
  options.peers.decision_sample = config_.log.audit_sample;
  for (const MqttListenerConfig& listener : config_.listeners) {
    auto transport_config = MakeTransportConfig(config_, listener);
    if (!transport_config.ok()) return transport_config.status();
    options.listeners.push_back(
        {listener.address, *std::move(transport_config)});
  }
  auto pool = transport::WorkerPool::Create(options);
  if (!pool.ok()) return pool.status();
  pool_ = *std::move(pool);
  policy_follower_ = std::make_unique<PolicyFollower>(
      config_.policy.on_outage, pool_.get(), &logger_, [this] {
        return policy_tls_ == nullptr ? "" : policy_tls_->Problem(absl::Now());
      });
  for (size_t i = 0; i < config_.listeners.size(); ++i) {
    listening_.push_back({config_.listeners[i].name, pool_->addresses()[i]});
  }
  return absl::OkStatus();
}

absl::Status Server::StartAdmin() {
  if (config_.admin.has_value()) {
    broker_probe_ = std::make_unique<BrokerProbe>(
        config_.upstream.address, BrokerProbe::Options(), &logger_);
  }
  readiness_ = std::make_unique<Readiness>(Readiness::Checks{
      [this] { return PolicyProblem(); },
      [this] { return broker_probe_ == nullptr || broker_probe_->reachable(); },
  });
  if (!config_.admin.has_value()) return absl::OkStatus();

  MetricSources sources;
  for (const auto& worker : pool_->workers()) {
    sources.sessions.push_back(&worker->counters());
    sources.loops.push_back(&worker->stats());
  }
  sources.policy_requests = {&policy_client_->authenticate_latency(),
                             &policy_client_->store_token_latency(),
                             &policy_client_->pre_shared_key_latency(),
                             &policy_client_->check_latency()};
  sources.policy_watch = &policy_follower_->stats();
  sources.start_time = absl::Now();
  sources.is_ready = [this] { return readiness_->Missing().empty(); };
  sources.certificates = [this] {
    std::vector<CertificateExpiry> expiries = certificates_.Expiries();
    if (policy_tls_ != nullptr) {
      for (CertificateExpiry& expiry : policy_tls_->Expiries()) {
        expiries.push_back(std::move(expiry));
      }
    }
    return expiries;
  };
  sources.log = &logger_;
  sources.log_suppressed = [this] {
    return event_logger_.suppressed() + policy::ScopedGrpcLog::suppressed();
  };
  if (audit_writer_ != nullptr) {
    sources.audit_dropped = &audit_writer_->dropped();
  }
  metrics_ = std::make_unique<Metrics>(std::move(sources));
  auto admin = AdminServer::Start(*config_.admin,
                                  {[this] { return readiness_->Missing(); },
                                   [this] { return metrics_->Text(); }});
  if (!admin.ok()) return admin.status();
  admin_ = *std::move(admin);
  return absl::OkStatus();
}

std::string Server::admin_address() const {
  return admin_ == nullptr ? "" : admin_->address().ToString();
}

absl::StatusOr<size_t> Server::ReconfigureListeners(const Config& config,
                                                    MayStay may_stay) {
  // First all that can fail, then all that changes something.
  struct Change {
    size_t index;
    const MqttListenerConfig& listener;
    std::shared_ptr<const transport::ListenerConfig> config;
  };
  std::vector<Change> changes;
  for (size_t i = 0; i < config_.listeners.size(); ++i) {
    const MqttListenerConfig& listener =
        *FindListener(config, config_.listeners[i].name);
    auto transport_config = MakeTransportConfig(config, listener);
    if (transport_config.ok()) {
      changes.push_back({i, listener, *std::move(transport_config)});
    } else if (may_stay(listener)) {
      logger_.Error("certificates_rejected",
                    {{"listener", listener.name},
                     {"detail", transport_config.status().message()}});
    } else {
      return transport_config.status();
    }
  }
  for (const Change& change : changes) {
    pool_->Reconfigure(change.index, change.config);
    certificates_.Remember(change.listener);
  }
  return changes.size();
}

void Server::WatchCertificates(std::vector<FileWatcher::State> known) {
  FileWatcher::Options options;
  options.known = std::move(known);
  options.files = ListenerCertificates::Files(serving_);
  options.on_change = [this] { ReloadCertificates(); };
  certificate_watcher_ = std::make_unique<FileWatcher>(std::move(options));
}

void Server::ReloadCertificates() {
  std::lock_guard<std::mutex> lock(reload_mutex_);
  // What cannot be used of one is no reason to keep the others' old ones.
  const absl::StatusOr<size_t> reloaded = ReconfigureListeners(
      serving_, [](const MqttListenerConfig&) { return true; });
  if (*reloaded == 0) return;
  logger_.Info("certificates_reloaded");
  certificates_.WarnOfValidity(absl::Now());
}

void Server::RemindOfCertificates() {
  const absl::Time now = absl::Now();
  if (policy_tls_ != nullptr) policy_tls_->WarnOfValidity(now);
  certificates_.WarnOfValidity(now);
}

absl::Status Server::Reload(Config config) {
  std::lock_guard<std::mutex> lock(reload_mutex_);
  const std::vector<std::string> kept = KeepListeners(&config);
  std::vector<FileWatcher::State> certificates =
      FileWatcher::Look(ListenerCertificates::Files(config));
  const absl::StatusOr<size_t> reconfigured =
      ReconfigureListeners(config, [&kept](const MqttListenerConfig& listener) {
        return absl::c_linear_search(kept, listener.name);
      });
  if (!reconfigured.ok()) return reconfigured.status();
  logger_.SetLevel(config.log.level);
  config_.drain_time = config.drain_time;
  if (broker_probe_ != nullptr) {
    broker_probe_->SetAddress(config.upstream.address);
  }
  if (policy_server_ != nullptr && config.policy.embedded.has_value()) {
    LogNeedsRestart("policy.embedded: ",
                    policy_server_->FieldsForRestart(*config.policy.embedded),
                    logger_);
    policy_server_->Reload(*std::move(config.policy.embedded));
  }
  LogNeedsRestart("", FieldsForRestart(config_, config), logger_);
  config.policy.embedded.reset();
  serving_ = std::move(config);
  certificate_watcher_->SetFiles(ListenerCertificates::Files(serving_),
                                 std::move(certificates));
  return absl::OkStatus();
}

std::vector<std::string> Server::KeepListeners(Config* config) const {
  std::vector<std::string> kept;
  for (const MqttListenerConfig& running : config_.listeners) {
    if (FindListener(*config, running.name) != nullptr) continue;
    config->listeners.push_back(*FindListener(serving_, running.name));
    kept.push_back(running.name);
  }
  return kept;
}

bool Server::Drain(absl::Duration grace) {
  readiness_->SetDraining();
  pool_->Drain(config_.drain_time);
  return pool_->WaitUntilIdle(config_.drain_time + grace);
}

}  // namespace sluice::server
