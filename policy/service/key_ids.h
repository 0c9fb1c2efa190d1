#ifndef POLICY_SERVICE_KEY_IDS_H_
#define POLICY_SERVICE_KEY_IDS_H_

#include <string>
#include <vector>

#include "policy/ace/pop_key.h"

namespace sluice::policy {

// What a token's key may be revoked by: its thumbprint and, where it has
// another name, its `kid`. That of a COSE_Key may be any bytes; where they are
// no text they are written in hexadecimal, as a `cti` is.
std::vector<std::string> KeyIdsOf(const ace::PopKey& key);

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_KEY_IDS_H_
