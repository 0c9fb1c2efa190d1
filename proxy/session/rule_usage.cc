#include "proxy/session/rule_usage.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "proxy/mqtt/topic.h"

namespace sluice::session {

using authz::Finding;
using authz::MessageFacts;
using authz::Objection;
using authz::Rule;
using authz::RuleSet;

void RuleUsage::Follow(const RuleSet& former, const RuleSet& rules,
                       absl::Time now) {
  absl::flat_hash_map<absl::string_view, double> left;  // by the rule's name
  for (size_t i = 0; i < uses_.size(); ++i) {
    const Rule& rule = former.rules()[i];
    if (!rule.max_publishes_per_second().has_value()) continue;
    Fill(rule, now, &uses_[i]);
    left.emplace(rule.name(), uses_[i].tokens);
  }
  std::vector<Use> uses(rules.rules().size());
  for (size_t i = 0; i < uses.size(); ++i) {
    const Rule& rule = rules.rules()[i];
    if (!rule.max_publishes_per_second().has_value()) continue;
    uses[i].tokens = *rule.max_publishes_per_second();
    uses[i].filled_at = now;
    if (const auto found = left.find(rule.name()); found != left.end()) {
      uses[i].tokens = std::min(uses[i].tokens, found->second);
    }
  }
  uses_ = std::move(uses);
}

void RuleUsage::OnClockSet(absl::Duration by) {
  for (Use& use : uses_) use.filled_at += by;
}

void RuleUsage::Fill(const Rule& rule, absl::Time now, Use* use) {
  if (now <= use->filled_at) return;
  const double rate = *rule.max_publishes_per_second();
  use->tokens = std::min(
      rate, use->tokens + rate * absl::ToDoubleSeconds(now - use->filled_at));
  use->filled_at = now;
}

Finding RuleUsage::JudgePublish(const RuleSet& rules,
                                const RuleSet::Places& places,
                                const MessageFacts& facts, absl::Time now) {
  Finding shadow;
  for (const uint16_t place : places) {
    const Rule& rule = rules.at(place);
    Objection objection = rule.JudgePublish(facts);
    if (rule.max_publishes_per_second().has_value()) {
      Fill(rule, now, &uses_[place]);
      if (objection == Objection::kNone && uses_[place].tokens < 1) {
        objection = Objection::kRate;
      }
    }
    if (objection == Objection::kNone) continue;
    if (!rule.shadow()) return {&rule, objection};
    if (shadow.rule == nullptr) shadow = {&rule, objection};
  }
  for (const uint16_t place : places) {
    if (rules.at(place).max_publishes_per_second().has_value() &&
        uses_[place].tokens >= 1) {
      uses_[place].tokens -= 1;
    }
  }
  return shadow;
}

absl::Duration RuleUsage::WaitForRate(const RuleSet& rules,
                                      const RuleSet::Places& places,
                                      absl::Time now) {
  absl::Duration wait;
  for (const uint16_t place : places) {
    const Rule& rule = rules.at(place);
    if (rule.shadow() || !rule.max_publishes_per_second().has_value()) continue;
    // JudgePublish() comes no further than to the first that stands against it.
    Fill(rule, now, &uses_[place]);
    const double tokens = uses_[place].tokens;
    if (tokens >= 1) continue;
    // Up to the next millisecond, as timers have it.
    wait = std::max(wait,
                    absl::Ceil(absl::Seconds((1 - tokens) /
                                             *rule.max_publishes_per_second()),
                               absl::Milliseconds(1)));
  }
  return wait;
}

Finding RuleUsage::JudgeSubscription(const RuleSet& rules,
                                     const RuleSet::Places& places,
                                     Subscription subscription) const {
  Finding shadow;
  for (const uint16_t place : places) {
    const Rule& rule = rules.at(place);
    Objection objection = Objection::kNone;
    if (rule.denies()) {
      objection = Objection::kDeny;
    } else if (rule.max_subscriptions().has_value() &&
               subscription != Subscription::kHeld &&
               (subscription == Subscription::kNoRecord ||
                uses_[place].subscriptions >= *rule.max_subscriptions())) {
      objection = Objection::kSubscriptions;
    }
    if (objection == Objection::kNone) continue;
    if (!rule.shadow()) return {&rule, objection};
    if (shadow.rule == nullptr) shadow = {&rule, objection};
  }
  return shadow;
}

// What has such a limit denies nothing, and is among the others.
void RuleUsage::DiscountSubscription(const RuleSet& rules,
                                     absl::string_view filter) {
  if (!rules.limits_subscriptions()) return;
  const RuleSet::Ruling ruling =
      rules.OnSubscription(mqtt::WithoutShare(filter));
  ChangeSubscriptions(rules, ruling.others, false);
}

void RuleUsage::ChangeSubscriptions(const RuleSet& rules,
                                    const RuleSet::Places& places, bool made) {
  for (const uint16_t place : places) {
    if (!rules.at(place).max_subscriptions().has_value()) continue;
    if (made) {
      ++uses_[place].subscriptions;
    } else {
      --uses_[place].subscriptions;
    }
  }
}

}  // namespace sluice::session
