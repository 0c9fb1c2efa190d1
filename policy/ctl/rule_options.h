#ifndef POLICY_CTL_RULE_OPTIONS_H_
#define POLICY_CTL_RULE_OPTIONS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "policy/ctl/options.h"
#include "proto/sluice/admin/v1/rule.pb.h"

namespace sluice::ctl {

// Options that say a whole rule, but for its name, mode and etag.
std::vector<OptionSpec> RuleOptions();

// Whether one of them is given.
bool HasRuleOptions(const Options& options);

// The rule that they say. InvalidArgument for a number that is none, and for an
// effect that is missing or said twice; the rest is the server's to judge.
absl::StatusOr<admin::v1::Rule> ReadRuleOptions(const Options& options);

}  // namespace sluice::ctl

#endif  // POLICY_CTL_RULE_OPTIONS_H_
