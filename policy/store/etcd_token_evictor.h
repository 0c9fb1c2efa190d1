#ifndef POLICY_STORE_ETCD_TOKEN_EVICTOR_H_
#define POLICY_STORE_ETCD_TOKEN_EVICTOR_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "policy/store/etcd_client.h"
#include "policy/store/etcd_key_counter.h"
#include "proxy/base/wakeup_thread.h"

namespace sluice::policy {

// Deletes the keys with a prefix that were written longest ago, and what leads
// to them, on a thread of its own, so that nobody waits for it. etcd can only
// sort all of them; so it reads all in pages, and remembers many of the oldest
// for the next times. Several may work on the same keys. Thread-safe.
class EtcdTokenEvictor {
 public:
  struct Bounds {
    int64_t begin;  // it works where there are more
    int64_t goal;   // down to so many
  };

  // The keys that lead to the one that has `value`, and are nobody else's for
  // as long as that is not written.
  using Names =
      std::function<std::vector<std::string>(const std::string& value)>;

  // `counter`, of the same keys, outlives this.
  EtcdTokenEvictor(std::shared_ptr<EtcdClient> client, std::string prefix,
                   Bounds bounds, EtcdKeyCounter* counter, Names names);
  // Waits for a call of etcd's that is under way.
  ~EtcdTokenEvictor();

  // Says that there may be too many.
  void Wake();

 private:
  struct Key {
    int64_t revision;
    std::string name;
  };
  struct Found {
    Key key;
    std::vector<std::string> names;  // that lead to it
  };

  // Of the thread.
  absl::Duration Work();
  absl::Status Evict();
  absl::Status FindOldest();
  // Deletes that many of the oldest, but for those that have been written
  // since; says how many are gone.
  absl::StatusOr<int64_t> DeleteOldest(int64_t number);
  // Of `keys`, those that are as they were; counts those that are gone.
  absl::StatusOr<std::vector<Found>> Unchanged(const std::vector<Key>& keys,
                                               int64_t* gone);

  const std::shared_ptr<EtcdClient> client_;
  const std::string prefix_;
  const Bounds bounds_;
  EtcdKeyCounter* const counter_;
  const Names names_;
  std::deque<Key> oldest_;
  std::atomic<bool> wanted_{false};
  std::atomic<bool> stopping_{false};
  WakeupThread thread_;  // last: uses all of the above
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_ETCD_TOKEN_EVICTOR_H_
