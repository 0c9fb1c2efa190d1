// EtcdTokenStore's facts.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/store/etcd_request.h"
#include "policy/store/etcd_token_store.h"
#include "policy/store/store_errors.h"
#include "policy/store/token_rules.h"
#include "proto/sluice/store/v1/stored.pb.h"

namespace sluice::policy {
namespace {

using etcdserverpb::RangeResponse;
using etcdserverpb::TxnRequest;
using etcdserverpb::TxnResponse;
using store::v1::StoredFact;

}  // namespace

absl::StatusOr<bool> EtcdTokenStore::ClaimClientId(const ClientIdClaim& claim,
                                                   absl::Time now) {
  const EtcdClient::Deadline deadline = client_->NewDeadline();
  const Fact mine{claim.owner, claim.expires_at};
  for (;;) {
    const absl::StatusOr<std::optional<FoundFact>> owner =
        MakeFact(&owners_, claim.client_id, mine, now, deadline);
    if (!owner.ok()) return owner.status();
    if (!owner->has_value()) return true;
    if ((*owner)->fact.value != claim.owner) return false;
    if ((*owner)->fact.expires_at >= claim.expires_at) return true;
    const absl::StatusOr<bool> longer =
        ReplaceFact(absl::StrCat(owners_.prefix, claim.client_id),
                    (*owner)->revision, mine, now, deadline);
    if (!longer.ok()) return longer.status();
    if (*longer) return true;
  }
}

absl::StatusOr<std::optional<std::string>> EtcdTokenStore::FindClientIdOwner(
    absl::string_view client_id, absl::Time now) {
  const absl::StatusOr<RangeResponse> found = client_->Range(
      EtcdKey(absl::StrCat(owners_.prefix, client_id)), client_->NewDeadline());
  if (!found.ok()) return found.status();
  const absl::StatusOr<FoundFact> owner = ToFact(*found);
  if (!owner.ok()) return owner.status();
  if (owner->revision == 0 || owner->fact.expires_at <= now) {
    return std::nullopt;
  }
  return owner->fact.value;
}

absl::StatusOr<absl::Time> EtcdTokenStore::FirstSeen(absl::string_view token,
                                                     absl::Time forget_at,
                                                     absl::Time now) {
  const Fact fact{FirstSeenValue(now), forget_at};
  const absl::StatusOr<std::optional<FoundFact>> seen =
      MakeFact(&first_seen_, token, fact, now, client_->NewDeadline());
  if (!seen.ok()) return seen.status();
  if (!seen->has_value()) return now;
  return ReadFirstSeen((*seen)->fact.value);
}

absl::StatusOr<bool> EtcdTokenStore::UseProof(absl::string_view proof,
                                              absl::Time forget_at,
                                              absl::Time now) {
  const absl::StatusOr<std::optional<FoundFact>> used = MakeFact(
      &used_proofs_, proof, {"", forget_at}, now, client_->NewDeadline());
  if (!used.ok()) return used.status();
  return !used->has_value();
}

absl::StatusOr<EtcdTokenStore::FoundFact> EtcdTokenStore::ToFact(
    const RangeResponse& found) {
  FoundFact fact;
  if (found.kvs().empty()) return fact;
  StoredFact stored;
  if (!stored.ParseFromString(found.kvs(0).value())) {
    return absl::DataLossError("a fact in etcd cannot be read");
  }
  fact.fact.value = stored.value();
  fact.fact.expires_at = stored.expires_at() == 0
                             ? absl::InfiniteFuture()
                             : absl::FromUnixMicros(stored.expires_at());
  fact.revision = found.kvs(0).mod_revision();
  return fact;
}

absl::StatusOr<std::optional<EtcdTokenStore::FoundFact>>
EtcdTokenStore::MakeFact(Facts* facts, absl::string_view name, const Fact& fact,
                         absl::Time now, EtcdClient::Deadline deadline) {
  const std::string key = absl::StrCat(facts->prefix, name);
  for (;;) {
    const absl::StatusOr<RangeResponse> response =
        client_->Range(EtcdKey(key), deadline);
    if (!response.ok()) return response.status();
    const absl::StatusOr<FoundFact> found = ToFact(*response);
    if (!found.ok()) return found.status();
    if (found->revision != 0 && found->fact.expires_at > now) return *found;
    // Nothing, or what has expired and is not removed yet.
    const absl::StatusOr<int64_t> total = facts->counter.Get(deadline);
    if (!total.ok()) return total.status();
    if ((found->revision == 0 &&
         static_cast<uint64_t>(*total) >= limits_.max_facts) ||
        name.size() + fact.value.size() > limits_.max_fact_bytes) {
      return StoreIsFullError();
    }
    const absl::StatusOr<bool> made =
        ReplaceFact(key, found->revision, fact, now, deadline);
    if (!made.ok()) return made.status();
    if (!*made) continue;
    if (found->revision == 0) facts->counter.Add(1);
    return std::nullopt;
  }
}

absl::StatusOr<bool> EtcdTokenStore::ReplaceFact(
    const std::string& key, int64_t revision, const Fact& fact, absl::Time now,
    EtcdClient::Deadline deadline) {
  StoredFact stored;
  stored.set_value(fact.value);
  if (fact.expires_at != absl::InfiniteFuture()) {
    stored.set_expires_at(absl::ToUnixMicros(fact.expires_at));
  }
  const std::string value = stored.SerializeAsString();
  const absl::StatusOr<TxnResponse> response =
      client_->TxnWithLease(fact.expires_at, now, deadline, [&](int64_t lease) {
        TxnRequest txn;
        AddCondition(key, revision, &txn);
        AddPut(key, value, lease, &txn);
        return txn;
      });
  if (!response.ok()) return response.status();
  return response->succeeded();
}

}  // namespace sluice::policy
