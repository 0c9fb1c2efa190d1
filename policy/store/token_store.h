#ifndef POLICY_STORE_TOKEN_STORE_H_
#define POLICY_STORE_TOKEN_STORE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sluice::policy {

// A valid token that is kept beyond the request that brought it (ACE-CON-5,
// RFC 9431 section 2.2.2).
struct TokenRecord {
  // RFC 7638 thumbprint of the token's proof-of-possession key.
  std::string key_thumbprint;
  // The token as it was presented: it is verified anew whenever it is used, so
  // a changed key or rule counts for stored tokens too. Never to be logged.
  std::string token;
  absl::Time expires_at;
};

// Where valid tokens are kept, at most one a proof-of-possession key
// (ACE-TOK-7). A store is bounded and may forget; what it forgot, the client
// presents again. Thread-safe. Time is the caller's.
class TokenStoreInterface {
 public:
  virtual ~TokenStoreInterface() = default;

  // Keeps `record`, in place of an earlier one for the same key. A record that
  // has expired at `now` is kFailedPrecondition, one that no store of this size
  // could hold kResourceExhausted; nothing changes then.
  virtual absl::Status Put(TokenRecord record, absl::Time now) = 0;

  // The record of the key; none when there is none or it has expired at `now`.
  // An error says that the store could not be asked.
  virtual absl::StatusOr<std::optional<TokenRecord>> Find(
      absl::string_view key_thumbprint, absl::Time now) = 0;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_TOKEN_STORE_H_
