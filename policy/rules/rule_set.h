#ifndef POLICY_RULES_RULE_SET_H_
#define POLICY_RULES_RULE_SET_H_

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_field.h"
#include "policy/rules/rule.h"
#include "proto/sluice/policy/v1/policy.pb.h"

namespace sluice::policy {

// How many rules there may be, and what they may come to for one client.
inline constexpr size_t kMaxRules = 1000;
inline constexpr size_t kMaxRuleBytes = 1 << 20;  // of all together
inline constexpr size_t kMaxFilledInRuleBytes = 2 << 20;

// All rules that operators manage. Copies are cheap. Not thread-safe.
class RuleSet {
 public:
  // `value`: a serialized admin::v1::Rule. One that cannot be read, written by
  // a newer service perhaps, may take anything away: while it is there nothing
  // can be granted. FailedPrecondition, naming it, is then returned here and by
  // AddFor().
  absl::Status Put(const std::string& id, absl::string_view value);
  void Remove(absl::string_view id);
  void Clear() { rules_.clear(); }

  size_t size() const { return rules_.size(); }

  // Those that match `client`, by name, serialized as in a Grant.
  // FailedPrecondition where one cannot be read; ResourceExhausted where they
  // are too large.
  absl::Status AddFor(
      const RuleClient& client,
      google::protobuf::RepeatedPtrField<std::string>* out) const;

 private:
  // By id. Without a rule, it cannot be read, and says why.
  using Entry = absl::StatusOr<Rule>;
  std::map<std::string, std::shared_ptr<const Entry>, std::less<>> rules_;
};

}  // namespace sluice::policy

#endif  // POLICY_RULES_RULE_SET_H_
