#ifndef POLICY_SERVER_STORE_CONFIG_H_
#define POLICY_SERVER_STORE_CONFIG_H_

#include "absl/status/statusor.h"
#include "policy/store/store.h"
#include "proto/sluice/config/v1/policy.pb.h"
#include "proxy/config/locations.h"

namespace sluice::policy {

// Checks `store` of a policy.yaml, and reads the files that it names. The
// message of a failure says where in the file, and is for the user.
absl::StatusOr<StoreOptions> CheckStore(const config::v1::PolicyConfig& schema,
                                        const config::Locations& locations);

}  // namespace sluice::policy

#endif  // POLICY_SERVER_STORE_CONFIG_H_
