#ifndef POLICY_CTL_PUBLIC_TOPIC_COMMANDS_H_
#define POLICY_CTL_PUBLIC_TOPIC_COMMANDS_H_

#include <vector>

#include "policy/ctl/command.h"

namespace sluice::ctl {

// `sluicectl public-topic ...`.
std::vector<Command> PublicTopicCommands();

}  // namespace sluice::ctl

#endif  // POLICY_CTL_PUBLIC_TOPIC_COMMANDS_H_
