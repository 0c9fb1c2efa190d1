#include "policy/service/revocation_history.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/revocation/kept_after_end.h"
#include "policy/service/sum_share.h"
#include "proto/sluice/admin/v1/revocation.pb.h"
#include "proto/timestamp.h"

namespace sluice::policy {
namespace {

// What proxies are told of a stored revocation. One that cannot be read, since
// a newer policy service has written it, has no target.
v1::Revocation ForProxies(const Resource& resource) {
  admin::v1::Revocation stored;
  v1::Revocation revocation;
  revocation.set_name(resource.name());
  if (!stored.ParseFromString(resource.value)) {
    // But it ends, as the store says.
    if (resource.expires_at != absl::InfiniteFuture()) {
      *revocation.mutable_expires_at() = ToTimestamp(resource.expires_at);
    }
    return revocation;
  }
  revocation.set_issuer(stored.issuer());
  switch (stored.target_case()) {
    case admin::v1::Revocation::kTokenId:
      revocation.set_token_id(stored.token_id());
      break;
    case admin::v1::Revocation::kSubject:
      revocation.set_subject(stored.subject());
      break;
    case admin::v1::Revocation::kKeyId:
      revocation.set_key_id(stored.key_id());
      break;
    case admin::v1::Revocation::TARGET_NOT_SET:
      break;
  }
  if (stored.has_expire_time()) {
    *revocation.mutable_expires_at() = stored.expire_time();
  }
  return revocation;
}

uint64_t ShareOf(const v1::Revocation& revocation) {
  return SumShareOf(revocation.name(), revocation.SerializeAsString());
}

absl::Status UnreadableError(absl::string_view name) {
  return absl::FailedPreconditionError(
      absl::StrCat(name,
                   " cannot be read, and nothing is granted until it is "
                   "replaced or deleted"));
}

}  // namespace

void RevocationHistory::Reset(int64_t revision) {
  revocation_set_.Clear();
  revocations_.clear();
  unreadable_.clear();
  ends_.clear();
  changes_.clear();
  revision_ = revision;
  base_revision_ = revision;
  ++epoch_;
  sum_ = 0;
}

absl::Status RevocationHistory::Add(const Resource& resource) {
  v1::Revocation revocation = ForProxies(resource);
  std::string name = revocation.name();
  absl::Status status;
  Remove(name);
  if (revocation.target_case() == v1::Revocation::TARGET_NOT_SET) {
    unreadable_.emplace(name, resource.expires_at);
    status = UnreadableError(name);
  }
  revocation_set_.Add(revocation);
  sum_ += ShareOf(revocation);
  const absl::Time end = EndOf(revocation);
  if (end != absl::InfiniteFuture()) ends_.emplace(end, name);
  revocations_.emplace(std::move(name), std::move(revocation));
  return status;
}

void RevocationHistory::Remove(const std::string& name) {
  const auto found = revocations_.find(name);
  if (found == revocations_.end()) return;
  revocation_set_.Remove(name);
  sum_ -= ShareOf(found->second);
  unreadable_.erase(name);
  ends_.erase({EndOf(found->second), name});
  revocations_.erase(found);
}

absl::Status RevocationHistory::Apply(const ResourceChange& change) {
  absl::Status status;
  Change remembered;
  remembered.revision = change.resource.revision;
  remembered.name = change.resource.name();
  if (change.deleted) {
    Remove(remembered.name);
  } else {
    status = Add(change.resource);
    remembered.revocation = revocations_.at(remembered.name);
  }
  Remember(std::move(remembered));
  return status;
}

void RevocationHistory::Remember(Change change) {
  changes_.push_back(std::move(change));
  if (changes_.size() <= limits_.max_changes) return;
  base_revision_ = changes_.front().revision;
  changes_.pop_front();
}

void RevocationHistory::RemoveExpired(absl::Time now) {
  const absl::Time gone = now - kKeptAfterEnd;
  while (!ends_.empty() && ends_.begin()->first <= gone) {
    Remove(std::string(ends_.begin()->second));
  }
}

absl::Status RevocationHistory::CheckReadable(absl::Time now) const {
  for (const auto& [name, end] : unreadable_) {
    if (end > now) return UnreadableError(name);
  }
  return absl::OkStatus();
}

bool RevocationHistory::FillNext(absl::Time now, RevocationCursor* cursor,
                                 v1::WatchResponse* response) const {
  if (cursor->snapshot_revision.has_value() || !Follows(*cursor)) {
    FillSnapshot(now, cursor, response);
    return true;
  }
  if (changes_.empty() ||
      cursor->position->revision() >= changes_.back().revision) {
    cursor->epoch = epoch_;
    cursor->sum = sum_;
    return false;
  }
  FillChanges(cursor, response);
  return true;
}

bool RevocationHistory::Follows(const RevocationCursor& cursor) const {
  return cursor.position.has_value() && Knows(*cursor.position) &&
         (cursor.epoch == 0 || cursor.epoch == epoch_ || cursor.sum == sum_);
}

// A position ahead of ours belongs to a history that has been taken back, or
// that we lag behind; either way what we have is the best we can tell.
bool RevocationHistory::Knows(const v1::WatchPosition& position) const {
  return position.store_id() == store_id_ &&
         position.revision() >= base_revision_ &&
         position.revision() <= revision_;
}

// What changes while a snapshot is being sent may be in it or not. Its position
// is that of its beginning, so that all of this follows.
void RevocationHistory::FillSnapshot(absl::Time now, RevocationCursor* cursor,
                                     v1::WatchResponse* response) const {
  v1::RevocationSnapshot* snapshot = response->mutable_snapshot();
  if (!cursor->snapshot_revision.has_value() || cursor->epoch != epoch_) {
    cursor->epoch = epoch_;
    cursor->snapshot_revision = revision_;
    cursor->snapshot_after.clear();
  }
  const absl::Time gone = now - kKeptAfterEnd;
  size_t bytes = 0;
  for (auto next = revocations_.upper_bound(cursor->snapshot_after);
       next != revocations_.end(); ++next) {
    if (EndOf(next->second) <= gone) continue;
    if (bytes >= limits_.max_message_bytes) {
      snapshot->set_more(true);
      return;
    }
    bytes += next->second.ByteSizeLong();
    *snapshot->add_revocations() = next->second;
    cursor->snapshot_after = next->first;
  }
  SetPosition(*cursor->snapshot_revision, cursor, response);
  cursor->snapshot_revision.reset();
}

// Of several changes of one revocation only the last counts, since a message
// deletes before it adds.
void RevocationHistory::FillChanges(RevocationCursor* cursor,
                                    v1::WatchResponse* response) const {
  auto next = std::upper_bound(changes_.begin(), changes_.end(),
                               cursor->position->revision(),
                               [](int64_t revision, const Change& change) {
                                 return revision < change.revision;
                               });
  std::map<absl::string_view, const Change*> last;
  size_t bytes = 0;
  int64_t revision = cursor->position->revision();
  for (; next != changes_.end() && bytes < limits_.max_message_bytes; ++next) {
    bytes += next->revocation.has_value() ? next->revocation->ByteSizeLong()
                                          : next->name.size();
    last[next->name] = &*next;
    revision = next->revision;
  }
  v1::RevocationChanges* changes = response->mutable_changes();
  for (const auto& [name, change] : last) {
    if (change->revocation.has_value()) {
      *changes->add_added() = *change->revocation;
    } else {
      changes->add_deleted(change->name);
    }
  }
  SetPosition(next == changes_.end() ? revision_ : revision, cursor, response);
}

void RevocationHistory::SetPosition(int64_t revision, RevocationCursor* cursor,
                                    v1::WatchResponse* response) const {
  v1::WatchPosition* position = response->mutable_position();
  position->set_store_id(store_id_);
  position->set_revision(revision);
  cursor->position = *position;
  cursor->epoch = epoch_;
  cursor->sum.reset();
  if (revision == revision_) cursor->sum = sum_;
}

}  // namespace sluice::policy
