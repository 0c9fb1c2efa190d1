#ifndef PROXY_SESSION_TOPIC_VERDICT_H_
#define PROXY_SESSION_TOPIC_VERDICT_H_

#include "proxy/session/rule_set.h"

namespace sluice::session {

// What a grant says about a topic, whatever the message is.
struct TopicVerdict {
  bool allowed = false;
  // Where it is allowed: the rules that each message is yet to be judged by.
  RuleSet::Places rules;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_TOPIC_VERDICT_H_
