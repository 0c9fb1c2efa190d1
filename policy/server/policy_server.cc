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
#include "policy/http/http_client.h"
#include "policy/server/changed_fields.h"
#include "policy/server/grpc_log.h"
#include "policy/server/issuer_config.h"
#include "policy/server/reflection_guard.h"
#include "policy/server/unix_socket.h"
#include "policy/service/authenticator.h"
#include "policy/service/managed_issuers.h"

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
Store TryOpenStore(const StoreOptions& options, absl::Status* status) {
  absl::StatusOr<Store> opened = OpenStore(options);
  if (opened.ok()) return *std::move(opened);
  *status = absl::Status(
      opened.status().code(),
      absl::StrCat("cannot use the store: ", opened.status().message()));
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
                             const std::optional<ListenAddress>& address) {
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

PolicyServer::PolicyServer(LoadedConfig config, PolicyService::Clock clock,
                           Logger* log)
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
      store_(TryOpenStore(store_options_, &store_status_)),
      proxy_calls_(ProxyThreadsFor(store_options_), WorkOf(store_options_)),
      operator_calls_(OperatorThreadsFor(store_options_)),
      known_keys_(std::make_shared<StoredKeys>(store_.tokens)),
      log_(log),
      service_(Configure(std::move(config)), &access_, &hub_, &proxy_calls_,
               clock_) {
  replica_->SetConfiguration(service_.policy_digest());
  if (log_ != nullptr) {
    replica_->SetUnreadableListener(
        [log](absl::string_view collection, const absl::Status& problem) {
          log->Error(collection == kRules ? "rule_unreadable"
                                          : "revocation_unreadable",
                     {{"detail", problem.message()}});
        });
  }
  replica_->SetReachListener(
      [this](const absl::Status& reach) { OnStoreReach(reach); });
  replica_->SetIssuerListener([this] { TakeManagedIssuers(); });
  if (store_.resources != nullptr) replica_->Follow(store_.resources.get());
}

PolicyServer::~PolicyServer() {
  Shutdown(absl::ZeroDuration());
  // Both may call back until then, and ask for the tokens.
  store_.resources.reset();
  http_.reset();
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
  address_ = is_unix
                 ? listen_address_->ToString()
                 : absl::StrCat(listen_address_->host, ":", acceptor_->port());
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
    if (!replaced.ok() && !absl::IsFailedPrecondition(replaced) &&
        log_ != nullptr) {
      log_->Error("certificates_rejected", {{"detail", replaced.message()}});
    }
  }
  {
    std::lock_guard<std::mutex> lock(keys_mutex_);
    DecideWith(Configure(std::move(config)));
    DeclareToOperators();
  }
  ReadKeys();
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
  sources.introspection = &introspection_requests_;
  sources.jwks = &jwks_requests_;
  sources.jwks_failures = &jwks_failures_;
  sources.store_losses = &store_losses_;
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
  std::unique_ptr<WakeupThread> reading;
  {
    const std::lock_guard<std::mutex> lock(keys_mutex_);
    running_ = false;
    reading.swap(reading_);
  }
  reading.reset();
  serving_status_.Stop();
  if (acceptor_ != nullptr) acceptor_->Stop();
  hub_.Close();
  replica_->EndWaits();
  server_->Shutdown(std::chrono::system_clock::now() +
                    absl::ToChronoMilliseconds(grace));
  server_->Wait();
  server_.reset();
  if (log_ != nullptr) refused_callers_.TellRest(*log_);
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
        [this] { return service_.deciders(); }, &operator_calls_, log_});
    {
      const std::lock_guard<std::mutex> lock(keys_mutex_);
      DeclareToOperators();
    }
    for (grpc::Service* service : admin_->services()) {
      builder.RegisterService(service);
    }
    for (const std::string& name : admin_->names()) names.push_back(name);
  }
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) return;
  if (listens) acceptor_->Start(std::move(sink), log_);
  serving_status_.Tell(server_->GetHealthCheckService(), std::move(names));
  {
    const std::lock_guard<std::mutex> lock(keys_mutex_);
    running_ = true;
  }
  ReadKeys();
}

Deciders PolicyServer::Configure(LoadedConfig config) {
  jwks_sources_ = std::move(config.issuer_settings.jwks);
  verifier_ = config.verifier.WithKnownKeys(known_keys_);
  public_topics_ = std::move(config.public_topics);
  Introspector::Options introspection{
      *verifier_, std::move(config.issuer_settings.introspection)};
  if (introspection.endpoints.empty()) {
    introspector_.reset();
  } else if (introspector_ == nullptr ||
             !introspector_->IsMadeOf(introspection)) {
    // Else it goes on: all sessions with references would be asked about anew.
    introspector_ = std::make_shared<Introspector>(std::move(introspection),
                                                   IntrospectionHttp(), clock_);
  }
  return MakeDeciders();
}

http::HttpClientInterface* PolicyServer::IntrospectionHttp() {
  StartHttp();
  return introspection_http_.get();
}

http::HttpClientInterface* PolicyServer::JwksHttp() {
  StartHttp();
  return jwks_http_.get();
}

void PolicyServer::StartHttp() {
  if (http_ != nullptr) return;
  http_ = std::make_unique<http::HttpClient>();
  introspection_http_ = std::make_unique<http::CountedHttpClient>(
      http_.get(), &introspection_requests_);
  jwks_http_ =
      std::make_unique<http::CountedHttpClient>(http_.get(), &jwks_requests_);
}

Deciders PolicyServer::MakeDeciders() {
  ace::TokenVerifier::Options options = verifier_->options();
  std::vector<JwksSource> sources = jwks_sources_;
  std::set<std::string> draft01;
  for (ManagedIssuer& managed : replica_->issuers()) {
    // What the configuration declares counts in its place.
    if (ace::FindIssuer(verifier_->issuers(), managed.issuer.name) != nullptr) {
      continue;
    }
    if (managed.issuer.profile == ace::Profile::kDraft01) {
      draft01.insert(managed.issuer.name);
    }
    options.issuers.push_back(std::move(managed.issuer));
    if (managed.source.has_value()) {
      sources.push_back(*std::move(managed.source));
    }
  }
  WarnOfDraft01(std::move(draft01));
  if (fetcher_ == nullptr && !sources.empty()) {
    JwksObserverInterface* const observer = this;
    fetcher_ = std::make_shared<JwksFetcher>(JwksHttp(), observer, clock_);
  }
  if (fetcher_ != nullptr) fetcher_->SetSources(std::move(sources));
  for (ace::Issuer& issuer : options.issuers) {
    if (issuer.key_source != ace::KeySource::kPending) continue;
    std::optional<ace::JwkSet> keys = fetcher_->Keys(issuer.name);
    if (!keys.has_value()) continue;
    issuer.keys = *std::move(keys);
    issuer.key_source = ace::KeySource::kFetched;
  }
  // Each issuer has passed alone, and no name occurs twice.
  absl::StatusOr<ace::TokenVerifier> verifier =
      ace::TokenVerifier::Create(std::move(options));
  if (!verifier.ok() && log_ != nullptr) {
    log_->Error("issuers_unusable",
                {{"detail", absl::StrCat("managed issuers do not count: ",
                                         verifier.status().message())}});
  }
  return {std::make_shared<const Authenticator>(
              verifier.ok() ? *std::move(verifier) : *verifier_, public_topics_,
              store_.tokens, replica_),
          introspector_, fetcher_, checkers_.get()};
}

void PolicyServer::WarnOfDraft01(std::set<std::string> issuers) {
  draft01_issuers_.swap(issuers);
  if (log_ == nullptr) return;
  for (const std::string& issuer : draft01_issuers_) {
    if (issuers.count(issuer) != 0) continue;
    log_->Warning(
        "issuer_warning",
        {{"resource", absl::StrCat(kIssuers, "/", IdOfIssuer(issuer))},
         {"detail", Draft01Warning(issuer)}});
  }
}

void PolicyServer::TakeManagedIssuers() {
  {
    const std::lock_guard<std::mutex> lock(keys_mutex_);
    DecideWith(MakeDeciders());
  }
  ReadKeys();
  if (log_ == nullptr) return;
  for (const std::string& id : replica_->unreadable_issuers()) {
    log_->Error("issuer_unreadable",
                {{"resource", absl::StrCat(kIssuers, "/", id)}});
  }
}

void PolicyServer::DeclareToOperators() {
  if (admin_ == nullptr) return;
  admin_->SetDeclared({public_topics_, verifier_->issuers(), jwks_sources_});
}

void PolicyServer::DecideWith(Deciders deciders) {
  service_.SetDeciders(std::move(deciders));
  // Now that new grants follow from it.
  replica_->SetConfiguration(service_.policy_digest());
}

void PolicyServer::ReadKeys() {
  const std::lock_guard<std::mutex> lock(keys_mutex_);
  if (!running_) return;
  if (reading_ != nullptr) {
    reading_->Wake();
  } else if (fetcher_ != nullptr && fetcher_->has_sources()) {
    reading_ = std::make_unique<WakeupThread>(
        [fetcher = fetcher_] { return fetcher->Poll(); });
  }
}

void PolicyServer::OnKeys(const std::string& issuer, const ace::JwkSet& keys) {
  {
    std::lock_guard<std::mutex> lock(keys_mutex_);
    DecideWith(MakeDeciders());
  }
  if (log_ == nullptr) return;
  log_->Info("jwks_read", {{"issuer", issuer},
                           {"keys", keys.keys().size()},
                           {"skipped", keys.skipped_count()}});
  for (const std::string& skipped : keys.skipped()) {
    log_->Warning("jwks_key_skipped",
                  {{"issuer", issuer}, {"detail", skipped}});
  }
}

void PolicyServer::OnFailure(const std::string& issuer,
                             absl::string_view reason) {
  ++jwks_failures_;
  if (log_ == nullptr) return;
  log_->Warning("jwks_failed", {{"issuer", issuer}, {"detail", reason}});
}

void PolicyServer::OnStoreReach(const absl::Status& reach) {
  const bool first = !store_was_reached_;
  store_was_reached_ = store_was_reached_ || reach.ok();
  serving_status_.Set(reach.ok());
  if (!reach.ok()) ++store_losses_;
  if (log_ == nullptr) return;
  if (!reach.ok()) {
    log_->Error("store_unreachable", {{"detail", reach.message()}});
  } else if (!first) {
    log_->Info("store_reachable");
  }
}

void PolicyServer::OnCallerRefused(const CallerNames& caller) {
  ++callers_refused_;
  if (log_ == nullptr || !refused_callers_.Take(absl::Now(), *log_)) return;
  log_->Warning("connection_refused",
                {{"caller", absl::StrJoin(caller, " ")},
                 {"detail", "access has none of the certificate's names"}});
}

absl::Status PolicyServer::CheckStartable() const {
  if (server_ == nullptr) return store_status_;
  return absl::FailedPreconditionError("the server has been started");
}

}  // namespace sluice::policy
