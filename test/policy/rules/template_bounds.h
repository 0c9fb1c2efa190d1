#ifndef TEST_POLICY_RULES_TEMPLATE_BOUNDS_H_
#define TEST_POLICY_RULES_TEMPLATE_BOUNDS_H_

#include <string>

#include "policy/rules/topic_template.h"

namespace sluice::policy {

// Checks what holds for every template, `text`, and all that clients may call
// themselves; stops the program where it does not. Returns whether there is an
// exact filter.
bool CheckBounds(const std::string& text, const TopicVariables& variables);

}  // namespace sluice::policy

#endif  // TEST_POLICY_RULES_TEMPLATE_BOUNDS_H_
