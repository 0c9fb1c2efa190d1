#include "proxy/transport/policy_rollout.h"

#include "proxy/session/session.h"

namespace sluice::transport {

void PolicyRollout::Start() {
  to_ask_ = connections_->Ids();
  OnDeadline();
}

void PolicyRollout::OnDeadline() {
  for (size_t i = 0; i < kBatch && !to_ask_.empty(); ++i) {
    ClientConnection* connection = connections_->Find(to_ask_.back());
    to_ask_.pop_back();
    if (connection != nullptr) {
      connection->Tell(&session::Session::OnPolicyVersion);
    }
  }
  if (!to_ask_.empty()) timer_.Set(loop_->Now() + kInterval);
}

}  // namespace sluice::transport
