#include "policy/store/watch_proof.h"

#include <algorithm>

namespace sluice::policy {

void WatchProof::OnBegin(Time now) {
  watch_ = Watch::kBegun;
  heard_at_ = now;
}

void WatchProof::OnCreated() { watch_ = Watch::kCreated; }

void WatchProof::OnSnapshot(int64_t revision, int64_t keys, Time asked_at) {
  revision_ = revision;
  keys_ = keys;
  proven_at_ = asked_at;
}

void WatchProof::OnFollowed(const Reading& goal, Time now) {
  watch_ = Watch::kBehind;
  followed_at_ = now;
  heard_at_ = now;
  goal_ = goal;
  reached_ = revision_;
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
  if (!has_caught_up()) return;
  reached_ = std::max(reached_, revision);
  Advance();
}

void WatchProof::OnEnd() {
  watch_ = Watch::kNone;
  reads_.clear();
}

void WatchProof::OnRead(int64_t revision, Time asked_at) {
  if (!is_followed()) return;
  reads_.push_back({revision, asked_at});
  Advance();
}

// Where the watch has told the latest write that a read shows, what may be
// missing are keys that have been deleted since; their number tells.
void WatchProof::Advance() {
  if (!is_followed()) return;
  if (watch_ == Watch::kBehind) {
    if (revision_ < goal_.revision &&
        (revision_ < goal_.last_written || keys_ != goal_.keys)) {
      return;
    }
    watch_ = Watch::kCaughtUp;
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
  const Duration silence = now - heard_at_;
  switch (watch_) {
    case Watch::kNone:
    case Watch::kCreated:  // a read ends by itself
      return false;
    case Watch::kBegun:
      return silence > kMaxSilence;
    case Watch::kBehind:
      return silence > kMaxSilenceBehind;
    case Watch::kCaughtUp:
      return silence > kMaxSilence ||
             now - std::max(proven_at_, followed_at_) > kGoodFor;
  }
  return true;
}

}  // namespace sluice::policy
