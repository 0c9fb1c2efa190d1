#ifndef PROXY_AUTHZ_TOPIC_VERDICT_H_
#define PROXY_AUTHZ_TOPIC_VERDICT_H_

#include "proxy/authz/rule_set.h"

namespace sluice::authz {

// What a grant says about a topic, whatever the message is, or about a topic
// filter.
struct TopicVerdict {
  bool allowed = false;
  // Why not: the rule, as long as the grant lives; null: it is outside the
  // scope.
  const Rule* denial = nullptr;
  // Where it is allowed: the rules that each message, or the subscription, is
  // yet to be judged by.
  RuleSet::Places rules;
};

}  // namespace sluice::authz

#endif  // PROXY_AUTHZ_TOPIC_VERDICT_H_
