#ifndef PROXY_SESSION_RULE_USAGE_H_
#define PROXY_SESSION_RULE_USAGE_H_

#include <cstdint>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "proxy/authz/rule.h"
#include "proxy/authz/rule_set.h"

namespace sluice::session {

// What a connection has used of the limits of its rules: publishes a second,
// in a bucket of as many tokens, and subscriptions. Each function takes the
// rules of the last Follow(), or none before the first.
class RuleUsage {
 public:
  // `rules` take the place of `former`. What has been used under a rule of the
  // same name stays used; subscriptions are to be counted anew.
  void Follow(const authz::RuleSet& former, const authz::RuleSet& rules,
              absl::Time now);

  // The clock was set.
  void OnClockSet(absl::Duration by);

  // Whether a PUBLISH passes the rules at `places`, and so uses up what they
  // allow: it does if no enforced one is found.
  authz::Finding JudgePublish(const authz::RuleSet& rules,
                              const authz::RuleSet::Places& places,
                              const authz::MessageFacts& facts, absl::Time now);

  // How long until those at `places` would not find a PUBLISH to be over their
  // rate. Zero where none does now.
  absl::Duration WaitForRate(const authz::RuleSet& rules,
                             const authz::RuleSet::Places& places,
                             absl::Time now);

  // Whether a subscription passes those at `places`.
  enum class Subscription : uint8_t {
    kHeld,      // the client has it already
    kNew,       // one more
    kNoRecord,  // one more, which cannot be counted
  };
  authz::Finding JudgeSubscription(const authz::RuleSet& rules,
                                   const authz::RuleSet::Places& places,
                                   Subscription subscription) const;

  // A subscription is made; the rules at `places` are about it.
  void CountSubscription(const authz::RuleSet& rules,
                         const authz::RuleSet::Places& places) {
    ChangeSubscriptions(rules, places, true);
  }
  // One to `filter`, which may be shared, is ended.
  void DiscountSubscription(const authz::RuleSet& rules,
                            absl::string_view filter);

 private:
  struct Use {
    double tokens = 0;
    absl::Time filled_at;
    uint32_t subscriptions = 0;
  };

  void ChangeSubscriptions(const authz::RuleSet& rules,
                           const authz::RuleSet::Places& places, bool made);
  static void Fill(const authz::Rule& rule, absl::Time now, Use* use);

  std::vector<Use> uses_;  // one a rule
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_RULE_USAGE_H_
