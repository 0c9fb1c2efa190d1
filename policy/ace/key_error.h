#ifndef POLICY_ACE_KEY_ERROR_H_
#define POLICY_ACE_KEY_ERROR_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/key.h"

namespace sluice::ace {

// The errors of the readers of JWKs and COSE_Keys. They name the member as a
// JWK has it.

// InvalidArgument: what is wrong with `member`.
absl::Status KeyError(absl::string_view member, absl::string_view fault);

// `key`, which was made from `member`: in front of an error comes its name.
absl::StatusOr<Key> KeyFrom(absl::string_view member, absl::StatusOr<Key> key);

}  // namespace sluice::ace

#endif  // POLICY_ACE_KEY_ERROR_H_
