#include "policy/server/policy_server.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "policy/server/changed_fields.h"
#include "policy/server/grpc_log.h"
#include "policy/server/reflection_guard.h"
#include "policy/server/unix_socket.h"

namespace sluice::policy {
namespace {

// Proxies ping an idle connection to notice a dead server; gRPC takes more than
// a ping in five minutes for an attack unless told otherwise.
constexpr int kMinPingIntervalMs = 10'000;
// This service pings them as well: of one whose host has vanished nothing else
// tells it for hours.
constexpr int kPingIntervalMs = 20'000;
constexpr int kPingTimeoutMs = 5'000;
// For TLS and the first HTTP/2 frame; gRPC would wait for two minutes.
constexpr int kHandshakeTimeoutMs = 10'000;

// For calls that wait for the store: what proxies ask never keeps operators
// waiting. Of SQLite and etcd one call takes about a millisecond.
constexpr size_t kProxyThreads = 16;
constexpr size_t kOperatorThreads = 4;

bool MayWait(const StoreOptions& store) {
  return store.sqlite_path.has_value() || store.etcd.has_value();
}

// A store in memory has nobody wait, but a call may take a millisecond all the
// same, as with many rules. If all were on gRPC's own threads, none would see
// that another is behind, or too late, and no answer be written meanwhile.
CallPool::Work WorkOf(const StoreOptions& store) {
  return MayWait(store) ? CallPool::Work::kMayWait : CallPool::Work::kComputes;
}

size_t ProxyThreadsFor(const StoreOptions& store) {
  if (MayWait(store)) return kProxyThreads;
  return std::clamp<size_t>(std::thread::hardware_concurrency(), 2,
                            kProxyThreads);
}

size_t OperatorThreadsFor(const StoreOptions& store) {
  return MayWait(store) ? kOperatorThreads : 0;
}

// Empty, and `status` says why, where it cannot be opened.
Store TryOpenStore(const LoadedConfig& config, absl::Status* status) {
  absl::StatusOr<Store> opened = OpenStore(config.store);
  if (opened.ok()) return *std::move(opened);
  *status =
      absl::Status(opened.status().code(),
                   absl::StrCat(config.store_place, opened.status().message()));
  return Store();
}

// Null, and `status` says why, where they cannot be made.
std::unique_ptr<TlsCredentials> TryMakeCredentials(
    const std::optional<TlsConfig>& tls, absl::Status* status) {
  if (!tls.has_value()) return nullptr;
  absl::StatusOr<std::unique_ptr<TlsCredentials>> made =
      TlsCredentials::Create(*tls);
  if (made.ok()) return *std::move(made);
  *status = made.status();
  return nullptr;
}

AccessControl::Reach ReachOf(TlsShape tls,
                             const std::optional<Address>& address) {
  if (tls == TlsShape::kWithClientCa) {
    return AccessControl::Reach::kWithCertificate;
  }
  return address.has_value() && address->is_local()
             ? AccessControl::Reach::kThisHost
             : AccessControl::Reach::kAnywhere;
}

// Process-wide switches of gRPC for the servers built afterwards.
void EnableHealthAndReflection() {
  static const bool kOnce = [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    return true;
  }();
  static_cast<void>(kOnce);
}

}  // namespace

PolicyServer::PolicyServer(LoadedConfig config, Clock clock, Logger* log)
    : listen_address_(config.address),
      tls_shape_(ShapeOf(config.tls)),
      tls_credentials_(TryMakeCredentials(
          std::exchange(config.tls, std::nullopt), &tls_status_)),
      clock_(std::move(clock)),
      access_(ReachOf(tls_shape_, listen_address_), config.access),
      checker_options_(config.checkers),
      checkers_(std::make_unique<Checkers>(checker_options_, clock_)),
      replica_(std::make_shared<Replica>(clock_)),
      hub_(replica_),
      store_options_(config.store),
      store_(TryOpenStore(config, &store_status_)),
      proxy_calls_(ProxyThreadsFor(store_options_), WorkOf(store_options_)),
      operator_calls_(OperatorThreadsFor(store_options_)),
      log_(log),
      decider_source_(std::make_unique<DeciderSource>(
          DeciderSource::Context{
              store_.tokens, store_.facts, replica_, &proxy_calls_,
              checkers_.get(), clock_, log_,
              [this](const absl::Status& status) { OnUnwritten(status); }},
          std::move(config))),
      service_(decider_source_->MakeDeciders(), &access_, &hub_, &proxy_calls_,
               clock_) {
  replica_->SetConfiguration(service_.policy_digest());
  decider_source_->SetListener([this](Deciders deciders) {
    service_.SetDeciders(std::move(deciders));
    // Now that new grants follow from it.
    replica_->SetConfiguration(service_.policy_digest());
  });
  replica_->SetUnreadableListener(
      [log](absl::string_view collection, const absl::Status& problem) {
        log->Error(
            collection == kRules ? "rule_unreadable" : "revocation_unreadable",
            {{"detail", problem.message()}});
      });
  replica_->SetReachListener(
      [this](const absl::Status& reach) { OnStoreReach(reach); });
  replica_->SetIssuerListener(
      [this] { decider_source_->TakeManagedIssuers(); });
  if (store_.resources != nullptr) replica_->Follow(store_.resources.get());
}

PolicyServer::~PolicyServer() {
  Shutdown(absl::ZeroDuration());
  // Both may call back until then, and ask for the tokens.
  store_.resources.reset();
  decider_source_.reset();
  store_ = Store();
}

absl::Status PolicyServer::Listen() {
  if (absl::Status s = CheckStartable(); !s.ok()) return s;
  if (!listen_address_.has_value()) {
    return absl::FailedPreconditionError("no address is configured");
  }
  if (!tls_status_.ok()) return tls_status_;
  const auto failed = [this](absl::string_view reason) {
    return absl::UnavailableError(absl::StrCat(
        "cannot listen on ", listen_address_->ToString(), ": ", reason));
  };
  const bool is_unix = listen_address_->is_unix();
  if (is_unix) {
    absl::Status made_way = RemoveStaleSocket(listen_address_->unix_path);
    if (!made_way.ok()) return failed(made_way.message());
  }
  absl::StatusOr<std::unique_ptr<Acceptor>> acceptor;
  {
    std::optional<ScopedPrivateUmask> umask;
    if (is_unix) umask.emplace();
    acceptor = Acceptor::Listen(*listen_address_);
  }
  if (!acceptor.ok()) return failed(acceptor.status().message());
  acceptor_ = *std::move(acceptor);
  Start();
  if (server_ == nullptr) return failed("gRPC did not start");
  Address bound = *listen_address_;
  if (!is_unix) bound.port = acceptor_->port();
  address_ = bound.ToString();
  return absl::OkStatus();
}

absl::Status PolicyServer::StartInProcess() {
  if (absl::Status s = CheckStartable(); !s.ok()) return s;
  access_.SetReach(AccessControl::Reach::kThisHost);
  Start();
  if (server_ == nullptr) return absl::InternalError("gRPC did not start");
  return absl::OkStatus();
}

std::shared_ptr<grpc::Channel> PolicyServer::InProcessChannel() {
  return server_->InProcessChannel(grpc::ChannelArguments());
}

void PolicyServer::Reload(LoadedConfig config) {
  // Rules mean what clients have to show: an empty list is everybody with a
  // certificate, or nobody, or whoever is on this host. So those of another
  // shape of TLS wait for it.
  if (ShapeOf(config.tls) == tls_shape_) {
    access_.SetRules(config.access);
    hub_.RecheckCallers();
  }
  if (config.tls.has_value()) {
    const absl::Status replaced =
        ReplaceTls(*std::exchange(config.tls, std::nullopt));
    // Another shape needs a restart, as the caller knows.
    if (!replaced.ok() && !absl::IsFailedPrecondition(replaced)) {
      log_->Error("certificates_rejected", {{"detail", replaced.message()}});
    }
  }
  decider_source_->Reload(std::move(config));
  if (admin_ != nullptr) admin_->SetDeclared(decider_source_->declared());
}

absl::Status PolicyServer::ReplaceTls(TlsConfig tls) {
  if (ShapeOf(tls) != tls_shape_) {
    return absl::FailedPreconditionError(
        "whether TLS is spoken, and clients need certificates, changes only "
        "with a restart");
  }
  // An embedded service has none that could not be made.
  return tls_credentials_ == nullptr ? tls_status_
                                     : tls_credentials_->Replace(tls);
}

std::vector<std::string> PolicyServer::FieldsForRestart(
    const LoadedConfig& config) const {
  std::vector<std::string> fields;
  if (!(config.address == listen_address_)) fields.push_back("address");
  if (ShapeOf(config.tls) != tls_shape_) {
    const bool had_tls = tls_shape_ != TlsShape::kNone;
    fields.push_back(config.tls.has_value() == had_tls ? "tls.client_ca"
                                                       : "tls");
    if (!(config.access == access_.rules())) fields.push_back("access");
  }
  for (const std::vector<std::string>& changed :
       {ChangedFields(store_options_, config.store),
        ChangedFields(checker_options_, config.checkers)}) {
    fields.insert(fields.end(), changed.begin(), changed.end());
  }
  return fields;
}

PolicyMetricSources PolicyServer::metric_sources() const {
  PolicyMetricSources sources;
  sources.decisions = &service_.stats();
  sources.proxy_calls = &proxy_calls_;
  sources.operator_calls = &operator_calls_;
  sources.introspection = &decider_source_->introspection_requests();
  sources.jwks = &decider_source_->jwks_requests();
  sources.jwks_failures = &decider_source_->jwks_failures();
  sources.store_losses = &store_losses_;
  sources.store_write_failures = &store_write_failures_;
  sources.proxies_watching = [this] { return hub_.proxies().size(); };
  sources.resources = [this] { return replica_->counts(); };
  sources.is_ready = [this] { return Missing().empty(); };
  sources.is_undecided = [this] { return replica_->is_undecided(); };
  sources.tls = tls_credentials_.get();
  sources.log = log_;
  sources.connections_refused = [this] {
    return callers_refused_ + (acceptor_ == nullptr ? 0 : acceptor_->refused());
  };
  sources.log_suppressed = [this] {
    return ScopedGrpcLog::suppressed() + log_suppressed_ +
           (acceptor_ == nullptr ? 0 : acceptor_->log_suppressed());
  };
  return sources;
}

void PolicyServer::Shutdown(absl::Duration grace) {
  if (server_ == nullptr) return;
  decider_source_->Stop();
  serving_status_.Stop();
  if (acceptor_ != nullptr) acceptor_->Stop();
  hub_.Close();
  replica_->EndWaits();
  standing_streams_.End();
  server_->Shutdown(std::chrono::system_clock::now() +
                    absl::ToChronoMilliseconds(grace));
  server_->Wait();
  server_.reset();
  if (log_ == nullptr) return;
  refused_callers_.TellRest(*log_);
  unwritten_.TellRest(*log_);
}

void PolicyServer::Start() {
  const bool listens = acceptor_ != nullptr;
  EnableHealthAndReflection();
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(PolicyService::kMaxRequestBytes);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
      kMinPingIntervalMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kPingIntervalMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_SENT_PING_INTERVAL_WITHOUT_DATA_MS, kPingIntervalMs);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             kHandshakeTimeoutMs);
  std::vector<
      std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>>
      interceptors;
  interceptors.push_back(std::make_unique<ReflectionGuard>(&access_));
  interceptors.push_back(standing_streams_.MakeInterceptorFactory());
  builder.experimental().SetInterceptorCreators(std::move(interceptors));
  std::unique_ptr<Acceptor::Sink> sink;
  if (listens) {
    std::shared_ptr<grpc::ServerCredentials> credentials =
        tls_credentials_ == nullptr
            ? grpc::InsecureServerCredentials()
            : tls_credentials_->ForServer(&access_,
                                          [this](const CallerNames& caller) {
                                            OnCallerRefused(caller);
                                          });
    using Type = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
    sink = builder.experimental().AddExternalConnectionAcceptor(
        Type::FROM_FD, std::move(credentials));
  }
  std::vector<std::string> names = {v1::PolicyService::service_full_name()};
  builder.RegisterService(&service_);
  if (listens) {
    admin_ = std::make_unique<AdminServices>(AdminServices::Context{
        store_.resources.get(), replica_.get(), &hub_, &access_, clock_,
        store_.tokens.get(), checkers_.get(),
        [this] { return service_.deciders(); }, &operator_calls_, log_,
        [this](const absl::Status& status) { OnWriteFailure(status); }});
    admin_->SetDeclared(decider_source_->declared());
    for (grpc::Service* service : admin_->services()) {
      builder.RegisterService(service);
    }
    for (const std::string& name : admin_->names()) names.push_back(name);
  }
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) return;
  if (listens) acceptor_->Start(std::move(sink), log_);
  serving_status_.Tell(server_->GetHealthCheckService(), std::move(names));
  decider_source_->Start();
}

void PolicyServer::OnStoreReach(const absl::Status& reach) {
  const bool first = !store_was_reached_;
  store_was_reached_ = store_was_reached_ || reach.ok();
  serving_status_.Set(reach.ok());
  if (!reach.ok()) ++store_losses_;
  if (!reach.ok()) {
    log_->Error("store_unreachable", {{"detail", reach.message()}});
  } else if (!first) {
    log_->Info("store_reachable");
  }
}

void PolicyServer::OnWriteFailure(const absl::Status& status) {
  ++store_write_failures_;
  log_->Error("store_write_failed", {{"detail", status.message()}});
}

void PolicyServer::OnUnwritten(const absl::Status& status) {
  if (log_ == nullptr || !unwritten_.Take(absl::Now(), *log_)) return;
  log_->Warning("token_not_kept", {{"detail", status.message()}});
}

void PolicyServer::OnCallerRefused(const CallerNames& caller) {
  ++callers_refused_;
  if (!refused_callers_.Take(absl::Now(), *log_)) return;
  log_->Warning("connection_refused",
                {{"caller", absl::StrJoin(caller, " ")},
                 {"detail", "access has none of the certificate's names"}});
}

absl::Status PolicyServer::CheckStartable() const {
  if (server_ == nullptr) return store_status_;
  return absl::FailedPreconditionError("the server has been started");
}

}  // namespace sluice::policy
