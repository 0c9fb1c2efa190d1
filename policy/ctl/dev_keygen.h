#ifndef POLICY_CTL_DEV_KEYGEN_H_
#define POLICY_CTL_DEV_KEYGEN_H_

#include "policy/ctl/command.h"

namespace sluice::ctl {

// `sluicectl dev keygen`: makes a key, as a private JWK and as the JWKS that an
// issuer's `jwks_file` holds.
Command DevKeygen();

}  // namespace sluice::ctl

#endif  // POLICY_CTL_DEV_KEYGEN_H_
