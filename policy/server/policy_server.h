#ifndef POLICY_SERVER_POLICY_SERVER_H_
#define POLICY_SERVER_POLICY_SERVER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "policy/admin/admin_services.h"
#include "policy/server/acceptor.h"
#include "policy/server/config.h"
#include "policy/server/decider_source.h"
#include "policy/server/policy_metrics.h"
#include "policy/server/serving_status.h"
#include "policy/server/standing_streams.h"
#include "policy/server/tls_config.h"
#include "policy/server/tls_credentials.h"
#include "policy/service/access_control.h"
#include "policy/service/call_pool.h"
#include "policy/service/checker_options.h"
#include "policy/service/checkers.h"
#include "policy/service/policy_service.h"
#include "policy/service/replica.h"
#include "policy/service/watch_hub.h"
#include "policy/store/store.h"
#include "proxy/base/clock.h"
#include "proxy/base/limited_event.h"
#include "proxy/base/log.h"

namespace sluice::policy {

// The policy service with everything it needs, hosted in one of two ways:
//
//   Listen()          serves the configured address: sluice-policy;
//   StartInProcess()  opens no socket, and is reached by InProcessChannel()
//                     only: embedded in sluice-proxy.
//
// Both serve PolicyService, with the standard health service and, for who may
// manage, server reflection; Listen() serves those of sluice.admin.v1 as well.
// Call one of the two, once. Not thread-safe, but for InProcessChannel() after
// the start; what is served is.
class PolicyServer {
 public:
  // Opens the store; where that fails, the start fails. The clock is read once
  // a request, from gRPC's threads. `log`, which outlives the server, hears of
  // the issuers' keys, and of stored rules that cannot be read.
  PolicyServer(LoadedConfig config, Clock clock, Logger* log);
  // Without Shutdown(): cancels what is under way.
  ~PolicyServer();
  PolicyServer(const PolicyServer&) = delete;
  PolicyServer& operator=(const PolicyServer&) = delete;

  // Starts serving the configuration's address, over TLS where it says so.
  // Fails when there is no address, or it is in use or cannot be bound, or when
  // the store could not be opened. A socket file that nobody serves is
  // replaced; the new one is for this user only, and goes away with the server.
  absl::Status Listen();

  // Starts serving this process only; address and TLS of the configuration are
  // not used. Fails when the store could not be opened.
  absl::Status StartInProcess();

  // A channel to this server that crosses no socket. It must be gone before the
  // server is.
  std::shared_ptr<grpc::Channel> InProcessChannel();

  // Where Listen() listens, the port resolved: "127.0.0.1:50051" or
  // "unix:PATH".
  const std::string& address() const { return address_; }

  // Serves issuers, keys, public topics and access rules of `config` from now
  // on, and new connections with its certificates. Stored tokens stay. Address,
  // store and whether TLS is spoken, and with certificates of clients, stay as
  // they are, and with another such TLS the access rules too: see
  // FieldsForRestart().
  void Reload(LoadedConfig config);

  // Takes over certificates, key and client CA for connections that begin a
  // second later; those that there are go on. Fails, and changes nothing, where
  // the server has no TLS, where it is not to ask clients for certificates any
  // more, or begin to (FailedPrecondition), or where the process can have no
  // more files. Any thread, but one at a time, Reload() included.
  absl::Status ReplaceTls(TlsConfig tls);

  // The fields, as paths, in which `config` differs from the running
  // configuration and which Reload() does not change.
  std::vector<std::string> FieldsForRestart(const LoadedConfig& config) const;

  // What keeps it from serving, which is a store out of reach, a line each;
  // empty: nothing. It may decide nothing all the same, as Replica says. Any
  // thread.
  std::string Missing() const { return serving_status_.Missing(); }

  // What there is to tell of it, for as long as it lives.
  PolicyMetricSources metric_sources() const;

  // Refuses new calls, lets those under way finish for at most `grace`, then
  // cancels them. Blocks until all is done.
  void Shutdown(absl::Duration grace);

 private:
  // Builds and starts the gRPC server, which is null on failure: for what
  // acceptor_ accepts, where there is one.
  void Start();
  // Says who was refused for a certificate that names nobody. Any thread.
  void OnCallerRefused(const CallerNames& caller);
  // Whether it may be started.
  absl::Status CheckStartable() const;

  // The store's calls come one after the other.
  void OnStoreReach(const absl::Status& reach);
  // What operators changed could not be written. Any thread.
  void OnWriteFailure(const absl::Status& status);
  // What a grant does not rest on could not be. Any thread.
  void OnUnwritten(const absl::Status& status);

  const std::optional<Address> listen_address_;
  const TlsShape tls_shape_;
  absl::Status tls_status_;  // of making the credentials
  // Null without TLS, and where they could not be made.
  const std::unique_ptr<TlsCredentials> tls_credentials_;
  const Clock clock_;
  AccessControl access_;
  StandingStreams standing_streams_;
  const std::vector<CheckerOptions> checker_options_;
  const std::unique_ptr<Checkers> checkers_;
  // What operators manage, and who is told of it. All outlive the store, and
  // all else here is there while the store can tell of changes.
  ServingStatus serving_status_;
  bool store_was_reached_ = false;  // of OnStoreReach()
  std::atomic<uint64_t> store_losses_{0};
  std::atomic<uint64_t> store_write_failures_{0};
  std::atomic<uint64_t> callers_refused_{0};
  std::atomic<uint64_t> log_suppressed_{0};
  LimitedEvent refused_callers_{"connection_refused", &log_suppressed_};
  LimitedEvent unwritten_{"token_not_kept", &log_suppressed_};
  const std::shared_ptr<Replica> replica_;
  WatchHub hub_;
  const StoreOptions store_options_;
  absl::Status store_status_;  // of opening the store
  // Empty only where it could not be opened, and then nothing is served.
  Store store_;
  // After all that uses them has gone.
  CallPool proxy_calls_;
  CallPool operator_calls_;
  Logger* const log_;
  std::unique_ptr<DeciderSource> decider_source_;  // goes before service_
  PolicyService service_;
  std::unique_ptr<AdminServices> admin_;  // null unless it listens
  std::string address_;
  std::unique_ptr<grpc::Server> server_;  // uses the services
  std::unique_ptr<Acceptor> acceptor_;    // null unless it listens
};

}  // namespace sluice::policy

#endif  // POLICY_SERVER_POLICY_SERVER_H_
