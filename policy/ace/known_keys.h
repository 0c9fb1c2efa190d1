#ifndef POLICY_ACE_KNOWN_KEYS_H_
#define POLICY_ACE_KNOWN_KEYS_H_

#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/ace/pop_key.h"

namespace sluice::ace {

// The proof-of-possession keys that the policy service knows, for tokens that
// are bound to a key by its name alone (`cnf.kid`, RFC 7800 section 3.4).
// Thread-safe.
class KnownKeysInterface {
 public:
  virtual ~KnownKeysInterface() = default;

  // The key of a token of `issuer` for `subject` that is stored and in force at
  // `now` and whose key is called `kid` (PopKey::kid()). nullopt where there is
  // none, and where two different keys have that name: a name that could mean
  // either binds nothing. Issuers choose names without regard to each other,
  // and clients may choose those of their own keys, so one subject's never
  // stand for another's, and where nobody is named nothing is.
  //
  // An error says that the store could not be asked. The answer comes from what
  // is kept with the stored token: verifying a token that is itself bound by
  // `kid` would come back here.
  virtual absl::StatusOr<std::optional<PopKey>> FindByKid(
      absl::string_view issuer, absl::string_view subject,
      absl::string_view kid, absl::Time now) const = 0;
};

}  // namespace sluice::ace

#endif  // POLICY_ACE_KNOWN_KEYS_H_
