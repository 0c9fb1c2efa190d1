#ifndef PROXY_TRANSPORT_POLICY_ROLLOUT_H_
#define PROXY_TRANSPORT_POLICY_ROLLOUT_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "proxy/transport/connection_table.h"
#include "proxy/transport/deadline_timer.h"
#include "proxy/transport/event_loop.h"

namespace sluice::transport {

// After a change of the policy, lets the sessions of a loop ask about their
// grants again: a few at a time, so that neither the policy service nor the
// loop is flooded. On the loop's thread.
class PolicyRollout final : private DeadlineTimer::HandlerInterface {
 public:
  // At most kBatch sessions every kInterval: 3,200 a second.
  static constexpr size_t kBatch = 32;
  static constexpr absl::Duration kInterval = absl::Milliseconds(10);

  // Both outlive this.
  PolicyRollout(EventLoop* loop, ConnectionTable* connections)
      : loop_(loop), connections_(connections), timer_(loop, this) {}

  // Begins, or begins anew.
  void Start();

 private:
  // DeadlineTimer::HandlerInterface:
  void OnDeadline() override;

  EventLoop* const loop_;
  ConnectionTable* const connections_;
  DeadlineTimer timer_;
  std::vector<uint64_t> to_ask_;  // the next is the last
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_POLICY_ROLLOUT_H_
