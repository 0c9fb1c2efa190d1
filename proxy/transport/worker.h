#ifndef PROXY_TRANSPORT_WORKER_H_
#define PROXY_TRANSPORT_WORKER_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "proxy/base/unique_fd.h"
#include "proxy/policy_client/policy_watch_interface.h"
#include "proxy/transport/admission.h"
#include "proxy/transport/connection_table.h"
#include "proxy/transport/event_loop.h"
#include "proxy/transport/listener.h"
#include "proxy/transport/listener_config.h"
#include "proxy/transport/loop_context.h"
#include "proxy/transport/paced_visit.h"
#include "proxy/transport/revocation_sweep.h"

namespace sluice::transport {

// One event loop, its listeners and its connections.
class Worker final : private Listener::HandlerInterface {
 public:
  // Whom the connections ask and tell. All outlive the worker.
  struct Peers {
    policy_client::PolicyClientInterface* policy = nullptr;
    session::ObserverInterface* observer = nullptr;
    TransportObserverInterface* transport_observer = nullptr;  // may be null
    // Null: decisions are not recorded. See session::DecisionRecorder.
    session::DecisionObserverInterface* decision_observer = nullptr;
    double decision_sample = 0;
  };

  // Those of ConnectionLimits, for this worker alone.
  struct Limits {
    size_t max_pending = 0;
    absl::Duration pending_grace;
    size_t max_anonymous = 0;
  };

  // `index` tells it from the other workers; `admission` outlives it.
  Worker(size_t index, const Peers& peers, Admission* admission,
         const Limits& limits);
  // Ends the thread, and with it all connections at once.
  ~Worker() override;

  // See EventLoop. Before Start().
  void SetEventCoalescing(absl::Duration longest) {
    loop_.SetEventCoalescing(longest);
  }

  // Before Start().
  absl::Status Listen(UniqueFd socket,
                      std::shared_ptr<const ListenerConfig> config);
  void Start();

  // These are carried out on the worker's thread, soon. Any thread.
  // Serves new clients of a listener, by its index, so from now on.
  void Reconfigure(size_t listener,
                   std::shared_ptr<const ListenerConfig> config);
  // Takes no more clients, and ends the connections in an orderly way, spread
  // over `duration`, so that they do not all come back to the next proxy at
  // once.
  void Drain(absl::Duration duration);
  // What the policy service pushes: see session::LivePolicy.
  void ApplyRevocations(
      std::shared_ptr<const policy_client::RevocationUpdate> update);
  void SetPolicyVersion(const std::string& version);
  void SetPolicyFollowed(bool followed);
  // Ends every session, over two seconds: the policy service is away.
  void EndSessions();
  // Ends those that are this worker's.
  void DisconnectSessions(
      std::shared_ptr<const std::vector<std::string>> session_ids);
  // `done` is called on the worker's thread, or destroyed.
  void ListSessions(
      const policy::v1::SessionQuery& query,
      policy_client::WatchObserverInterface::SessionsCallback done);

  // Any thread.
  const LoopStats& stats() const { return context_.stats; }
  const session::Counters& counters() const { return context_.counters; }

 private:
  struct Entry {
    std::unique_ptr<Listener> listener;
    std::shared_ptr<const ListenerConfig> config;
  };

  // What goes from connection to connection.
  struct Visits {
    Visits(EventLoop* loop, ConnectionTable* connections,
           PacedVisit::Condition may_ask);

    PacedVisit rollout;  // of a changed policy
    PacedVisit outage;
    PacedVisit drain;
    RevocationSweep sweep;
  };

  // Listener::HandlerInterface:
  void OnAccept(Listener* listener, UniqueFd socket,
                const SocketAddress& client) override;
  void OnAcceptFailure(int error) override;

  // Has `task` carried out on the worker's thread; if that ends first, it is
  // destroyed.
  void Post(Mailbox::Task task);
  bool IsFull() const {
    return limits_.max_pending > 0 &&
           connections_.pending() >= limits_.max_pending;
  }

  const size_t index_;
  EventLoop loop_;
  Admission* admission_;
  const Limits limits_;
  LoopContext context_;
  ConnectionTable connections_;
  absl::optional<Visits> visits_;  // until the worker ends
  std::vector<Entry> listeners_;
  bool started_ = false;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_WORKER_H_
