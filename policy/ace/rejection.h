#ifndef POLICY_ACE_REJECTION_H_
#define POLICY_ACE_REJECTION_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sluice::ace {

// Why a client's credential is refused. Mirrors Denial.Reason of policy.proto.
enum class Rejection {
  // Does not have the form of a token at all (see TokenVerifier::Verify).
  kUnparsable,
  // Signature, issuer, audience, profile or any other claim.
  kInvalid,
  // `exp` is in the past.
  kExpired,
  // The proof of possession does not fit the token's key.
  kProof,
  // The token, its subject or its key is revoked.
  kRevoked,
};

// A status that carries `rejection`. Its code is kUnauthenticated (for
// kUnparsable: kInvalidArgument); its message is `detail`, which must not hold
// token bytes, key material or text that the client chose.
absl::Status RejectedError(Rejection rejection, absl::string_view detail);

// RejectedError of a token, with kUnparsable and kInvalid.
absl::Status UnparsableTokenError(absl::string_view detail);
absl::Status InvalidTokenError(absl::string_view detail);

// The rejection that `status` carries. nullopt for OK and for a status that
// RejectedError did not make: that is failed machinery, not a refusal.
std::optional<Rejection> RejectionOf(const absl::Status& status);

}  // namespace sluice::ace

#endif  // POLICY_ACE_REJECTION_H_
