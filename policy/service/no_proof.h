#ifndef POLICY_SERVICE_NO_PROOF_H_
#define POLICY_SERVICE_NO_PROOF_H_

#include <cstddef>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "policy/ace/rejection.h"

// What the proofs of possession of both editions have in common.
namespace sluice::policy {

// Of each nonce of a challenge (RFC 9431 section 2.2.4.2.2, ACE-D01-3).
constexpr size_t kNonceBytes = 8;

// What came is no proof; `detail` says why.
inline absl::Status NoProof(absl::string_view detail) {
  return ace::RejectedError(ace::Rejection::kProof, detail);
}

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_NO_PROOF_H_
