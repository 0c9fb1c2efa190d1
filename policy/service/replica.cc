#include "policy/service/replica.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/ace/digest.h"
#include "proto/sluice/admin/v1/public_topic.pb.h"
#include "proto/sluice/admin/v1/revocation.pb.h"
#include "proxy/base/bytes.h"

namespace sluice::policy {
namespace {

std::string NameOf(const Resource& resource) {
  return absl::StrCat(resource.collection, "/", resource.id);
}

// What proxies are told of a stored revocation. One that cannot be read, since
// a newer policy service has written it, has no target.
v1::Revocation ForProxies(const Resource& resource) {
  admin::v1::Revocation stored;
  v1::Revocation revocation;
  revocation.set_name(NameOf(resource));
  if (!stored.ParseFromString(resource.value)) return revocation;
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

// The share of one resource in a sum over many. By what it says: revisions are
// used again by a store that has lost some.
uint64_t ShareOf(absl::string_view name, absl::string_view value) {
  const std::string hash = ace::Sha256(AsBytes(absl::StrCat(name, "=", value)));
  uint64_t share = 0;
  for (size_t i = 0; i < sizeof(share); ++i) {
    share = share << 8 | static_cast<unsigned char>(hash[i]);
  }
  return share;
}

absl::Status UnreadableRevocation(absl::string_view name) {
  return absl::FailedPreconditionError(
      absl::StrCat(name,
                   " cannot be read, and nothing is granted until it is "
                   "replaced or deleted"));
}

absl::Status MayNotCountError(absl::string_view why) {
  return absl::UnavailableError(
      absl::StrCat("written, but it may not count yet: ", why));
}

}  // namespace

void Replica::SetListener(std::function<void()> listener) {
  listener_ = std::move(listener);
}

void Replica::SetUnreadableListener(UnreadableListener listener) {
  unreadable_listener_ = std::move(listener);
}

void Replica::SetIssuerListener(std::function<void()> listener) {
  issuer_listener_ = std::move(listener);
}

void Replica::Follow(ResourceStoreInterface* store) {
  store_id_ = store->id();
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    awaits_snapshot_ = true;
  }
  store->Follow(this);
}

absl::Status Replica::CheckComplete() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return CheckCompleteLocked();
}

std::string Replica::ProblemLocked() const {
  const absl::Status complete = CheckCompleteLocked();
  if (!complete.ok()) return std::string(complete.message());
  return unreadable_rules_.empty() ? "" : unreadable_rules_.begin()->second;
}

absl::Status Replica::CheckCompleteLocked() const {
  if (awaits_snapshot_) {
    return absl::UnavailableError(
        "what operators manage has not been read from the store yet");
  }
  if (stale_ == absl::StatusCode::kUnavailable) {
    return absl::UnavailableError(
        "what operators take away may be more than is known here: the store "
        "is out of reach");
  }
  const absl::Time now = clock_();
  for (const auto& [name, end] : unreadable_revocations_) {
    if (end > now) return UnreadableRevocation(name);
  }
  return absl::OkStatus();
}

std::vector<ManagedIssuer> Replica::issuers() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return issuers_.issuers();
}

std::vector<std::string> Replica::unreadable_issuers() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return issuers_.unreadable();
}

size_t Replica::CountIssuersBut(const std::string& id) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return issuers_.CountBut(id);
}

Replica::Counts Replica::counts() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return {revocations_.size(), public_topics_.size(), rules_.size(),
          issuers_.CountBut("")};
}

std::shared_ptr<const RuleSet> Replica::rules() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (shared_rules_ == nullptr) {
    shared_rules_ = std::make_shared<const RuleSet>(rules_);
  }
  return shared_rules_;
}

std::vector<v1::Permission> Replica::public_topics() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<v1::Permission> topics;
  topics.reserve(public_topics_.size());
  for (const auto& [id, topic] : public_topics_) topics.push_back(topic);
  return topics;
}

std::string Replica::FindRevocation(const RevocableNames& names,
                                    absl::Time now) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::string(revocation_set_.Find(names, now));
}

void Replica::SetConfiguration(absl::string_view digest) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    digest_ = std::string(digest);
  }
  if (listener_) listener_();
}

std::string Replica::PolicyVersionOf(absl::string_view digest) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return PolicyVersionLocked(digest);
}

std::string Replica::PolicyVersionLocked(absl::string_view digest) const {
  return absl::StrCat(digest, "-", absl::Hex(others_sum_, absl::kZeroPad16));
}

std::optional<v1::WatchResponse> Replica::Next(WatchCursor* cursor) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (awaits_snapshot_) return std::nullopt;
  v1::WatchResponse response;
  if (std::string problem = ProblemLocked(); problem != cursor->problem_) {
    response.mutable_state()->set_undecided(!problem.empty());
    response.mutable_state()->set_detail(problem);
    cursor->problem_ = std::move(problem);
    return response;
  }
  const bool in_snapshot = cursor->snapshot_revision_.has_value();
  if (in_snapshot || !cursor->position_.has_value() ||
      !Knows(*cursor->position_)) {
    FillSnapshot(cursor, &response);
    return response;
  }
  if (!changes_.empty() &&
      cursor->position_->revision() < changes_.back().revision) {
    FillChanges(cursor, &response);
    return response;
  }
  const std::string version = PolicyVersionLocked(digest_);
  if (version == cursor->policy_version_) return std::nullopt;
  cursor->policy_version_ = version;
  response.mutable_policy()->set_version(version);
  SetPosition(revision_, cursor, &response);
  return response;
}

// A position ahead of ours belongs to a history that has been taken back, or
// that we lag behind; either way what we have is the best we can tell.
bool Replica::Knows(const v1::WatchPosition& position) const {
  return position.store_id() == store_id_ &&
         position.revision() >= base_revision_ &&
         position.revision() <= revision_;
}

// What changes while a snapshot is being sent may be in it or not. Its position
// is that of its beginning, so that all of this follows.
void Replica::FillSnapshot(WatchCursor* cursor,
                           v1::WatchResponse* response) const {
  v1::RevocationSnapshot* snapshot = response->mutable_snapshot();
  if (!cursor->snapshot_revision_.has_value()) {
    cursor->snapshot_revision_ = revision_;
    cursor->snapshot_after_.clear();
  }
  const absl::Time gone = clock_() - kKeptAfterEnd;
  size_t bytes = 0;
  for (auto next = revocations_.upper_bound(cursor->snapshot_after_);
       next != revocations_.end(); ++next) {
    if (EndOf(next->second) <= gone) continue;
    if (bytes >= limits_.max_message_bytes) {
      snapshot->set_more(true);
      return;
    }
    bytes += next->second.ByteSizeLong();
    *snapshot->add_revocations() = next->second;
    cursor->snapshot_after_ = next->first;
  }
  SetPosition(*cursor->snapshot_revision_, cursor, response);
  cursor->snapshot_revision_.reset();
}

// Of several changes of one revocation only the last counts, since a message
// deletes before it adds.
void Replica::FillChanges(WatchCursor* cursor,
                          v1::WatchResponse* response) const {
  auto next = std::upper_bound(changes_.begin(), changes_.end(),
                               cursor->position_->revision(),
                               [](int64_t revision, const Change& change) {
                                 return revision < change.revision;
                               });
  std::map<absl::string_view, const Change*> last;
  size_t bytes = 0;
  int64_t revision = cursor->position_->revision();
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

void Replica::SetPosition(int64_t revision, WatchCursor* cursor,
                          v1::WatchResponse* response) const {
  v1::WatchPosition* position = response->mutable_position();
  position->set_store_id(store_id_);
  position->set_revision(revision);
  cursor->position_ = *position;
}

void Replica::WhenAt(int64_t revision, std::function<void(absl::Status)> done) {
  absl::Status status;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    // A store that comes back may be an older one, whose revisions are lower.
    if (stale_.has_value() || told_revision_ < revision) {
      if (!waits_ended_) {
        waiters_.push_back({revision, std::move(done)});
        return;
      }
      status = MayNotCountError("the service ends");
    }
  }
  done(status);
}

void Replica::EndWaits() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    waits_ended_ = true;
  }
  FailWaiters("the service ends");
}

void Replica::FailWaiters(absl::string_view why) {
  std::vector<Waiter> waiters;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiters.swap(waiters_);
  }
  for (const Waiter& waiter : waiters) waiter.done(MayNotCountError(why));
}

void Replica::OnSnapshot(int64_t revision, std::vector<Resource> resources) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    revocation_set_.Clear();
    revocations_.clear();
    unreadable_revocations_.clear();
    ends_.clear();
    changes_.clear();
    others_.clear();
    public_topics_.clear();
    issuers_.Clear();
    rules_.Clear();
    unreadable_rules_.clear();
    shared_rules_.reset();
    others_sum_ = 0;
    for (const Resource& resource : resources) {
      if (resource.collection != kRevocations) {
        ApplyOther(resource, /*deleted=*/false);
        continue;
      }
      AddRevocation(resource);
    }
    revision_ = revision;
    base_revision_ = revision;
    stale_.reset();
    awaits_snapshot_ = false;
  }
  Announce(/*other_issuers=*/true);
  TellReach(absl::OkStatus());
}

void Replica::OnChanges(std::vector<ResourceChange> changes) {
  bool other_issuers = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const ResourceChange& change : changes) {
      other_issuers |= change.resource.collection == kIssuers;
      if (change.resource.collection == kRevocations) {
        ApplyRevocation(change);
      } else {
        ApplyOther(change.resource, change.deleted);
      }
      revision_ = change.resource.revision;
    }
    RemoveExpired();
  }
  Announce(other_issuers);
}

void Replica::OnRevision(int64_t revision) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    revision_ = revision;
    RemoveExpired();
  }
  Announce(/*other_issuers=*/false);
}

void Replica::ApplyRevocation(const ResourceChange& change) {
  Change remembered;
  remembered.revision = change.resource.revision;
  remembered.name = NameOf(change.resource);
  if (change.deleted) {
    revocation_set_.Remove(remembered.name);
    revocations_.erase(remembered.name);
    unreadable_revocations_.erase(remembered.name);
  } else {
    AddRevocation(change.resource);
    remembered.revocation = revocations_.at(remembered.name);
  }
  Remember(std::move(remembered));
}

void Replica::AddRevocation(const Resource& resource) {
  v1::Revocation revocation = ForProxies(resource);
  std::string name = revocation.name();
  unreadable_revocations_.erase(name);
  if (revocation.target_case() == v1::Revocation::TARGET_NOT_SET) {
    unreadable_revocations_.emplace(name, resource.expires_at);
    unreadable_.emplace_back(kRevocations, UnreadableRevocation(name));
  }
  revocation_set_.Add(revocation);
  const absl::Time end = EndOf(revocation);
  if (end != absl::InfiniteFuture()) ends_.emplace(end, name);
  revocations_.insert_or_assign(std::move(name), std::move(revocation));
}

// Nobody is told of these: who has them knows when they end.
void Replica::RemoveExpired() {
  const absl::Time now = clock_();
  revocation_set_.RemoveExpired(now);
  const absl::Time gone = now - kKeptAfterEnd;
  while (!ends_.empty() && ends_.begin()->first <= gone) {
    const auto ended = revocations_.find(ends_.begin()->second);
    if (ended != revocations_.end() && EndOf(ended->second) <= gone) {
      unreadable_revocations_.erase(ended->first);
      revocations_.erase(ended);
    }
    ends_.erase(ends_.begin());
  }
}

void Replica::ApplyOther(const Resource& resource, bool deleted) {
  if (resource.collection == kPublicTopics) {
    ApplyPublicTopic(resource, deleted);
  } else if (resource.collection == kRules) {
    ApplyRule(resource, deleted);
  } else if (resource.collection == kIssuers) {
    if (deleted) {
      issuers_.Remove(resource.id);
    } else {
      issuers_.Put(resource.id, resource.value);
    }
  }
  std::string name = NameOf(resource);
  if (const auto old = others_.find(name); old != others_.end()) {
    others_sum_ -= old->second;
    others_.erase(old);
  }
  if (deleted) return;
  const uint64_t share = ShareOf(name, resource.value);
  others_sum_ += share;
  others_.emplace(std::move(name), share);
}

// One that cannot be read permits nothing.
void Replica::ApplyPublicTopic(const Resource& resource, bool deleted) {
  public_topics_.erase(resource.id);
  admin::v1::PublicTopic topic;
  if (deleted || !topic.ParseFromString(resource.value)) return;
  v1::Permission permission;
  permission.set_topic_filter(topic.topic_filter());
  permission.set_publish(topic.publish());
  permission.set_subscribe(topic.subscribe());
  public_topics_.emplace(resource.id, std::move(permission));
}

// One that cannot be read is kept too, and shuts everybody out: see RuleSet.
void Replica::ApplyRule(const Resource& resource, bool deleted) {
  shared_rules_.reset();
  unreadable_rules_.erase(resource.id);
  if (deleted) {
    rules_.Remove(resource.id);
    return;
  }
  absl::Status status = rules_.Put(resource.id, resource.value);
  if (status.ok()) return;
  unreadable_rules_.emplace(resource.id, status.message());
  unreadable_.emplace_back(kRules, std::move(status));
}

void Replica::Remember(Change change) {
  changes_.push_back(std::move(change));
  if (changes_.size() <= limits_.max_changes) return;
  base_revision_ = changes_.front().revision;
  changes_.pop_front();
}

void Replica::OnStale(const absl::Status& reason) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    // What is written to another store is nothing that this one lacks.
    stale_ = reason.code() == absl::StatusCode::kDataLoss
                 ? absl::StatusCode::kDataLoss
                 : absl::StatusCode::kUnavailable;
  }
  if (listener_) listener_();
  FailWaiters(reason.message());
  TellReach(reason);
}

void Replica::OnFresh() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stale_.reset();
  }
  Announce(/*other_issuers=*/false);
  TellReach(absl::OkStatus());
}

void Replica::SetReachListener(
    std::function<void(const absl::Status&)> listener) {
  reach_listener_ = std::move(listener);
}

void Replica::TellReach(const absl::Status& reach) {
  if (reach_ == reach.code()) return;
  reach_ = reach.code();
  if (reach_listener_) reach_listener_(reach);
}

void Replica::Announce(bool other_issuers) {
  if (other_issuers && issuer_listener_) issuer_listener_();
  if (listener_) listener_();
  std::vector<Waiter> due;
  std::vector<std::pair<absl::string_view, absl::Status>> unreadable;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    unreadable.swap(unreadable_);
    // Changes come one after the other, so this is the one just told of.
    told_revision_ = revision_;
    const auto later = std::stable_partition(
        waiters_.begin(), waiters_.end(), [this](const Waiter& waiter) {
          return !stale_.has_value() && waiter.revision <= told_revision_;
        });
    due.assign(std::make_move_iterator(waiters_.begin()),
               std::make_move_iterator(later));
    waiters_.erase(waiters_.begin(), later);
  }
  if (unreadable_listener_) {
    for (const auto& [collection, problem] : unreadable) {
      unreadable_listener_(collection, problem);
    }
  }
  for (const Waiter& waiter : due) waiter.done(absl::OkStatus());
}

}  // namespace sluice::policy
