#ifndef POLICY_SERVICE_POLICY_DIGEST_H_
#define POLICY_SERVICE_POLICY_DIGEST_H_

#include <string>
#include <vector>

#include "policy/ace/scope.h"
#include "policy/ace/token_verifier.h"

namespace sluice::policy {

// Names a configuration by what grants follow from: issuers with their keys
// and where they are asked about references, the keys that tokens are decrypted
// with, audience, leeway, and public topics,
// whatever their order. 16 hexadecimal digits; nothing can be learnt from them.
std::string PolicyDigest(const ace::TokenVerifier::Options& options,
                         const std::vector<ace::Permission>& public_topics);

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_POLICY_DIGEST_H_
