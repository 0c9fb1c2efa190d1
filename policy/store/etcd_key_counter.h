#ifndef POLICY_STORE_ETCD_KEY_COUNTER_H_
#define POLICY_STORE_ETCD_KEY_COUNTER_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <string>

#include "absl/status/statusor.h"
#include "policy/store/etcd_client.h"

namespace sluice::policy {

// About how many keys there are with a prefix. etcd walks through all of them
// to count them, so it is asked now and then, and in between only what the
// caller has written and deleted is added. Thread-safe.
class EtcdKeyCounter {
 public:
  EtcdKeyCounter(std::shared_ptr<EtcdClient> client, std::string prefix)
      : client_(std::move(client)), prefix_(std::move(prefix)) {}

  // The first count, and another one when the last is some seconds old, are
  // waited for: that by one caller. Fails only where etcd has never counted.
  absl::StatusOr<int64_t> Get(EtcdClient::Deadline deadline);
  // Counts now.
  absl::StatusOr<int64_t> Count(EtcdClient::Deadline deadline);
  // Says that there are `keys` more, or fewer; returns how many that makes.
  int64_t Add(int64_t keys);

 private:
  const std::shared_ptr<EtcdClient> client_;
  const std::string prefix_;
  std::mutex mutex_;
  bool known_ = false;
  bool counting_ = false;
  int64_t keys_ = 0;
  std::chrono::steady_clock::time_point next_;  // when it is counted again
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_ETCD_KEY_COUNTER_H_
