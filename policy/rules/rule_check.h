#ifndef POLICY_RULES_RULE_CHECK_H_
#define POLICY_RULES_RULE_CHECK_H_

#include <cstddef>
#include <string>
#include <vector>

#include "proto/sluice/admin/v1/rule.pb.h"

namespace sluice::policy {

// Bounds of one rule.
inline constexpr size_t kMaxRuleEntries = 64;  // of each list
inline constexpr size_t kMaxRuleEntryBytes = 1024;
inline constexpr size_t kMaxRuleFilterBytes = 4096;
inline constexpr size_t kMaxRuleDescriptionBytes = 1024;

struct RuleProblem {
  std::string field;  // path in the rule: "match.subjects[2]"; empty: the rule
  std::string description;
};

// What is wrong with a rule as an operator wrote it, but for name and etag, in
// the order of its fields; empty where nothing is. A field that this version
// does not know is wrong: without it, the rule might take away less.
std::vector<RuleProblem> CheckRule(const admin::v1::Rule& rule);

}  // namespace sluice::policy

#endif  // POLICY_RULES_RULE_CHECK_H_
