#include "proxy/authz/rule_set.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "proxy/authz/number_set.h"
#include "proxy/authz/shared_table.h"

namespace sluice::authz {
namespace {

// With fewer it is not worth looking for an index that has them.
constexpr size_t kManyRules = 32;

bool IsEnforcedDenial(const Rule& rule) {
  return rule.denies() && !rule.shadow();
}

}  // namespace

absl::StatusOr<RuleSet> RuleSet::Compile(
    const google::protobuf::RepeatedPtrField<std::string>& messages) {
  static auto* const table = new SharedTable<Data>;
  if (messages.size() > kNowhere) {
    return absl::InvalidArgumentError("grant with too many rules");
  }
  RuleSet set;
  if (messages.empty()) return set;
  std::vector<Rule> rules;
  rules.reserve(static_cast<size_t>(messages.size()));
  for (const std::string& message : messages) {
    absl::StatusOr<Rule> rule = Rule::Compile(message);
    if (!rule.ok()) return rule.status();
    rules.push_back(*std::move(rule));
  }
  const size_t hash = absl::HashOf(rules);
  const auto is_same = [&rules](const Data& data) {
    return data.rules == rules;
  };
  set.data_ = table->Find(hash, is_same);
  if (set.data_ != nullptr) return set;
  auto data = absl::make_unique<Data>();
  data->rules = rules;
  data->has_checkers =
      std::any_of(rules.begin(), rules.end(),
                  [](const Rule& rule) { return !rule.checker().empty(); });
  data->limits_subscriptions = std::any_of(
      rules.begin(), rules.end(),
      [](const Rule& rule) { return rule.max_subscriptions().has_value(); });
  data->parts = MakeParts(rules);
  set.data_ = table->Add(hash, is_same, std::move(data));
  return set;
}

std::vector<RuleSet::Part> RuleSet::MakeParts(const std::vector<Rule>& rules) {
  static auto* const recent = new RecentIndexes;
  const bool many = rules.size() > kManyRules;
  std::vector<Part> parts;
  std::vector<bool> is_indexed(rules.size());
  std::shared_ptr<const RuleIndex> other =
      many ? recent->FindFor(rules) : nullptr;
  if (other != nullptr) parts.push_back(UseIndex(other, rules, &is_indexed));
  Part rest;
  auto index = std::make_shared<RuleIndex>();
  for (size_t place = 0; place < rules.size(); ++place) {
    if (is_indexed[place]) continue;
    index->Add(rules[place]);
    rest.places.push_back(static_cast<uint16_t>(place));
  }
  if (many && other == nullptr) recent->Add(index);
  rest.index = std::move(index);
  if (!rest.places.empty()) parts.push_back(std::move(rest));
  return parts;
}

RuleSet::Part RuleSet::UseIndex(std::shared_ptr<const RuleIndex> index,
                                const std::vector<Rule>& rules,
                                std::vector<bool>* is_indexed) {
  Part part;
  part.places.assign(index->size(), kNowhere);
  for (size_t place = 0; place < rules.size(); ++place) {
    const absl::optional<uint16_t> number = index->NumberOf(rules[place]);
    // The same rule may be there twice.
    if (!number.has_value() || part.places[*number] != kNowhere) continue;
    part.places[*number] = static_cast<uint16_t>(place);
    (*is_indexed)[place] = true;
  }
  part.index = std::move(index);
  return part;
}

const std::vector<Rule>& RuleSet::rules() const {
  static const auto* const none = new std::vector<Rule>;
  return empty() ? *none : data_->rules;
}

template <typename IsAbout>
RuleSet::Ruling RuleSet::Judge(absl::string_view filter,
                               IsAbout is_about) const {
  Ruling ruling;
  if (empty()) return ruling;
  NumberSet places(data_->rules.size());
  for (const Part& part : data_->parts) {
    NumberSet numbers(part.places.size());
    part.index->Find(filter, &numbers);
    numbers.ForEach([&](uint16_t number) {
      if (part.places[number] != kNowhere) places.Insert(part.places[number]);
    });
  }
  places.ForEach([&](uint16_t place) {
    const Rule& rule = data_->rules[place];
    if (!IsEnforcedDenial(rule)) {
      if (is_about(rule)) ruling.others.push_back(place);
    } else if (ruling.denial == nullptr && is_about(rule)) {
      ruling.denial = &rule;
    }
  });
  return ruling;
}

RuleSet::Ruling RuleSet::OnPublish(absl::string_view topic) const {
  return Judge(topic, [topic](const Rule& rule) {
    return rule.publish() && !rule.Excepts(topic);
  });
}

RuleSet::Ruling RuleSet::OnDelivery(absl::string_view topic) const {
  // Limits are about what a client sends, and what a checker says in shadow was
  // recorded at the subscription.
  return Judge(topic, [topic](const Rule& rule) {
    return (rule.denies() || (!rule.checker().empty() && !rule.shadow())) &&
           rule.subscribe() && !rule.Excepts(topic);
  });
}

RuleSet::Ruling RuleSet::OnSubscription(absl::string_view filter) const {
  return Judge(filter, [filter](const Rule& rule) {
    return rule.subscribe() && !rule.ExceptsAllOf(filter);
  });
}

Finding RuleSet::Judge(const Places& places, const MessageFacts& facts,
                       RuleJudge judge) const {
  Finding shadow;
  for (const uint16_t place : places) {
    const Finding finding = {&at(place), (at(place).*judge)(facts)};
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
