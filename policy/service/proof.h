#ifndef POLICY_SERVICE_PROOF_H_
#define POLICY_SERVICE_PROOF_H_

#include "absl/status/status.h"
#include "policy/ace/pop_key.h"
#include "proto/sluice/policy/v1/policy.pb.h"

namespace sluice::policy {

// Checks the credential's proof of possession against `key` (RFC 9431 sections
// 2.2.4.2.1 and 2.2.4.2.2). A missing or unknown proof, one of draft-01, and
// content of another length than the profile's, is no proof. Failures carry
// ace::Rejection::kProof.
absl::Status CheckProof(const v1::TokenCredential& credential,
                        const ace::PopKey& key);

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_PROOF_H_
