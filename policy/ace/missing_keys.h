#ifndef POLICY_ACE_MISSING_KEYS_H_
#define POLICY_ACE_MISSING_KEYS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "policy/ace/issuer.h"

namespace sluice::ace {

// Marks a refusal: there is no key with the `kid` of the token's header.
absl::Status WithUnknownKid(absl::Status refusal);

// The name of the issuer whose keys, read anew, may change the outcome that
// `status` is: they have not been read yet, or they lack the token's `kid`.
// nullopt where nothing would change.
std::optional<std::string> IssuerWithMissingKeys(const absl::Status& status);

// Unavailable, without a Rejection: the issuer's keys have not been read yet,
// so nothing is known about its tokens.
absl::Status KeysPendingError(const Issuer& issuer);

// What became of a signature that was checked with the keys of `issuer`: says
// so where they may be out of date.
absl::Status NoteMissingKeys(const Issuer& issuer, absl::Status status);

// Checks the signature of a Jws or CoseMessage with the issuer's keys.
template <typename Message>
absl::Status VerifySignature(const Message& message, const Issuer& issuer) {
  if (issuer.key_source == KeySource::kPending) return KeysPendingError(issuer);
  return NoteMissingKeys(issuer, message.Verify(issuer.keys));
}

}  // namespace sluice::ace

#endif  // POLICY_ACE_MISSING_KEYS_H_
