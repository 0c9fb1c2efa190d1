#ifndef POLICY_SERVICE_REVOCATION_HISTORY_H_
#define POLICY_SERVICE_REVOCATION_HISTORY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/revocation/revocation_set.h"
#include "policy/store/resource_store.h"
#include "proto/sluice/policy/v1/policy.pb.h"

namespace sluice::policy {

// Where one proxy is in a RevocationHistory. A position and no queue: a proxy
// that is slow costs no more memory than one that is not.
struct RevocationCursor {
  // Absent: at the very beginning.
  std::optional<v1::WatchPosition> position;
  // How often the history had begun anew when it said so; 0: the proxy says so.
  uint64_t epoch = 0;
  // Of the revocations there, where these were all that there were.
  std::optional<uint64_t> sum;
  // While a snapshot is being sent: its revision, and the last name sent.
  std::optional<int64_t> snapshot_revision;
  std::string snapshot_after;
};

// The revocations of one store, and which of them a proxy lacks: what has
// changed, where that is remembered, else all. Not thread-safe.
class RevocationHistory {
 public:
  struct Limits {
    // How many revocations, made or taken back, are remembered for proxies that
    // were away.
    size_t max_changes = 10'000;
    // Of one message to a proxy, about.
    size_t max_message_bytes = 256 * 1024;
  };

  explicit RevocationHistory(const Limits& limits) : limits_(limits) {}
  RevocationHistory(const RevocationHistory&) = delete;
  RevocationHistory& operator=(const RevocationHistory&) = delete;

  // Of which store this is. Once, before a proxy is told anything.
  void SetStoreId(const std::string& id) { store_id_ = id; }

  // Begins anew at the store's `revision`, with nothing revoked. Add() then
  // takes what there is. Proxies get that, unless it is what they have: the
  // store may have been put back, and have come to the same revision by other
  // changes.
  void Reset(int64_t revision);

  // Takes a revocation that proxies get with the snapshot only.
  // FailedPrecondition, naming it, where it cannot be read: it is kept all the
  // same.
  absl::Status Add(const Resource& resource);

  // Takes a change, which proxies are told of; else as Add(). AdvanceTo()
  // follows.
  absl::Status Apply(const ResourceChange& change);

  // The store has come to `revision`, by whatever change.
  void AdvanceTo(int64_t revision) { revision_ = revision; }
  int64_t revision() const { return revision_; }

  // Forgets those that have ended kKeptAfterEnd before. Nobody is told of
  // these: who has them knows when they end.
  void RemoveExpired(absl::Time now);

  // FailedPrecondition that names a revocation which cannot be read and has not
  // ended at `now`: what it takes away is not known.
  absl::Status CheckReadable(absl::Time now) const;

  // How many there are, with those that cannot be read.
  size_t size() const { return revocations_.size(); }

  // As RevocationSet::Find().
  absl::string_view Find(const RevocableNames& names, absl::Time now) const {
    return revocation_set_.Find(names, now);
  }

  // Writes into `response` the next revocations that the proxy at `cursor`
  // lacks, and moves the cursor on. False, and nothing is written, where it has
  // all.
  bool FillNext(absl::Time now, RevocationCursor* cursor,
                v1::WatchResponse* response) const;

  // For a proxy that has all: it is at revision() once it has read `response`.
  void FillPosition(RevocationCursor* cursor,
                    v1::WatchResponse* response) const {
    SetPosition(revision_, cursor, response);
  }

 private:
  struct Change {
    int64_t revision;
    std::string name;
    // Absent: it was deleted.
    std::optional<v1::Revocation> revocation;
  };

  void Remove(const std::string& name);
  // Whether what has changed since is all that the proxy lacks.
  bool Follows(const RevocationCursor& cursor) const;
  void Remember(Change change);
  bool Knows(const v1::WatchPosition& position) const;
  void FillSnapshot(absl::Time now, RevocationCursor* cursor,
                    v1::WatchResponse* response) const;
  void FillChanges(RevocationCursor* cursor, v1::WatchResponse* response) const;
  void SetPosition(int64_t revision, RevocationCursor* cursor,
                   v1::WatchResponse* response) const;

  const Limits limits_;
  std::string store_id_;
  int64_t revision_ = 0;
  uint64_t epoch_ = 1;
  uint64_t sum_ = 0;  // over revocations_, in whatever order they came
  RevocationSet revocation_set_;
  std::map<std::string, v1::Revocation> revocations_;  // by name
  // Names of those that cannot be read, and their ends.
  std::map<std::string, absl::Time> unreadable_;
  // When those that end do, and their names.
  std::set<std::pair<absl::Time, std::string>> ends_;
  // All after base_revision_, oldest first.
  std::deque<Change> changes_;
  int64_t base_revision_ = 0;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_REVOCATION_HISTORY_H_
