#ifndef POLICY_STORE_ETCD_RESOURCE_FOLLOWER_H_
#define POLICY_STORE_ETCD_RESOURCE_FOLLOWER_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "policy/store/etcd_client.h"
#include "policy/store/etcd_resource_keys.h"
#include "policy/store/resource_store.h"
#include "policy/store/watch_proof.h"
#include "proxy/base/clock.h"

namespace sluice::policy {

// Follows the resources in etcd, from its making to its end, and tells an
// observer from threads of its own. Twice a second it reads how far etcd is,
// and asks the watch how far that is; what WatchProof does not find good is
// stale. A watch whose member says nothing moves on to another.
class EtcdResourceFollower {
 public:
  // The clock tells a deletion from the end of what had expired. The observer
  // outlives this.
  EtcdResourceFollower(std::shared_ptr<EtcdClient> client,
                       EtcdResourceKeys keys, Clock clock,
                       ResourceObserverInterface* observer);
  ~EtcdResourceFollower();
  EtcdResourceFollower(const EtcdResourceFollower&) = delete;
  EtcdResourceFollower& operator=(const EtcdResourceFollower&) = delete;

  // Returns when the observer has been called.
  void AwaitFirst();

 private:
  // The thread that follows, and what it calls.
  void Run();
  // Tells all that there is and what changes then, until the watch ends: the
  // reason, and whether it had told all that there was. OK: changes were
  // compacted away, and a snapshot has them.
  absl::Status Follow(bool* had_caught_up);
  // Follow() on a stream that has been opened.
  absl::Status TellAll(EtcdClient::WatchStream* stream);
  // False: the stream is good for nothing.
  bool Create(EtcdClient::WatchStream* stream, absl::Status* reason);
  absl::Status TellSnapshot();
  // All but the revisions are of that prefix.
  absl::StatusOr<WatchProof::Reading> Look();
  // Whether the stream is good for more.
  bool Take(const etcdserverpb::WatchResponse& response, absl::Status* reason);
  void Tell(const etcdserverpb::WatchResponse& response);
  // False: it is to stop.
  bool Pause(absl::Duration duration);

  // The thread that asks, and what it calls.
  void Watch();
  void Ask();
  // On the other thread: `stream` is the one to ask, null none.
  void LetBeAsked(EtcdClient::WatchStream* stream);
  void AskWatch();
  // Ends a watch that is stuck; tells where what was told is not good any more.
  void Judge();

  void TellStale(const absl::Status& reason);
  // Where what was told is good again.
  void TellFresh();
  // With mutex_ held.
  void EndWatch();

  const std::shared_ptr<EtcdClient> client_;
  const EtcdResourceKeys keys_;
  const Clock clock_;
  ResourceObserverInterface* const observer_;

  int64_t snapshot_ = 0;  // its revision; of the thread that follows

  // Held while the observer is called, and before mutex_.
  std::mutex telling_;
  bool is_stale_ = true;  // and the observer knows

  // Held while the stream is written to, so that it does not end then.
  std::mutex writing_;
  EtcdClient::WatchStream* stream_ = nullptr;  // null: none to write to

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool tried_ = false;  // the observer has been called
  WatchProof proof_;
  grpc::ClientContext* watch_ = nullptr;  // of the stream under way

  std::thread following_;
  std::thread asking_;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_ETCD_RESOURCE_FOLLOWER_H_
