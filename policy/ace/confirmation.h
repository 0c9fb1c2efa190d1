#ifndef POLICY_ACE_CONFIRMATION_H_
#define POLICY_ACE_CONFIRMATION_H_

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/jwk.h"
#include "policy/ace/pop_key.h"
#include "policy/ace/token_contents.h"

namespace sluice::ace {

// What the `cnf` claim of a token is read with.
struct ConfirmationContext {
  const TokenContext& token;
  // The token's issuer, and its `sub`, empty where it has none.
  absl::string_view issuer;
  absl::string_view subject;
  // Whether the token itself is encrypted, so that it may hold a symmetric key.
  bool encrypted;
};

// What the readers of both formats share. Errors are Rejection::kInvalid unless
// said otherwise; `member` is what they name.

// The PopKey of a key that was read with success or without.
absl::StatusOr<PopKey> ToPopKey(absl::string_view member,
                                absl::StatusOr<Jwk> key);

// The same for a key that was not encrypted by itself: a symmetric one needs an
// encrypted token around it.
absl::StatusOr<PopKey> ToPopKeyInClear(absl::string_view member,
                                       absl::StatusOr<Jwk> key,
                                       const ConfirmationContext& context);

// The same for a key that was: it must be symmetric.
absl::StatusOr<PopKey> ToPopKeyDecrypted(absl::string_view member,
                                         absl::StatusOr<Jwk> key);

// The key under the name that `cnf.kid` beside it gives it, in place of a name
// of its own.
absl::StatusOr<PopKey> WithNameBeside(absl::StatusOr<PopKey> key,
                                      std::optional<absl::string_view> kid);

// The token's subject's key that is known as `kid`. An error that carries no
// Rejection comes from KnownKeysInterface.
absl::StatusOr<PopKey> FindKnownKey(absl::string_view kid,
                                    const ConfirmationContext& context);

}  // namespace sluice::ace

#endif  // POLICY_ACE_CONFIRMATION_H_
