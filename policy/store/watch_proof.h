#ifndef POLICY_STORE_WATCH_PROOF_H_
#define POLICY_STORE_WATCH_PROOF_H_

#include <chrono>
#include <cstdint>
#include <deque>

namespace sluice::policy {

// Tells whether what has been told of the keys of a store with revisions, by a
// snapshot and then by a watch, was all that there was a moment ago. A read
// that goes to a majority of the store's members says what there is; it proves
// that for the time at which it was asked, once the watch has come to its
// revision. Not thread-safe.
class WatchProof {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  // For how long what has been proven is taken to be all that there is.
  static constexpr Duration kGoodFor = std::chrono::seconds(2);
  // How long a watch that is asked how far it has come may say nothing, and how
  // long while it sends what came meanwhile, which may be one long message.
  static constexpr Duration kMaxSilence = std::chrono::seconds(1);
  static constexpr Duration kMaxSilenceBehind = std::chrono::seconds(15);

  // What a read shows of the watched keys.
  struct Reading {
    Time asked_at;
    int64_t revision = 0;  // of the store
    // How many keys there are, and the revision of the latest that was written.
    int64_t keys = 0;
    int64_t last_written = 0;
  };

  // A watch has been asked for.
  void OnBegin(Time now);
  // It is there, and misses nothing from here on.
  void OnCreated();
  // All keys at a revision, not before the watch, have been told; their number.
  void OnSnapshot(int64_t revision, int64_t keys, Time asked_at);
  // What the watch has sent since is read; `goal` was, after the snapshot.
  void OnFollowed(const Reading& goal, Time now);
  // Changes have been told, up to one at `revision`: so many keys more or less.
  void OnChanges(int64_t revision, int64_t more_keys, Time now);
  // The member that is watched says where it is. While a watch is behind, etcd
  // before 3.4.25 tells where the store is in its place.
  void OnProgress(int64_t revision, Time now);
  // The watch has ended.
  void OnEnd();
  // The store was at `revision`.
  void OnRead(int64_t revision, Time asked_at);

  // What has been told; 0: nothing.
  int64_t revision() const { return revision_; }
  // Whether there is a watch that is read, and can be asked how far it has
  // come.
  bool is_followed() const { return watch_ >= Watch::kBehind; }
  // Whether the watch has told all that `goal` showed.
  bool has_caught_up() const { return watch_ == Watch::kCaughtUp; }
  bool IsGood(Time now) const;
  // Whether the watch is better begun anew.
  bool IsStuck(Time now) const;

 private:
  enum class Watch {
    kNone,
    kBegun,
    kCreated,  // what there is is being read and told
    kBehind,   // the goal
    kCaughtUp,
  };
  struct Read {
    int64_t revision;
    Time asked_at;
  };

  void Advance();
  void Prove(Time asked_at);

  int64_t revision_ = 0;
  int64_t keys_ = 0;  // at revision_
  Time proven_at_;    // valid if revision_ is not 0
  // Of the watch.
  Watch watch_ = Watch::kNone;
  Time followed_at_;
  Time heard_at_;
  Reading goal_;
  int64_t reached_ = 0;
  std::deque<Read> reads_;  // that the watch has not come to
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_WATCH_PROOF_H_
