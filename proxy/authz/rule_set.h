#ifndef PROXY_AUTHZ_RULE_SET_H_
#define PROXY_AUTHZ_RULE_SET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/authz/rule.h"
#include "proxy/authz/rule_index.h"

namespace sluice::authz {

// Which rule stands against something, and what in it. At most one is named:
// an enforced one before a shadow.
struct Finding {
  const Rule* rule = nullptr;  // as long as the rules live; null: none
  Objection objection = Objection::kNone;

  bool IsEnforced() const { return rule != nullptr && !rule->shadow(); }
};

// The rules of a grant. Nothing that an enforced one stands against passes,
// whatever the others say. Cheap to copy: what was compiled is shared, also
// with the sets of other grants (see RuleSet::Compile()).
class RuleSet {
 public:
  // Rules by their places in the set, in ascending order.
  using Places = absl::InlinedVector<uint16_t, 4>;

  // What the rules say about a topic or a filter, whatever the message is.
  struct Ruling {
    // The first enforced one that denies it, as long as the set lives; null:
    // none does.
    const Rule* denial = nullptr;
    // What else there is about it: limits and shadow rules.
    Places others;
  };

  // `messages`: serialized. Fails where one of them does not compile, and on
  // more than 65,535. Equal sets are compiled once, as long as one of them is
  // in use. In others each rule that is in use elsewhere is not compiled again,
  // and where most are in the index of another set, only the rest gets one.
  static absl::StatusOr<RuleSet> Compile(
      const google::protobuf::RepeatedPtrField<std::string>& messages);

  RuleSet() = default;

  bool empty() const { return data_ == nullptr; }
  // Whether one of them asks a checker.
  bool has_checkers() const { return !empty() && data_->has_checkers; }
  // Whether one of them limits how many subscriptions there are.
  bool limits_subscriptions() const {
    return !empty() && data_->limits_subscriptions;
  }
  const std::vector<Rule>& rules() const;
  const Rule& at(uint16_t place) const { return data_->rules[place]; }

  // Whether both are one, which equal ones are as long as they are in use.
  friend bool operator==(const RuleSet& a, const RuleSet& b) {
    return a.data_ == b.data_;
  }

  // On a PUBLISH to `topic`, its delivery, and a subscription to `filter` (not
  // shared).
  Ruling OnPublish(absl::string_view topic) const;
  Ruling OnDelivery(absl::string_view topic) const;
  Ruling OnSubscription(absl::string_view filter) const;

  // Whether a PUBLISH, or a Will, passes the rules at `places`, which are of a
  // PUBLISH to its topic, but for how many there are.
  Finding JudgePublish(const Places& places, const MessageFacts& facts) const {
    return Judge(places, facts, &Rule::JudgePublish);
  }
  Finding JudgeWill(const Places& places, const MessageFacts& facts) const {
    return Judge(places, facts, &Rule::JudgeWill);
  }
  // With what QoS a subscription may be made under those at `places`.
  uint8_t MaxQos(const Places& places) const;

 private:
  static constexpr uint16_t kNowhere = 0xFFFF;

  using RuleJudge = Objection (Rule::*)(const MessageFacts&) const;
  Finding Judge(const Places& places, const MessageFacts& facts,
                RuleJudge judge) const;

  // An index, with the places of its rules in the set.
  struct Part {
    std::shared_ptr<const RuleIndex> index;
    std::vector<uint16_t> places;  // by number; may be kNowhere
  };
  struct Data {
    std::vector<Rule> rules;
    bool has_checkers = false;
    bool limits_subscriptions = false;
    std::vector<Part> parts;  // each rule's place is in one of them
  };

  static std::vector<Part> MakeParts(const std::vector<Rule>& rules);
  // Notes which of `rules` are in `index`.
  static Part UseIndex(std::shared_ptr<const RuleIndex> index,
                       const std::vector<Rule>& rules,
                       std::vector<bool>* is_indexed);

  template <typename IsAbout>
  Ruling Judge(absl::string_view filter, IsAbout is_about) const;

  std::shared_ptr<const Data> data_;  // null: there are no rules
};

}  // namespace sluice::authz

#endif  // PROXY_AUTHZ_RULE_SET_H_
