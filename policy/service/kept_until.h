#ifndef POLICY_SERVICE_KEPT_UNTIL_H_
#define POLICY_SERVICE_KEPT_UNTIL_H_

#include <algorithm>

#include "absl/time/time.h"
#include "policy/ace/token_verifier.h"

namespace sluice::policy {

// For how long something is kept for a token of which an authorization server
// says only that it counts now: it counts for an hour at most, and then the
// server is asked again.
inline constexpr absl::Duration kKeptWithoutEnd = absl::Hours(2);

// Until when a store keeps what it has for the sake of `token`: not when a
// grant ends. Whoever uses it looks whether the token still counts.
inline absl::Time KeptUntil(const ace::VerifiedToken& token, absl::Time now) {
  return token.may_outlive_grant
             ? std::max(token.taken_until, now + kKeptWithoutEnd)
             : token.taken_until;
}

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_KEPT_UNTIL_H_
