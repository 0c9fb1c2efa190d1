#ifndef PROXY_SERVER_SERVER_H_
#define PROXY_SERVER_SERVER_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "policy/server/policy_server.h"
#include "proxy/admin_http/admin_server.h"
#include "proxy/base/file_watcher.h"
#include "proxy/base/log.h"
#include "proxy/base/reminder.h"
#include "proxy/policy_client/channel_keeper.h"
#include "proxy/policy_client/completion_thread.h"
#include "proxy/policy_client/policy_client.h"
#include "proxy/policy_client/policy_watch.h"
#include "proxy/server/audit_log.h"
#include "proxy/server/broker_probe.h"
#include "proxy/server/config.h"
#include "proxy/server/decision_feed.h"
#include "proxy/server/decision_tee.h"
#include "proxy/server/event_logger.h"
#include "proxy/server/line_writer.h"
#include "proxy/server/listener_certificates.h"
#include "proxy/server/metrics.h"
#include "proxy/server/policy_follower.h"
#include "proxy/server/policy_tls.h"
#include "proxy/server/readiness.h"
#include "proxy/server/token_rate_limiter.h"
#include "proxy/transport/worker_pool.h"

namespace sluice::server {

// The proxy, put together from its configuration: event loops and listeners,
// the way to the policy service or the service itself, admin HTTP. Certificates
// that change on the disk are taken over within seconds. Not thread-safe: one
// thread starts, reloads and ends it.
class Server {
 public:
  // Takes clients when it returns. Fails when an address cannot be bound or a
  // file cannot be used; nothing is left running then. Whether broker and
  // policy service can be reached does not matter here: /readyz tells.
  // `logger` outlives the server.
  static absl::StatusOr<std::unique_ptr<Server>> Start(Config config,
                                                       Logger* logger);
  // Breaks off what Drain() has not ended.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Where it listens, the ports resolved; in the order of the configuration.
  struct Listening {
    std::string name;
    std::string address;
  };
  const std::vector<Listening>& listeners() const { return listening_; }
  // Empty without admin HTTP.
  std::string admin_address() const;

  // Serves the clients that come from now on by `config`, certificates
  // included; those that are there keep what they have. What FieldsForRestart()
  // names stays as it is, and the log says so. On failure nothing changes.
  absl::Status Reload(Config config);
  // Opens the audit log's file by its name again.
  void ReopenAuditLog();

  // Takes no more clients, tells those that are there to leave, spread over the
  // configuration's drain_time, and waits until they have gone, for at most
  // `grace` more. Returns whether all have.
  bool Drain(absl::Duration grace);

 private:
  Server(Config config, Logger* logger);

  absl::Status OpenAuditLog();
  absl::Status StartPolicy();
  using MayStay = absl::FunctionRef<bool(const MqttListenerConfig&)>;
  // Makes the listeners, all of which are in `config`, serve new clients by it,
  // and returns how many do. One whose certificates cannot be used stays as it
  // is, which the log says, where it may; else nothing changes. Under
  // reload_mutex_.
  absl::StatusOr<size_t> ReconfigureListeners(const Config& config,
                                              MayStay may_stay);
  // Lists in `config`, a new one, what of the listeners that are running is not
  // in it, and returns their names: they go on with what they have, until a
  // restart.
  std::vector<std::string> KeepListeners(Config* config) const;
  // As they were when they were read.
  void WatchCertificates(std::vector<FileWatcher::State> known);
  // On the watcher's thread.
  void ReloadCertificates();
  // Says which of all that the proxy uses are not valid for long.
  void RemindOfCertificates();
  void FollowPolicy();
  absl::Status StartListeners();
  absl::Status StartAdmin();
  // Why the policy service would not decide; empty: it would.
  std::string PolicyProblem();

  Logger& logger_;
  // Of the start; of what a reload changes only drain_time is kept up to date.
  Config config_;
  const std::string name_;  // of this process
  EventLogger event_logger_;

  // In the order in which one uses the other; the end comes in reverse.
  std::unique_ptr<LineWriter> audit_writer_;  // where decisions are recorded
  std::unique_ptr<AuditLog> audit_log_;       // the same
  DecisionFeed decision_feed_;
  std::unique_ptr<DecisionTee> decision_observer_;
  std::unique_ptr<policy::PolicyServer> policy_server_;  // embedded only
  std::unique_ptr<PolicyTls> policy_tls_;                // with policy.tls only
  std::unique_ptr<policy_client::ChannelKeeper>
      channel_keeper_;  // not embedded
  std::shared_ptr<grpc::Channel> policy_channel_;
  std::unique_ptr<policy_client::CompletionThread> policy_completions_;
  std::unique_ptr<policy_client::PolicyClient> policy_client_;
  std::unique_ptr<TokenRateLimiter> token_rate_limiter_;
  std::unique_ptr<transport::WorkerPool> pool_;
  std::unique_ptr<PolicyFollower> policy_follower_;
  std::unique_ptr<policy_client::PolicyWatch> policy_watch_;
  std::unique_ptr<BrokerProbe> broker_probe_;  // with admin only
  std::unique_ptr<Readiness> readiness_;
  ListenerCertificates certificates_;
  std::unique_ptr<Metrics> metrics_;
  std::unique_ptr<AdminServer> admin_;

  std::vector<Listening> listening_;

  std::mutex reload_mutex_;
  Config serving_;  // what the running listeners were last configured by
  std::unique_ptr<FileWatcher> certificate_watcher_;
  std::unique_ptr<Reminder> certificate_reminder_;
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_SERVER_H_
