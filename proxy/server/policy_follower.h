#ifndef PROXY_SERVER_POLICY_FOLLOWER_H_
#define PROXY_SERVER_POLICY_FOLLOWER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "proxy/base/log.h"
#include "proxy/policy_client/policy_watch_interface.h"
#include "proxy/server/policy_source_config.h"
#include "proxy/server/policy_watch_stats.h"
#include "proxy/transport/worker_pool.h"

namespace sluice::server {

// A name for this process that no other proxy has: that of the host, and a
// random part.
std::string NewProxyName();

// Hands what the policy service pushes to the event loops, and says in the log
// when it comes and goes:
//
//   policy_watch_begun   info
//   policy_watch_ended   warning
//   policy_outage        error    the service has been away for too long
//   policy_undecided     warning  it is there, and decides nothing
//   policy_decides       info     it does again
//
// Any thread.
class PolicyFollower final : public policy_client::WatchObserverInterface {
 public:
  // What of the proxy's own keeps the service from being reached; empty:
  // nothing that is known.
  using OwnProblem = std::function<std::string()>;

  // `pool` and `logger` outlive this.
  PolicyFollower(OnOutage on_outage, transport::WorkerPool* pool,
                 Logger* logger, OwnProblem own_problem)
      : on_outage_(on_outage),
        pool_(*pool),
        logger_(*logger),
        own_problem_(std::move(own_problem)) {}

  const PolicyWatchStats& stats() const { return stats_; }

  // Whether clients may be let in: the service has been listened to, and has
  // not been away for too long since.
  bool is_following() const { return following_; }
  // Why the service decides nothing, though it is listened to; empty: it does.
  std::string problem() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return problem_;
  }
  // Waits until the service is listened to for the first time, `most` at most.
  void AwaitWatch(absl::Duration most) {
    first_watch_.WaitForNotificationWithTimeout(most);
  }

  // WatchObserverInterface:
  void OnRevocations(
      std::shared_ptr<const policy_client::RevocationUpdate> update) override;
  void OnPolicyVersion(const std::string& version) override;
  void OnListSessions(const policy::v1::SessionQuery& query,
                      SessionsCallback done) override;
  void OnDisconnectSessions(std::vector<std::string> session_ids) override;
  void OnWatchBegun() override;
  void OnWatchEnded(const std::string& reason) override;
  void OnWatchLost(const std::string& reason) override;
  void OnServiceState(const std::string& problem) override;

 private:
  const OnOutage on_outage_;
  transport::WorkerPool& pool_;
  Logger& logger_;
  const OwnProblem own_problem_;
  PolicyWatchStats stats_;
  std::atomic<bool> following_{false};
  mutable std::mutex mutex_;
  std::string problem_;  // with mutex_ held
  absl::Notification first_watch_;
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_POLICY_FOLLOWER_H_
