#ifndef PROXY_AUTHZ_TOPIC_VERDICT_H_
#define PROXY_AUTHZ_TOPIC_VERDICT_H_

#include "proxy/authz/rule_set.h"

namespace sluice::authz {

// What a grant says about a topic, whatever the message is.
struct TopicVerdict {
  bool allowed = false;
  // Why not: the rule, as long as the grant lives; null: it is outside the
  // scope.
  const Rule* denial = nullptr;
  // Where it is allowed: the rules that each message is yet to be judged by.
  RuleSet::Places rules;
};

// And about a subscription.
struct SubscriptionVerdict {
  bool allowed = false;
  // As above.
  const Rule* denial = nullptr;
  RuleSet::Places rules;
};

}  // namespace sluice::authz

#endif  // PROXY_AUTHZ_TOPIC_VERDICT_H_
