#include "policy/store/etcd_resource_keys.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/sluice/store/v1/stored.pb.h"

namespace sluice::policy {

using store::v1::StoredResource;

namespace {

// No message of protobuf: it has a tag of zero.
constexpr absl::string_view kUnreadable("\0", 1);

}  // namespace

EtcdResourceKeys::EtcdResourceKeys(const EtcdClient& client)
    : id_(absl::StrCat(client.options().prefix, "/id")),
      prefix_(client.Prefix("resources")) {}

std::string EtcdResourceKeys::KeyOf(absl::string_view collection,
                                    absl::string_view id) const {
  return absl::StrCat(prefix_, collection, "/", id);
}

std::optional<Resource> EtcdResourceKeys::ToResource(
    const mvccpb::KeyValue& kv) const {
  absl::string_view name = kv.key();
  const size_t slash = name.find('/', prefix_.size());
  if (slash == absl::string_view::npos) return std::nullopt;
  StoredResource stored;
  if (!stored.ParseFromString(kv.value())) {
    stored.Clear();
    stored.set_value(kUnreadable.data(), kUnreadable.size());
  }
  Resource resource;
  resource.collection =
      std::string(name.substr(prefix_.size(), slash - prefix_.size()));
  resource.id = std::string(name.substr(slash + 1));
  resource.value = std::move(*stored.mutable_value());
  if (stored.expires_at() != 0) {
    resource.expires_at = absl::FromUnixMicros(stored.expires_at());
  }
  resource.revision = kv.mod_revision();
  return resource;
}

std::string SerializedResource(const Resource& resource) {
  StoredResource stored;
  stored.set_value(resource.value);
  if (resource.expires_at != absl::InfiniteFuture()) {
    stored.set_expires_at(absl::ToUnixMicros(resource.expires_at));
  }
  return stored.SerializeAsString();
}

}  // namespace sluice::policy
