#include "policy/store/etcd_resource_store.h"

#include <algorithm>
#include <utility>

#include "policy/revocation/kept_after_end.h"
#include "policy/store/etcd_request.h"
#include "policy/store/resource_rules.h"
#include "policy/store/store_errors.h"

namespace sluice::policy {
namespace {

using etcdserverpb::RangeRequest;
using etcdserverpb::RangeResponse;
using etcdserverpb::TxnRequest;
using etcdserverpb::TxnResponse;

// Writes only where there is none: etcd that is full refuses what might write.
absl::StatusOr<std::string> FindOrMakeId(EtcdClient* client) {
  const EtcdClient::Deadline deadline = client->NewDeadline();
  const std::string key = EtcdResourceKeys(*client).id();
  const absl::StatusOr<RangeResponse> found =
      client->Range(EtcdKey(key), deadline);
  if (!found.ok()) return found.status();
  if (!found->kvs().empty()) return found->kvs(0).value();
  TxnRequest txn;
  AddCondition(key, 0, &txn);
  std::string id = NewStoreId();
  AddPut(key, id, /*lease=*/0, &txn);
  *txn.add_failure()->mutable_request_range() = EtcdKey(key);
  const absl::StatusOr<TxnResponse> response = client->Txn(txn, deadline);
  if (!response.ok()) return response.status();
  if (response->succeeded()) return id;
  return response->responses(0).response_range().kvs(0).value();
}

}  // namespace

absl::StatusOr<std::unique_ptr<EtcdResourceStore>> EtcdResourceStore::Open(
    std::shared_ptr<EtcdClient> client, const ResourceLimits& limits,
    Clock clock) {
  absl::StatusOr<std::string> id = FindOrMakeId(client.get());
  if (!id.ok()) return id.status();
  return std::unique_ptr<EtcdResourceStore>(new EtcdResourceStore(
      *std::move(id), std::move(client), limits, std::move(clock)));
}

EtcdResourceStore::EtcdResourceStore(std::string id,
                                     std::shared_ptr<EtcdClient> client,
                                     const ResourceLimits& limits, Clock clock)
    : id_(std::move(id)),
      client_(std::move(client)),
      limits_(limits),
      clock_(std::move(clock)),
      keys_(*client_) {
  client_->PinStore(keys_.id(), id_);
}

absl::StatusOr<Resource> EtcdResourceStore::Put(Resource resource,
                                                std::optional<int64_t> expected,
                                                absl::Time now) {
  absl::Status status = CheckNewResource(resource, limits_, now);
  if (!status.ok()) return status;
  const EtcdClient::Deadline deadline = client_->NewDeadline();
  const std::string key = keys_.KeyOf(resource.collection, resource.id);
  const std::string value = SerializedResource(resource);
  for (;;) {
    const absl::StatusOr<Present> present = Look(key, now, deadline);
    if (!present.ok()) return present.status();
    status = CheckExpected(present->revision, expected);
    if (!status.ok()) return status;
    if (present->mod_revision == 0 &&
        static_cast<uint64_t>(present->total) >= limits_.max_resources) {
      return StoreIsFullError();
    }
    const absl::StatusOr<TxnResponse> written = client_->TxnWithLease(
        resource.expires_at + kKeptAfterEnd, now, deadline, [&](int64_t lease) {
          TxnRequest txn;
          if (expected.has_value()) {
            AddCondition(key, present->mod_revision, &txn);
          }
          AddPut(key, value, lease, &txn);
          return txn;
        });
    if (!written.ok()) return written.status();
    if (!written->succeeded()) continue;  // somebody came in between
    resource.revision = written->header().revision();
    return resource;
  }
}

absl::StatusOr<int64_t> EtcdResourceStore::Delete(
    absl::string_view collection, absl::string_view id,
    std::optional<int64_t> expected, absl::Time now) {
  absl::Status status = CheckResourceName(collection, id);
  if (!status.ok()) return status;
  const EtcdClient::Deadline deadline = client_->NewDeadline();
  const std::string key = keys_.KeyOf(collection, id);
  for (;;) {
    const absl::StatusOr<Present> present = Look(key, now, deadline);
    if (!present.ok()) return present.status();
    if (present->revision == 0) return NoSuchResourceError();
    status = CheckExpected(present->revision, expected);
    if (!status.ok()) return status;
    TxnRequest txn;
    AddCondition(key, present->mod_revision, &txn);
    AddDelete(key, &txn);
    const absl::StatusOr<TxnResponse> deleted = client_->Txn(txn, deadline);
    if (!deleted.ok()) return deleted.status();
    if (deleted->succeeded()) return deleted->header().revision();
  }
}

absl::StatusOr<std::optional<Resource>> EtcdResourceStore::Get(
    absl::string_view collection, absl::string_view id, absl::Time now) {
  absl::Status status = CheckResourceName(collection, id);
  if (!status.ok()) return status;
  const absl::StatusOr<RangeResponse> found = client_->Range(
      EtcdKey(keys_.KeyOf(collection, id)), client_->NewDeadline());
  if (!found.ok()) return found.status();
  if (found->kvs().empty()) return std::nullopt;
  std::optional<Resource> resource = keys_.ToResource(found->kvs(0));
  if (resource.has_value() && resource->expires_at <= now) resource.reset();
  return resource;
}

absl::StatusOr<std::vector<Resource>> EtcdResourceStore::List(
    absl::string_view collection, absl::string_view after, size_t limit,
    absl::Time now) {
  std::vector<Resource> resources;
  const EtcdClient::Deadline deadline = client_->NewDeadline();
  RangeRequest range = EtcdPrefix(keys_.KeyOf(collection, ""));
  if (!after.empty()) {
    range.set_key(EtcdKeyAfter(keys_.KeyOf(collection, after)));
  }
  range.set_limit(kResourcePageSize);
  while (resources.size() < limit) {
    const absl::StatusOr<RangeResponse> page = client_->Range(range, deadline);
    if (!page.ok()) return page.status();
    for (const mvccpb::KeyValue& kv : page->kvs()) {
      std::optional<Resource> resource = keys_.ToResource(kv);
      if (!resource.has_value() || resource->expires_at <= now) continue;
      if (resources.size() < limit) resources.push_back(*std::move(resource));
    }
    if (!NextPage(*page, &range)) break;
  }
  return resources;
}

void EtcdResourceStore::Follow(ResourceObserverInterface* observer) {
  follower_ =
      std::make_unique<EtcdResourceFollower>(client_, keys_, clock_, observer);
  follower_->AwaitFirst();
}

absl::StatusOr<EtcdResourceStore::Present> EtcdResourceStore::Look(
    const std::string& key, absl::Time now, EtcdClient::Deadline deadline) {
  TxnRequest txn;
  AddRange(EtcdKey(key), &txn);
  AddRange(EtcdCount(keys_.prefix()), &txn);
  const absl::StatusOr<TxnResponse> response = client_->Txn(txn, deadline);
  if (!response.ok()) return response.status();
  Present present;
  present.total = response->responses(1).response_range().count();
  const RangeResponse& found = response->responses(0).response_range();
  if (found.kvs().empty()) return present;
  present.mod_revision = found.kvs(0).mod_revision();
  const std::optional<Resource> resource = keys_.ToResource(found.kvs(0));
  if (resource.has_value() && resource->expires_at > now) {
    present.revision = resource->revision;
  }
  return present;
}

}  // namespace sluice::policy
