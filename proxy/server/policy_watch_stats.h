#ifndef PROXY_SERVER_POLICY_WATCH_STATS_H_
#define PROXY_SERVER_POLICY_WATCH_STATS_H_

#include <atomic>
#include <cstdint>

namespace sluice::server {

// What is counted about the stream from the policy service, for metrics. Any
// thread.
struct PolicyWatchStats {
  std::atomic<uint64_t> revocations{0};
  std::atomic<bool> watching{false};
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_POLICY_WATCH_STATS_H_
