#ifndef POLICY_SERVER_CHECKER_CONFIG_H_
#define POLICY_SERVER_CHECKER_CONFIG_H_

#include <vector>

#include "absl/status/statusor.h"
#include "policy/service/checker_options.h"
#include "proto/sluice/config/v1/policy.pb.h"
#include "proxy/config/locations.h"

namespace sluice::policy {

// What `checkers` of the configuration says. The first thing that is wrong with
// it is the error.
absl::StatusOr<std::vector<CheckerOptions>> CheckCheckers(
    const config::v1::PolicyConfig& schema, const config::Locations& locations);

}  // namespace sluice::policy

#endif  // POLICY_SERVER_CHECKER_CONFIG_H_
