#ifndef POLICY_CTL_TOKEN_COMMANDS_H_
#define POLICY_CTL_TOKEN_COMMANDS_H_

#include <vector>

#include "policy/ctl/command.h"

namespace sluice::ctl {

// `token list`, `token inspect`.
std::vector<Command> TokenCommands();

}  // namespace sluice::ctl

#endif  // POLICY_CTL_TOKEN_COMMANDS_H_
