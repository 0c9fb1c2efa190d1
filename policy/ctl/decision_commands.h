#ifndef POLICY_CTL_DECISION_COMMANDS_H_
#define POLICY_CTL_DECISION_COMMANDS_H_

#include <vector>

#include "policy/ctl/command.h"

namespace sluice::ctl {

// `sluicectl decisions ...`.
std::vector<Command> DecisionCommands();

}  // namespace sluice::ctl

#endif  // POLICY_CTL_DECISION_COMMANDS_H_
