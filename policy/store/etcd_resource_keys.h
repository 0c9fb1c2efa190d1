#ifndef POLICY_STORE_ETCD_RESOURCE_KEYS_H_
#define POLICY_STORE_ETCD_RESOURCE_KEYS_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "policy/store/etcd_client.h"
#include "policy/store/resource_store.h"
#include "proto/etcd/kv.pb.h"

namespace sluice::policy {

// Of the ranges that are read; at most 64 KiB a resource.
inline constexpr int kResourcePageSize = 200;

// How resources are kept in etcd, under the prefix of the client's options:
//
//   PREFIX/id                        names the history; made by the first
//   PREFIX/resources/COLLECTION/ID   StoredResource; revisions are etcd's
class EtcdResourceKeys {
 public:
  explicit EtcdResourceKeys(const EtcdClient& client);

  const std::string& id() const { return id_; }
  // What the keys of all resources begin with.
  const std::string& prefix() const { return prefix_; }
  std::string KeyOf(absl::string_view collection, absl::string_view id) const;
  // Nothing where the key is not ours. A value that is not ours may have been a
  // revocation or a rule that denies: it becomes a resource that nobody can
  // read and that does not end.
  std::optional<Resource> ToResource(const mvccpb::KeyValue& kv) const;

 private:
  const std::string id_;
  const std::string prefix_;
};

// The value of a resource's key.
std::string SerializedResource(const Resource& resource);

}  // namespace sluice::policy

#endif  // POLICY_STORE_ETCD_RESOURCE_KEYS_H_
