#include "proxy/authz/rule_set.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/status/status.h"

namespace sluice::authz {
namespace {

bool IsEnforcedDenial(const Rule& rule) {
  return rule.denies() && !rule.shadow();
}

template <typename IsAbout>
const Rule* FindDenial(const std::vector<Rule>& rules, IsAbout is_about) {
  for (const Rule& rule : rules) {
    if (IsEnforcedDenial(rule) && is_about(rule)) return &rule;
  }
  return nullptr;
}

template <typename IsAbout>
RuleSet::Places FindOthers(const std::vector<Rule>& rules, IsAbout is_about) {
  RuleSet::Places places;
  for (size_t i = 0; i < rules.size(); ++i) {
    if (!IsEnforcedDenial(rules[i]) && is_about(rules[i])) {
      places.push_back(static_cast<uint16_t>(i));
    }
  }
  return places;
}

}  // namespace

absl::StatusOr<RuleSet> RuleSet::Compile(
    const google::protobuf::RepeatedPtrField<policy::v1::Rule>& messages) {
  if (messages.size() > std::numeric_limits<uint16_t>::max()) {
    return absl::InvalidArgumentError("grant with too many rules");
  }
  RuleSet set;
  set.rules_.reserve(static_cast<size_t>(messages.size()));
  for (const policy::v1::Rule& message : messages) {
    absl::StatusOr<Rule> rule = Rule::Compile(message);
    if (!rule.ok()) return rule.status();
    set.has_checkers_ |= !rule->checker().empty();
    set.rules_.push_back(*std::move(rule));
  }
  return set;
}

const Rule* RuleSet::FindPublishDenial(absl::string_view topic) const {
  return FindDenial(
      rules_, [topic](const Rule& rule) { return rule.IsAboutPublish(topic); });
}

const Rule* RuleSet::FindDeliveryDenial(absl::string_view topic) const {
  return FindDenial(rules_, [topic](const Rule& rule) {
    return rule.IsAboutDelivery(topic);
  });
}

const Rule* RuleSet::FindSubscriptionDenial(absl::string_view filter) const {
  return FindDenial(rules_, [filter](const Rule& rule) {
    return rule.IsAboutSubscription(filter);
  });
}

RuleSet::Places RuleSet::PlacesOfPublish(absl::string_view topic) const {
  return FindOthers(
      rules_, [topic](const Rule& rule) { return rule.IsAboutPublish(topic); });
}

RuleSet::Places RuleSet::PlacesOfDelivery(absl::string_view topic) const {
  // Limits are about what a client sends.
  return FindOthers(rules_, [topic](const Rule& rule) {
    return rule.denies() && rule.IsAboutDelivery(topic);
  });
}

RuleSet::Places RuleSet::PlacesOfSubscription(absl::string_view filter) const {
  return FindOthers(rules_, [filter](const Rule& rule) {
    return rule.IsAboutSubscription(filter);
  });
}

Finding RuleSet::JudgeWill(const Places& places,
                           const MessageFacts& facts) const {
  Finding shadow;
  for (const uint16_t place : places) {
    const Finding finding = {&at(place), at(place).JudgeWill(facts)};
    if (finding.objection == Objection::kNone) continue;
    if (finding.IsEnforced()) return finding;
    if (shadow.rule == nullptr) shadow = finding;
  }
  return shadow;
}

uint8_t RuleSet::MaxQos(const Places& places) const {
  uint8_t max_qos = 2;
  for (const uint16_t place : places) {
    if (!at(place).shadow()) max_qos = std::min(max_qos, at(place).max_qos());
  }
  return max_qos;
}

}  // namespace sluice::authz
