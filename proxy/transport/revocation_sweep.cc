#include "proxy/transport/revocation_sweep.h"

#include <algorithm>

#include "proxy/session/session.h"
#include "proxy/transport/client_connection.h"

namespace sluice::transport {

void RevocationSweep::Add(const policy::v1::Revocation& revocation) {
  if (added_.empty()) {
    timer_.Set(std::max(loop_->Now(), last_ + kInterval));
  }
  added_.Add(revocation);
}

void RevocationSweep::OnClockSet(absl::Duration by) {
  last_ += by;
  timer_.Move(by);
}

void RevocationSweep::OnDeadline() {
  connections_->ForEach([this](ClientConnection* connection) {
    if (connection->IsRevokedBy(added_)) {
      connection->Tell(&session::Session::OnRevocations);
    }
  });
  added_.Clear();
  last_ = loop_->Now();
}

}  // namespace sluice::transport
