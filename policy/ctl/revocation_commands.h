#ifndef POLICY_CTL_REVOCATION_COMMANDS_H_
#define POLICY_CTL_REVOCATION_COMMANDS_H_

#include <vector>

#include "policy/ctl/command.h"

namespace sluice::ctl {

// `sluicectl revoke ...` and `sluicectl revocation ...`.
std::vector<Command> RevocationCommands();

}  // namespace sluice::ctl

#endif  // POLICY_CTL_REVOCATION_COMMANDS_H_
