#ifndef PROXY_TRANSPORT_WORKER_POOL_H_
#define PROXY_TRANSPORT_WORKER_POOL_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proxy/base/address.h"
#include "proxy/policy_client/policy_watch_interface.h"
#include "proxy/transport/admission.h"
#include "proxy/transport/listener_config.h"
#include "proxy/transport/worker.h"

namespace sluice::transport {

struct ListenerOptions {
  Address address;  // TCP
  std::shared_ptr<const ListenerConfig> config;
};

struct WorkerPoolOptions {
  size_t workers = 0;               // 0: one for each core
  absl::Duration event_coalescing;  // see EventLoop
  ConnectionLimits limits;
  Worker::Peers peers;
  std::vector<ListenerOptions> listeners;
};

// The proxy's event loops. Any thread.
class WorkerPool {
 public:
  // Opens all listeners; an error names the address. Clients can connect, and
  // are served from Start() on.
  static absl::StatusOr<std::unique_ptr<WorkerPool>> Create(
      const WorkerPoolOptions& options);
  // Breaks off what Drain() has not ended.
  ~WorkerPool() = default;

  void Start();
  // Where the listeners are, with the ports that were found.
  const std::vector<std::string>& addresses() const { return addresses_; }

  // Serves the clients that come to a listener from now on differently. The
  // address stays.
  void Reconfigure(size_t listener,
                   const std::shared_ptr<const ListenerConfig>& config);

  // Takes no more clients and ends those that are there, spread over
  // `duration`.
  void Drain(absl::Duration duration);
  // Waits until no connection is left; false if that took too long.
  bool WaitUntilIdle(absl::Duration timeout) {
    return admission_.WaitUntilNone(timeout);
  }

  // What the policy service pushes reaches every loop: see Worker.
  void ApplyRevocations(
      const std::shared_ptr<const policy_client::RevocationUpdate>& update);
  void SetPolicyVersion(const std::string& version);
  void SetPolicyFollowed(bool followed);
  void EndSessions();
  void DisconnectSessions(std::vector<std::string> session_ids);
  // The sessions of all loops, in the order of their ids, `query.limit` at
  // most. `done` is called on a loop's thread, or destroyed.
  void ListSessions(
      const policy::v1::SessionQuery& query,
      policy_client::WatchObserverInterface::SessionsCallback done);

  // Of all loops. They live as long as the pool.
  uint64_t connections() const { return admission_.connections(); }
  const std::vector<std::unique_ptr<Worker>>& workers() const {
    return workers_;
  }

 private:
  explicit WorkerPool(const ConnectionLimits& limits) : admission_(limits) {}

  Admission admission_;
  std::vector<std::string> addresses_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_WORKER_POOL_H_
