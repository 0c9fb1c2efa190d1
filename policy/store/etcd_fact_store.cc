#include "policy/store/etcd_fact_store.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "policy/revocation/kept_after_end.h"
#include "policy/store/etcd_request.h"
#include "policy/store/store_errors.h"
#include "proto/sluice/store/v1/stored.pb.h"

namespace sluice::policy {
namespace {

using etcdserverpb::RangeResponse;
using etcdserverpb::TxnRequest;
using etcdserverpb::TxnResponse;
using store::v1::StoredFact;

}  // namespace

EtcdFactStore::EtcdFactStore(std::shared_ptr<EtcdClient> client,
                             const FactLimits& limits)
    : client_(std::move(client)),
      limits_(limits),
      keys_{{{client_, FactKind::kClientIdOwner},
             {client_, FactKind::kFirstSeen},
             {client_, FactKind::kUsedProof}}} {}

absl::StatusOr<std::optional<Fact>> EtcdFactStore::Find(FactKind kind,
                                                        absl::string_view key,
                                                        absl::Time now) {
  absl::StatusOr<FoundFact> found =
      Read(absl::StrCat(Of(kind).prefix, key), now, client_->NewDeadline());
  if (!found.ok()) return found.status();
  return std::move(found->fact);
}

absl::StatusOr<std::optional<Fact>> EtcdFactStore::Make(FactKind kind,
                                                        absl::string_view key,
                                                        const Fact& fact,
                                                        absl::Time now) {
  const EtcdClient::Deadline deadline = client_->NewDeadline();
  const std::string full_key = absl::StrCat(Of(kind).prefix, key);
  EtcdKeyCounter& counter = Of(kind).counter;
  for (;;) {
    absl::StatusOr<FoundFact> found = Read(full_key, now, deadline);
    if (!found.ok()) return found.status();
    if (found->fact.has_value()) return std::move(found->fact);
    // Nothing, or what has expired and is not removed yet.
    const absl::StatusOr<int64_t> total = counter.Get(deadline);
    if (!total.ok()) return total.status();
    if ((found->revision == 0 &&
         static_cast<uint64_t>(*total) >= limits_.max_facts) ||
        key.size() + fact.value.size() > limits_.max_bytes) {
      return StoreIsFullError();
    }
    const absl::StatusOr<bool> made =
        Replace(full_key, found->revision, fact, now, deadline);
    if (!made.ok()) return made.status();
    if (!*made) continue;
    if (found->revision == 0) counter.Add(1);
    return std::nullopt;
  }
}

absl::StatusOr<bool> EtcdFactStore::Extend(FactKind kind, absl::string_view key,
                                           const Fact& fact, absl::Time now) {
  const EtcdClient::Deadline deadline = client_->NewDeadline();
  const std::string full_key = absl::StrCat(Of(kind).prefix, key);
  const absl::StatusOr<FoundFact> found = Read(full_key, now, deadline);
  if (!found.ok()) return found.status();
  if (!found->fact.has_value() || found->fact->value != fact.value) {
    return false;
  }
  if (found->fact->expires_at >= fact.expires_at) return true;
  return Replace(full_key, found->revision, fact, now, deadline);
}

absl::StatusOr<EtcdFactStore::FoundFact> EtcdFactStore::Read(
    const std::string& key, absl::Time now, EtcdClient::Deadline deadline) {
  const absl::StatusOr<RangeResponse> response =
      client_->Range(EtcdKey(key), deadline);
  if (!response.ok()) return response.status();
  FoundFact found;
  if (response->kvs().empty()) return found;
  StoredFact stored;
  if (!stored.ParseFromString(response->kvs(0).value())) {
    return absl::DataLossError("a fact in etcd cannot be read");
  }
  found.revision = response->kvs(0).mod_revision();
  const absl::Time expires_at = stored.expires_at() == 0
                                    ? absl::InfiniteFuture()
                                    : absl::FromUnixMicros(stored.expires_at());
  if (expires_at > now) found.fact = Fact{stored.value(), expires_at};
  return found;
}

absl::StatusOr<bool> EtcdFactStore::Replace(const std::string& key,
                                            int64_t revision, const Fact& fact,
                                            absl::Time now,
                                            EtcdClient::Deadline deadline) {
  StoredFact stored;
  stored.set_value(fact.value);
  if (fact.expires_at != absl::InfiniteFuture()) {
    stored.set_expires_at(absl::ToUnixMicros(fact.expires_at));
  }
  const std::string value = stored.SerializeAsString();
  const absl::StatusOr<TxnResponse> response = client_->TxnWithLease(
      fact.expires_at + kKeptAfterEnd, now, deadline, [&](int64_t lease) {
        TxnRequest txn;
        AddCondition(key, revision, &txn);
        AddPut(key, value, lease, &txn);
        return txn;
      });
  if (!response.ok()) return response.status();
  return response->succeeded();
}

}  // namespace sluice::policy
