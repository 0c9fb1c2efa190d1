#ifndef POLICY_CTL_RULE_COMMANDS_H_
#define POLICY_CTL_RULE_COMMANDS_H_

#include <vector>

#include "policy/ctl/command.h"

namespace sluice::ctl {

// `sluicectl rule ...`.
std::vector<Command> RuleCommands();

}  // namespace sluice::ctl

#endif  // POLICY_CTL_RULE_COMMANDS_H_
