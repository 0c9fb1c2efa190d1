#ifndef POLICY_SERVICE_WATCH_HUB_H_
#define POLICY_SERVICE_WATCH_HUB_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "policy/service/replica.h"
#include "proto/sluice/policy/v1/policy.grpc.pb.h"

namespace sluice::policy {

class WatchStream;

// Hears what proxies decide. Calls may come at the same time, on gRPC's
// threads, and must not block.
class DecisionWatcherInterface {
 public:
  virtual ~DecisionWatcherInterface() = default;
  virtual void OnDecisions(absl::string_view proxy,
                           const v1::DecisionBatch& batch) = 0;
  // Nothing more will come.
  virtual void End(const grpc::Status& status) = 0;
  // Whether it may still hear: OK, or what it is to end with.
  virtual grpc::Status MayGoOn() const = 0;
};

// The proxies that watch this service. Tells each what the replica says, asks
// them about their sessions, and, while somebody watches, for their decisions.
// Nothing here waits. Thread-safe.
class WatchHub {
 public:
  using Reactor = grpc::ServerBidiReactor<v1::WatchRequest, v1::WatchResponse>;
  using SessionsCallback = std::function<void(absl::StatusOr<v1::SessionList>)>;

  // More than that are refused.
  static constexpr size_t kMaxStreams = 4096;
  static constexpr size_t kMaxDecisionWatchers = 64;

  // Becomes the listener of `replica`. Outlives what changes the replica.
  explicit WatchHub(std::shared_ptr<Replica> replica);
  // All streams have ended: the server is gone.
  ~WatchHub();
  WatchHub(const WatchHub&) = delete;
  WatchHub& operator=(const WatchHub&) = delete;

  // Whether a caller may still do what it does: OK, or what its call is to end
  // with. Any thread; must not call the hub.
  using MayGoOn = std::function<grpc::Status()>;

  // The reaction to a call of Watch, and to one that is refused.
  Reactor* Open(MayGoOn may_go_on);
  static Reactor* Refuse(const grpc::Status& status);

  // Ends the streams and the watchers of decisions that may not go on: what
  // decides about that has changed.
  void RecheckCallers();

  // Ends all streams and watchers of decisions, and refuses new ones: a server
  // that shuts down would wait for them.
  void Close();

  // The names of the proxies that watch, in order, each once.
  std::vector<std::string> proxies() const;

  // Asks the proxy of that name; query_id is set here. `done` is called once,
  // on any thread, maybe before this returns. Errors: NotFound where no such
  // proxy watches, or none any more; ResourceExhausted where too much is being
  // asked; DeadlineExceeded after `timeout`.
  void ListSessions(absl::string_view proxy, v1::SessionQuery query,
                    absl::Duration timeout, SessionsCallback done);

  // Tells the proxy to end that session. NotFound as above; OK says that it is
  // on its way.
  absl::Status Disconnect(absl::string_view proxy, std::string session_id);

  // Tells `watcher` what all proxies decide, from about now until about when it
  // is removed. ResourceExhausted where there are too many; Unavailable once
  // this is closed.
  absl::Status AddDecisionWatcher(
      std::shared_ptr<DecisionWatcherInterface> watcher);
  void RemoveDecisionWatcher(const DecisionWatcherInterface* watcher);

 private:
  friend class WatchStream;

  // Of several with one name, the one that came last: the others are about to
  // notice that they have lost their proxy.
  std::shared_ptr<WatchStream> Find(absl::string_view proxy) const;
  void Wake();
  // Who is there now; to be called without the lock.
  struct Callers {
    std::vector<std::shared_ptr<WatchStream>> streams;
    std::vector<std::shared_ptr<DecisionWatcherInterface>> watchers;
  };
  Callers AllCallers() const;
  static void Recheck(DecisionWatcherInterface& watcher);
  // From a stream: it knows its proxy's name; it is over.
  void Add(const std::string& proxy, std::shared_ptr<WatchStream> stream);
  void Remove(const WatchStream* stream);
  // Whether proxies are to tell decisions. Changes are followed by Wake().
  bool wants_decisions() const { return wants_decisions_; }
  void OnDecisions(absl::string_view proxy, const v1::DecisionBatch& batch);

  const std::shared_ptr<Replica> replica_;
  mutable std::mutex mutex_;
  bool closed_ = false;
  // By stream; those that have started, by proxy.
  std::map<const WatchStream*, std::shared_ptr<WatchStream>> streams_;
  std::multimap<std::string, std::shared_ptr<WatchStream>, std::less<>>
      by_proxy_;
  std::map<const DecisionWatcherInterface*,
           std::shared_ptr<DecisionWatcherInterface>>
      decision_watchers_;
  std::atomic<bool> wants_decisions_{false};  // there are some
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_WATCH_HUB_H_
