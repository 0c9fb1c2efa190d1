#ifndef POLICY_CTL_SESSION_COMMANDS_H_
#define POLICY_CTL_SESSION_COMMANDS_H_

#include <vector>

#include "policy/ctl/command.h"

namespace sluice::ctl {

// `sluicectl session ...`.
std::vector<Command> SessionCommands();

}  // namespace sluice::ctl

#endif  // POLICY_CTL_SESSION_COMMANDS_H_
