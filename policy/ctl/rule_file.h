#ifndef POLICY_CTL_RULE_FILE_H_
#define POLICY_CTL_RULE_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "proto/sluice/admin/v1/rule.pb.h"

namespace sluice::ctl {

// Reads the rule of that name: YAML with the fields of the message, or JSON as
// `rule get --output json` prints it. The file need not say the name, and may
// say the etag. FailedPrecondition, "FILE:LINE: field: what is wrong" where it
// is about a line, for anything else.
absl::StatusOr<admin::v1::Rule> ReadRuleFile(const std::string& path,
                                             const std::string& name);

}  // namespace sluice::ctl

#endif  // POLICY_CTL_RULE_FILE_H_
