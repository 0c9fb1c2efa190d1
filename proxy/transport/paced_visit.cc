#include "proxy/transport/paced_visit.h"

#include <uv.h>

#include <algorithm>
#include <limits>

#include "absl/container/flat_hash_set.h"

namespace sluice::transport {
namespace {

// Nanoseconds.
constexpr uint64_t kLongestTurn = 1'000'000;

}  // namespace

void QueueVisits(std::vector<uint64_t> ids, std::vector<uint64_t>* to_visit) {
  const absl::flat_hash_set<uint64_t> waiting(to_visit->begin(),
                                              to_visit->end());
  ids.erase(std::remove_if(ids.begin(), ids.end(),
                           [&](uint64_t id) { return waiting.contains(id); }),
            ids.end());
  to_visit->insert(to_visit->begin(), ids.begin(), ids.end());
}

void PacedVisit::Start(size_t batch) {
  longest_turn_ = kLongestTurn;
  Begin(static_cast<double>(batch));
}

void PacedVisit::StartOver(absl::Duration duration) {
  longest_turn_ = std::numeric_limits<uint64_t>::max();
  const double intervals =
      std::max(absl::FDivDuration(duration, kInterval), 1.0);
  Begin(static_cast<double>(connections_->size()) / intervals);
}

void PacedVisit::Begin(double each_interval) {
  each_interval_ = each_interval;
  due_ = 0;
  QueueVisits(connections_->Ids(), &to_visit_);
  OnDeadline();
}

void PacedVisit::OnDeadline() {
  const uint64_t begin = uv_hrtime();
  // What could not be done in time is not made up for in one turn.
  due_ = std::min(due_, 1.0) + each_interval_;
  for (bool first = true; due_ >= 1 && !to_visit_.empty(); first = false) {
    if (!first && !condition_()) break;
    ClientConnection* connection = connections_->Find(to_visit_.back());
    to_visit_.pop_back();
    --due_;
    if (connection != nullptr) visitor_(connection);
    if (uv_hrtime() - begin > longest_turn_) break;
  }
  if (!to_visit_.empty()) timer_.Set(loop_->Now() + kInterval);
}

}  // namespace sluice::transport
