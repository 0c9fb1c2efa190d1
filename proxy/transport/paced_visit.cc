#include "proxy/transport/paced_visit.h"

#include <algorithm>

namespace sluice::transport {

void PacedVisit::Start(size_t batch) {
  batch_ = batch;
  to_visit_ = connections_->Ids();
  OnDeadline();
}

void PacedVisit::StartOver(absl::Duration duration) {
  const int64_t rounds = std::max<int64_t>(duration / kInterval, 1);
  Start(connections_->size() / static_cast<size_t>(rounds) + 1);
}

void PacedVisit::OnDeadline() {
  for (size_t i = 0; i < batch_ && !to_visit_.empty(); ++i) {
    ClientConnection* connection = connections_->Find(to_visit_.back());
    to_visit_.pop_back();
    if (connection != nullptr) visitor_(connection);
  }
  if (!to_visit_.empty()) timer_.Set(loop_->Now() + kInterval);
}

}  // namespace sluice::transport
