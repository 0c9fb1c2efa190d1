#ifndef POLICY_STORE_ETCD_RESOURCE_STORE_H_
#define POLICY_STORE_ETCD_RESOURCE_STORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "policy/store/etcd_client.h"
#include "policy/store/etcd_resource_follower.h"
#include "policy/store/etcd_resource_keys.h"
#include "policy/store/resource_store.h"
#include "proxy/base/clock.h"

namespace sluice::policy {

// Keeps the resources in etcd, for all that use the same cluster and prefix, as
// EtcdResourceKeys says. Times are kept to the microsecond. A lease removes
// what has expired, an hour later (kKeptAfterEnd). The number of resources is
// kept to approximately, where several write at once, and counts what has
// expired until it is removed; the bytes of all are not counted, since etcd has
// a bound of its own.
//
// The observer is called as EtcdResourceFollower says, also with what this
// store has written.
class EtcdResourceStore : public ResourceStoreInterface {
 public:
  // Fails where etcd cannot be reached. The clock tells a deletion from the end
  // of what had expired.
  static absl::StatusOr<std::unique_ptr<EtcdResourceStore>> Open(
      std::shared_ptr<EtcdClient> client,
      const ResourceLimits& limits = ResourceLimits(),
      Clock clock = [] { return absl::Now(); });

  const std::string& id() const override { return id_; }
  absl::StatusOr<Resource> Put(Resource resource,
                               std::optional<int64_t> expected,
                               absl::Time now) override;
  absl::StatusOr<int64_t> Delete(absl::string_view collection,
                                 absl::string_view id,
                                 std::optional<int64_t> expected,
                                 absl::Time now) override;
  absl::StatusOr<std::optional<Resource>> Get(absl::string_view collection,
                                              absl::string_view id,
                                              absl::Time now) override;
  absl::StatusOr<std::vector<Resource>> List(absl::string_view collection,
                                             absl::string_view after,
                                             size_t limit,
                                             absl::Time now) override;
  void Follow(ResourceObserverInterface* observer) override;

 private:
  // What there is under a name.
  struct Present {
    int64_t mod_revision = 0;  // of the key; 0: there is none
    int64_t revision = 0;      // of the resource; 0 where it has expired, too
    int64_t total = 0;         // number of all resources
  };

  EtcdResourceStore(std::string id, std::shared_ptr<EtcdClient> client,
                    const ResourceLimits& limits, Clock clock);

  absl::StatusOr<Present> Look(const std::string& key, absl::Time now,
                               EtcdClient::Deadline deadline);

  const std::string id_;
  const std::shared_ptr<EtcdClient> client_;
  const ResourceLimits limits_;
  const Clock clock_;
  const EtcdResourceKeys keys_;
  std::unique_ptr<EtcdResourceFollower> follower_;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_ETCD_RESOURCE_STORE_H_
