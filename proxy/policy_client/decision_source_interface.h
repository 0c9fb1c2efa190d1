#ifndef PROXY_POLICY_CLIENT_DECISION_SOURCE_INTERFACE_H_
#define PROXY_POLICY_CLIENT_DECISION_SOURCE_INTERFACE_H_

#include <cstddef>
#include <functional>

#include "proto/sluice/policy/v1/policy.pb.h"

namespace sluice::policy_client {

// The decisions of this proxy, for those who watch them at the policy service.
// Thread-safe.
class DecisionSourceInterface {
 public:
  virtual ~DecisionSourceInterface() = default;

  // Somebody watches: decisions are kept from now on, within bounds. Calls
  // `on_decisions`, on any thread, when there are some after Take() has found
  // none, or for the first time.
  virtual void Open(std::function<void()> on_decisions) = 0;
  // Nobody does any more. `on_decisions` may be called once more meanwhile.
  virtual void Close() = 0;
  // Moves what has been kept into `batch`: at most `max_bytes`, but for a
  // single decision. False: there is nothing.
  virtual bool Take(size_t max_bytes, policy::v1::DecisionBatch* batch) = 0;
};

}  // namespace sluice::policy_client

#endif  // PROXY_POLICY_CLIENT_DECISION_SOURCE_INTERFACE_H_
