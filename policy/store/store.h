#ifndef POLICY_STORE_STORE_H_
#define POLICY_STORE_STORE_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "policy/store/etcd_options.h"
#include "policy/store/fact_store.h"
#include "policy/store/resource_store.h"
#include "policy/store/token_store.h"

namespace sluice::policy {

// Where the policy service keeps things: in this process where nothing is set;
// not both are.
struct StoreOptions {
  std::optional<std::string> sqlite_path;  // the database file
  std::optional<EtcdOptions> etcd;
};

inline bool operator==(const StoreOptions& a, const StoreOptions& b) {
  return a.sqlite_path == b.sqlite_path && a.etcd == b.etcd;
}

// All that a policy service keeps: in the same place, and all live as long as
// each other.
struct Store {
  std::shared_ptr<TokenStoreInterface> tokens;
  std::shared_ptr<FactStoreInterface> facts;
  std::shared_ptr<ResourceStoreInterface> resources;
};

// Opens or creates the store; etcd has to be within reach. The message of a
// failure is for the operator.
absl::StatusOr<Store> OpenStore(const StoreOptions& options);

// What OpenStore() would fail for, as far as a look at the database file tells,
// which changes nothing; one that is in use is none. Not in a process that has
// opened it. etcd is not asked. The message is for the operator.
absl::Status ExamineStore(const StoreOptions& options);

}  // namespace sluice::policy

#endif  // POLICY_STORE_STORE_H_
