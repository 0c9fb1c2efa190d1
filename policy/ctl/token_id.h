#ifndef POLICY_CTL_TOKEN_ID_H_
#define POLICY_CTL_TOKEN_ID_H_

#include <string>

namespace sluice::ctl {

// 128 random bits.
std::string RandomTokenId();

}  // namespace sluice::ctl

#endif  // POLICY_CTL_TOKEN_ID_H_
