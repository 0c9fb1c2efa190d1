#include "policy/store/etcd_token_evictor.h"

#include <algorithm>
#include <utility>

#include "policy/store/etcd_request.h"

namespace sluice::policy {
namespace {

using etcdserverpb::RangeRequest;
using etcdserverpb::RangeResponse;
using etcdserverpb::TxnRequest;
using etcdserverpb::TxnResponse;

// etcd takes 128 operations in a transaction.
constexpr size_t kMaxOperations = 125;
// And 1.5 MiB; names that an issuer gave may be long.
constexpr size_t kMaxTransactionBytes = 512 << 10;
// How many are looked at together.
constexpr int64_t kMaxKeys = 100;
// etcd walks through all keys for each page, and reads those that are in it.
constexpr int64_t kPageSize = 4000;
constexpr size_t kMaxRemembered = 10'000;
constexpr absl::Duration kRetryAfter = absl::Seconds(1);

}  // namespace

EtcdTokenEvictor::EtcdTokenEvictor(std::shared_ptr<EtcdClient> client,
                                   std::string prefix, Bounds bounds,
                                   EtcdKeyCounter* counter, Names names)
    : client_(std::move(client)),
      prefix_(std::move(prefix)),
      bounds_(bounds),
      counter_(counter),
      names_(std::move(names)),
      thread_([this] { return Work(); }) {}

EtcdTokenEvictor::~EtcdTokenEvictor() { stopping_ = true; }

void EtcdTokenEvictor::Wake() {
  if (!wanted_.exchange(true)) thread_.Wake();
}

absl::Duration EtcdTokenEvictor::Work() {
  if (stopping_ || !wanted_.exchange(false)) return absl::InfiniteDuration();
  if (Evict().ok()) return absl::InfiniteDuration();
  wanted_ = true;
  return kRetryAfter;
}

absl::Status EtcdTokenEvictor::Evict() {
  const absl::StatusOr<int64_t> counted =
      counter_->Count(client_->NewDeadline());
  if (!counted.ok()) return counted.status();
  int64_t keys = *counted;
  if (keys <= bounds_.begin) return absl::OkStatus();
  while (keys > bounds_.goal && !stopping_) {
    if (oldest_.empty()) {
      absl::Status found = FindOldest();
      if (!found.ok() || oldest_.empty()) return found;
    }
    const absl::StatusOr<int64_t> gone =
        DeleteOldest(std::min(keys - bounds_.goal, kMaxKeys));
    if (!gone.ok()) return gone.status();
    keys = counter_->Add(-*gone);
  }
  return absl::OkStatus();
}

absl::Status EtcdTokenEvictor::FindOldest() {
  const auto is_older = [](const Key& a, const Key& b) {
    return a.revision < b.revision;
  };
  std::vector<Key> oldest;  // a heap, the newest of them first
  RangeRequest range = EtcdPrefix(prefix_);
  range.set_keys_only(true);
  range.set_limit(kPageSize);
  while (!stopping_) {
    const absl::StatusOr<RangeResponse> page =
        client_->Range(range, client_->NewDeadline());
    if (!page.ok()) return page.status();
    for (const mvccpb::KeyValue& kv : page->kvs()) {
      if (oldest.size() >= kMaxRemembered) {
        if (kv.mod_revision() >= oldest.front().revision) continue;
        std::pop_heap(oldest.begin(), oldest.end(), is_older);
        oldest.pop_back();
      }
      oldest.push_back({kv.mod_revision(), kv.key()});
      std::push_heap(oldest.begin(), oldest.end(), is_older);
    }
    if (!NextPage(*page, &range)) break;
  }
  std::sort_heap(oldest.begin(), oldest.end(), is_older);
  // What is written from now on is newer than these.
  oldest_.assign(oldest.begin(), oldest.end());
  return absl::OkStatus();
}

absl::StatusOr<int64_t> EtcdTokenEvictor::DeleteOldest(int64_t number) {
  std::vector<Key> keys;
  while (!oldest_.empty() && static_cast<int64_t>(keys.size()) < number) {
    keys.push_back(std::move(oldest_.front()));
    oldest_.pop_front();
  }
  int64_t gone = 0;
  const absl::StatusOr<std::vector<Found>> unchanged = Unchanged(keys, &gone);
  if (!unchanged.ok()) return unchanged.status();
  for (auto next = unchanged->begin(); next != unchanged->end();) {
    TxnRequest txn;
    int64_t records = 0;
    do {
      AddCondition(next->key.name, next->key.revision, &txn);
      AddDelete(next->key.name, &txn);
      for (const std::string& name : next->names) AddDelete(name, &txn);
      ++records;
      ++next;
    } while (next != unchanged->end() &&
             txn.success_size() + 1 + next->names.size() <= kMaxOperations &&
             txn.ByteSizeLong() < kMaxTransactionBytes);
    const absl::StatusOr<TxnResponse> deleted =
        client_->Txn(txn, client_->NewDeadline());
    if (!deleted.ok()) return deleted.status();
    if (deleted->succeeded()) gone += records;
  }
  return gone;
}

absl::StatusOr<std::vector<EtcdTokenEvictor::Found>>
EtcdTokenEvictor::Unchanged(const std::vector<Key>& keys, int64_t* gone) {
  TxnRequest look;
  for (const Key& key : keys) AddRange(EtcdKey(key.name), &look);
  const absl::StatusOr<TxnResponse> found =
      client_->Txn(look, client_->NewDeadline());
  if (!found.ok()) return found.status();
  std::vector<Found> unchanged;
  for (int i = 0; i < found->responses_size(); ++i) {
    const RangeResponse& range = found->responses(i).response_range();
    if (range.kvs().empty()) {
      ++*gone;
    } else if (range.kvs(0).mod_revision() == keys[i].revision) {
      unchanged.push_back({keys[i], names_(range.kvs(0).value())});
    }
  }
  return unchanged;
}

}  // namespace sluice::policy
