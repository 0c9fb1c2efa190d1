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
  Begin(VisitPace::EachTurn(batch));
}

void PacedVisit::StartOver(absl::Duration duration) {
  longest_turn_ = std::numeric_limits<uint64_t>::max();
  Begin(VisitPace::Within(duration, connections_->size(), uv_hrtime()));
}

void PacedVisit::Begin(VisitPace pace) {
  pace_ = pace;
  QueueVisits(connections_->Ids(), &to_visit_);
  OnDeadline();
}

void PacedVisit::OnDeadline() {
  const uint64_t begin = uv_hrtime();
  pace_.BeginTurn(begin);
  for (bool first = true; !to_visit_.empty(); first = false) {
    // In this order, so that who is not visited does not count as done.
    if ((!first && !condition_()) || !pace_.Take()) break;
    ClientConnection* connection = connections_->Find(to_visit_.back());
    to_visit_.pop_back();
    if (connection != nullptr) visitor_(connection);
    if (uv_hrtime() - begin > longest_turn_) break;
  }
  if (!to_visit_.empty()) timer_.Set(loop_->Now() + kInterval);
}

}  // namespace sluice::transport
