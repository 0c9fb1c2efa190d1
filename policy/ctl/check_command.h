#ifndef POLICY_CTL_CHECK_COMMAND_H_
#define POLICY_CTL_CHECK_COMMAND_H_

#include <vector>

#include "policy/ctl/command.h"

namespace sluice::ctl {

// `check`, which is a group and its only command at once.
std::vector<Command> CheckCommand();

}  // namespace sluice::ctl

#endif  // POLICY_CTL_CHECK_COMMAND_H_
