#ifndef POLICY_CTL_ISSUER_COMMANDS_H_
#define POLICY_CTL_ISSUER_COMMANDS_H_

#include <vector>

#include "policy/ctl/command.h"

namespace sluice::ctl {

// `sluicectl issuer ...`.
std::vector<Command> IssuerCommands();

}  // namespace sluice::ctl

#endif  // POLICY_CTL_ISSUER_COMMANDS_H_
