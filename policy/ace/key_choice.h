#ifndef POLICY_ACE_KEY_CHOICE_H_
#define POLICY_ACE_KEY_CHOICE_H_

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/algorithm.h"
#include "policy/ace/content_encryption.h"
#include "policy/ace/jwk.h"

namespace sluice::ace {

// The one key of an issuer's `keys` with which a signature made with
// `algorithm` can be checked (ACE-TOK-2, ACE-TOK-4): the key that the token's
// header names with `kid`, or, without `kid`, the only key that permits
// `algorithm`. No such key or several: Rejection::kInvalid, with
// WithUnknownKid() where no key at all has that `kid`.
absl::StatusOr<const Jwk*> ChooseVerificationKey(
    const JwkSet& keys, Algorithm algorithm,
    std::optional<absl::string_view> kid);

// Whether `key` may be used directly for `encryption`: it is symmetric and of
// the right length, permits encryption, and its `alg`, where it has one, is
// "dir" or names `encryption`.
bool FitsDirectly(const Jwk& key, ContentEncryption encryption);

}  // namespace sluice::ace

#endif  // POLICY_ACE_KEY_CHOICE_H_
