#ifndef PROXY_AUTHZ_RULE_SET_H_
#define PROXY_AUTHZ_RULE_SET_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/authz/rule.h"

namespace sluice::authz {

// Which rule stands against something, and what in it. At most one is named:
// an enforced one before a shadow.
struct Finding {
  const Rule* rule = nullptr;  // as long as the rules live; null: none
  Objection objection = Objection::kNone;

  bool IsEnforced() const { return rule != nullptr && !rule->shadow(); }
};

// The rules of a grant. Nothing that an enforced one stands against passes,
// whatever the others say.
class RuleSet {
 public:
  // Rules by their places in the set.
  using Places = absl::InlinedVector<uint16_t, 4>;

  // Fails where one of them does not compile, and on more than 65,535.
  static absl::StatusOr<RuleSet> Compile(
      const google::protobuf::RepeatedPtrField<policy::v1::Rule>& messages);

  RuleSet() = default;
  RuleSet(RuleSet&&) = default;
  RuleSet& operator=(RuleSet&&) = default;

  bool empty() const { return rules_.empty(); }
  // Whether one of them asks a checker.
  bool has_checkers() const { return has_checkers_; }
  const std::vector<Rule>& rules() const { return rules_; }
  const Rule& at(uint16_t place) const { return rules_[place]; }

  // The first enforced rule that denies a PUBLISH to `topic`, its delivery, or
  // a subscription to `filter` (not shared); null: none does.
  const Rule* FindPublishDenial(absl::string_view topic) const;
  const Rule* FindDeliveryDenial(absl::string_view topic) const;
  const Rule* FindSubscriptionDenial(absl::string_view filter) const;

  // What else there is about a PUBLISH to `topic`, its delivery, or a
  // subscription to `filter`: limits and shadow rules.
  Places PlacesOfPublish(absl::string_view topic) const;
  Places PlacesOfDelivery(absl::string_view topic) const;
  Places PlacesOfSubscription(absl::string_view filter) const;

  // Whether a Will passes the rules at `places`, which are of a PUBLISH to its
  // topic.
  Finding JudgeWill(const Places& places, const MessageFacts& facts) const;
  // With what QoS a subscription may be made under those at `places`.
  uint8_t MaxQos(const Places& places) const;

 private:
  std::vector<Rule> rules_;
  bool has_checkers_ = false;
};

}  // namespace sluice::authz

#endif  // PROXY_AUTHZ_RULE_SET_H_
