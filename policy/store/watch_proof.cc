#include "policy/store/watch_proof.h"

#include <algorithm>

namespace sluice::policy {

void WatchProof::OnSnapshot(int64_t revision, int64_t keys, Time asked_at) {
  revision_ = revision;
  keys_ = keys;
  proven_at_ = asked_at;
}

void WatchProof::OnBegin(const Reading& goal, Time now) {
  is_watching_ = true;
  begun_at_ = now;
  heard_at_ = now;
  goal_ = goal;
  reached_ = revision_;
}

void WatchProof::OnCreated(Time now) {
  is_created_ = true;
  heard_at_ = now;
  Advance();
}

void WatchProof::OnChanges(int64_t revision, int64_t more_keys, Time now) {
  revision_ = std::max(revision_, revision);
  keys_ += more_keys;
  reached_ = std::max(reached_, revision_);
  heard_at_ = now;
  Advance();
}

void WatchProof::OnProgress(int64_t revision, Time now) {
  heard_at_ = now;
  if (!has_caught_up_) return;
  reached_ = std::max(reached_, revision);
  Advance();
}

void WatchProof::OnEnd() {
  is_watching_ = false;
  is_created_ = false;
  has_caught_up_ = false;
  reads_.clear();
}

void WatchProof::OnRead(int64_t revision, Time asked_at) {
  if (!is_created_) return;
  reads_.push_back({revision, asked_at});
  Advance();
}

// Where the watch has told the latest write that a read shows, what may be
// missing are keys that have been deleted since; their number tells.
void WatchProof::Advance() {
  if (!is_created_) return;
  if (!has_caught_up_) {
    if (revision_ < goal_.revision &&
        (revision_ < goal_.last_written || keys_ != goal_.keys)) {
      return;
    }
    has_caught_up_ = true;
    Prove(goal_.asked_at);
  }
  while (!reads_.empty() && reads_.front().revision <= reached_) {
    Prove(reads_.front().asked_at);
    reads_.pop_front();
  }
}

void WatchProof::Prove(Time asked_at) {
  proven_at_ = std::max(proven_at_, asked_at);
}

bool WatchProof::IsGood(Time now) const {
  return revision_ != 0 && now - proven_at_ <= kGoodFor;
}

bool WatchProof::IsStuck(Time now) const {
  if (!is_watching_) return false;
  const bool is_behind = is_created_ && !has_caught_up_;
  if (now - heard_at_ > (is_behind ? kMaxSilenceBehind : kMaxSilence)) {
    return true;
  }
  return has_caught_up_ && now - std::max(proven_at_, begun_at_) > kGoodFor;
}

}  // namespace sluice::policy
