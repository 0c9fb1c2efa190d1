#ifndef POLICY_CTL_DEV_TOKEN_H_
#define POLICY_CTL_DEV_TOKEN_H_

#include "policy/ctl/command.h"

namespace sluice::ctl {

// `sluicectl dev token`: signs an access token as an authorization server would
// and prints it.
Command DevToken();

}  // namespace sluice::ctl

#endif  // POLICY_CTL_DEV_TOKEN_H_
