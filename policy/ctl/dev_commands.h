#ifndef POLICY_CTL_DEV_COMMANDS_H_
#define POLICY_CTL_DEV_COMMANDS_H_

#include <vector>

#include "policy/ctl/command.h"

namespace sluice::ctl {

// `sluicectl dev ...`: what stands in for an authorization server while one
// develops. Works offline.
std::vector<Command> DevCommands();

}  // namespace sluice::ctl

#endif  // POLICY_CTL_DEV_COMMANDS_H_
