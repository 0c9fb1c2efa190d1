#ifndef POLICY_SERVICE_REPLICA_H_
#define POLICY_SERVICE_REPLICA_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/revocation/revocation_set.h"
#include "policy/rules/rule_set.h"
#include "policy/service/managed_issuers.h"
#include "policy/service/revocation_history.h"
#include "policy/store/resource_store.h"
#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/base/clock.h"

namespace sluice::policy {

// The collection of sluice.admin.v1.Revocation in a ResourceStoreInterface; a
// resource's value is the serialized message.
inline constexpr char kRevocations[] = "revocations";
// The same of sluice.admin.v1.PublicTopic.
inline constexpr char kPublicTopics[] = "public-topics";
// The same of sluice.admin.v1.Rule.
inline constexpr char kRules[] = "rules";
// The same of sluice.admin.v1.Issuer.
inline constexpr char kIssuers[] = "issuers";

// Where one proxy is in what a Replica tells proxies.
class WatchCursor {
 public:
  // At the very beginning, or where the proxy says that it is.
  WatchCursor() = default;
  explicit WatchCursor(v1::WatchPosition position) {
    revocations_.position = std::move(position);
  }

 private:
  friend class Replica;

  RevocationCursor revocations_;
  std::string policy_version_;
  std::string problem_;  // why nothing is decided, as told
};

// What operators manage, as far as decisions and proxies need it, in this
// process: it follows a store. Thread-safe.
class Replica final : public ResourceObserverInterface {
 public:
  using Limits = RevocationHistory::Limits;

  // Empty, until it follows a store.
  explicit Replica(Clock clock) : Replica(std::move(clock), Limits()) {}
  Replica(Clock clock, const Limits& limits)
      : clock_(std::move(clock)), revocations_(limits) {}
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  // `listener` is called whenever Next() may have something new, within the
  // call that changed this, but for what comes with time, as the end of a
  // revocation that cannot be read. Once, before anything changes.
  void SetListener(std::function<void()> listener);

  // `listener` is called, within the call that changed this, with what is wrong
  // with each rule and revocation that comes and cannot be read, and of which
  // collection it is. Once, before anything changes.
  using UnreadableListener = std::function<void(absl::string_view collection,
                                                const absl::Status& problem)>;
  void SetUnreadableListener(UnreadableListener listener);

  // `listener` is called with the reason when the store goes out of reach, or
  // when that reason is of another code, and with OK when it is within reach,
  // for the first time too; not while calls wait for it. Once, before anything
  // changes.
  void SetReachListener(std::function<void(const absl::Status&)> listener);

  // The same for the managed issuers: `listener` is called when they may be
  // others, before what changed counts (see WhenAt()), and may call
  // SetConfiguration().
  void SetIssuerListener(std::function<void()> listener);

  // Follows `store`, which ends before this. Once, after the listeners are set.
  void Follow(ResourceStoreInterface* store);

  // OK once what it follows has been read, while that is within reach, and
  // while all revocations in it are understood: else it does not know all that
  // is taken away, and nothing may be decided by it. Unavailable, or
  // FailedPrecondition that names a revocation. A store that there is no more
  // (kDataLoss) takes nothing away: what it had counts.
  absl::Status CheckComplete() const;

  // Whether nothing is decided at the moment, as proxies are told:
  // CheckComplete() says so, or a rule cannot be read.
  bool is_undecided() const;

  // The managed public topics.
  std::vector<v1::Permission> public_topics() const;

  // The managed issuers that can be read, and the ids of those that cannot.
  std::vector<ManagedIssuer> issuers() const;
  std::vector<std::string> unreadable_issuers() const;
  // How many there are of both beside the one of that id.
  size_t CountIssuersBut(const std::string& id) const;

  // How many of each count.
  struct Counts {
    size_t revocations = 0;
    size_t public_topics = 0;
    size_t rules = 0;
    size_t issuers = 0;
  };
  Counts counts() const;

  // What operators take away.
  std::shared_ptr<const RuleSet> rules() const;

  // The name of a revocation that is in force at `now` and fits; empty where
  // there is none.
  std::string FindRevocation(const RevocableNames& names, absl::Time now) const;

  // Says which configuration new grants follow from: see PolicyVersionOf().
  void SetConfiguration(absl::string_view digest);

  // v1::PolicyVersion under the configuration with that digest and what is
  // managed now. Equal for two services that have both alike.
  std::string PolicyVersionOf(absl::string_view digest) const;

  // The next message for the proxy at `cursor`, which moves on; nullopt where
  // the proxy has all, and until the store has been read. First whether
  // anything is decided at the moment, which it is where CheckComplete() says
  // so and all rules can be read; then the revocations that the proxy lacks:
  // what has changed, where that is remembered, else all; then the policy's
  // version.
  std::optional<v1::WatchResponse> Next(WatchCursor* cursor) const;

  // Calls `done`, on any thread, once: OK when the store's `revision` counts
  // here and the listeners have been called for it, which may be at once;
  // Unavailable where the store is out of reach, when an attempt to reach it
  // has failed, and after EndWaits().
  void WhenAt(int64_t revision, std::function<void(absl::Status)> done);

  // Nobody waits from now on.
  void EndWaits();

  void OnSnapshot(int64_t revision, std::vector<Resource> resources) override;
  void OnChanges(std::vector<ResourceChange> changes) override;
  void OnRevision(int64_t revision) override;
  void OnStale(const absl::Status& reason) override;
  void OnFresh() override;

 private:
  struct Waiter {
    int64_t revision;
    std::function<void(absl::Status)> done;
  };

  // All of these are called with mutex_ held.
  void ApplyOther(const Resource& resource, bool deleted);
  void ApplyPublicTopic(const Resource& resource, bool deleted);
  void ApplyRule(const Resource& resource, bool deleted);
  // Keeps `problem`, where it is one, for the listener.
  void NoteUnreadable(absl::string_view collection, absl::Status problem);
  std::string PolicyVersionLocked(absl::string_view digest) const;
  absl::Status CheckCompleteLocked() const;
  // Why nothing is decided; empty where something is.
  std::string ProblemLocked() const;

  // Without mutex_: tells the listeners of a change, and then those who wait
  // for it.
  void Announce(bool other_issuers);
  void TellReach(const absl::Status& reach);
  void FailWaiters(absl::string_view why);

  const Clock clock_;
  std::function<void()> listener_;
  UnreadableListener unreadable_listener_;
  std::function<void(const absl::Status&)> reach_listener_;
  std::optional<absl::StatusCode> reach_;  // as told; of the store's calls
  std::function<void()> issuer_listener_;

  mutable std::mutex mutex_;
  // The last of the store's that the listeners have been called for.
  int64_t told_revision_ = 0;
  RevocationHistory revocations_;
  // The share of all that is not a revocation, by name, in a sum that does not
  // depend on their order.
  absl::flat_hash_map<std::string, uint64_t> others_;
  uint64_t others_sum_ = 0;
  std::map<std::string, v1::Permission> public_topics_;  // by id
  ManagedIssuers issuers_;
  RuleSet rules_;
  std::map<std::string, std::string> unreadable_rules_;  // and why, by id
  // Collections and problems that have not been told of yet.
  std::vector<std::pair<absl::string_view, absl::Status>> unreadable_;
  // A copy for readers; null where rules_ has changed.
  mutable std::shared_ptr<const RuleSet> shared_rules_;
  std::string digest_;
  // Why what has been told may not be what the store has: kUnavailable, or
  // kDataLoss.
  std::optional<absl::StatusCode> stale_;
  bool awaits_snapshot_ = false;
  bool waits_ended_ = false;
  std::vector<Waiter> waiters_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_REPLICA_H_
