#include "policy/service/replica.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/service/sum_share.h"
#include "proto/sluice/admin/v1/public_topic.pb.h"

namespace sluice::policy {
namespace {

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
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    revocations_.SetStoreId(store->id());
    awaits_snapshot_ = true;
  }
  store->Follow(this);
}

absl::Status Replica::CheckComplete() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return CheckCompleteLocked();
}

bool Replica::is_undecided() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return !ProblemLocked().empty();
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
  return revocations_.CheckReadable(clock_());
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
  return std::string(revocations_.Find(names, now));
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
  if (revocations_.FillNext(clock_(), &cursor->revocations_, &response)) {
    return response;
  }
  const std::string version = PolicyVersionLocked(digest_);
  if (version == cursor->policy_version_) return std::nullopt;
  cursor->policy_version_ = version;
  response.mutable_policy()->set_version(version);
  revocations_.FillPosition(&cursor->revocations_, &response);
  return response;
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
    revocations_.Reset(revision);
    others_.clear();
    public_topics_.clear();
    issuers_.Clear();
    rules_.Clear();
    unreadable_rules_.clear();
    shared_rules_.reset();
    others_sum_ = 0;
    for (const Resource& resource : resources) {
      if (resource.collection == kRevocations) {
        NoteUnreadable(kRevocations, revocations_.Add(resource));
      } else {
        ApplyOther(resource, /*deleted=*/false);
      }
    }
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
        NoteUnreadable(kRevocations, revocations_.Apply(change));
      } else {
        ApplyOther(change.resource, change.deleted);
      }
      revocations_.AdvanceTo(change.resource.revision);
    }
    revocations_.RemoveExpired(clock_());
  }
  Announce(other_issuers);
}

void Replica::OnRevision(int64_t revision) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    revocations_.AdvanceTo(revision);
    revocations_.RemoveExpired(clock_());
  }
  Announce(/*other_issuers=*/false);
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
  std::string name = resource.name();
  if (const auto old = others_.find(name); old != others_.end()) {
    others_sum_ -= old->second;
    others_.erase(old);
  }
  if (deleted) return;
  const uint64_t share = SumShareOf(name, resource.value);
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
  NoteUnreadable(kRules, std::move(status));
}

void Replica::NoteUnreadable(absl::string_view collection,
                             absl::Status problem) {
  if (!problem.ok()) unreadable_.emplace_back(collection, std::move(problem));
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
    told_revision_ = revocations_.revision();
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
