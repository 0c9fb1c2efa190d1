#include "policy/ctl/dev_commands.h"

#include "policy/ctl/dev_keygen.h"
#include "policy/ctl/dev_token.h"

namespace sluice::ctl {

std::vector<Command> DevCommands() { return {DevKeygen(), DevToken()}; }

}  // namespace sluice::ctl
