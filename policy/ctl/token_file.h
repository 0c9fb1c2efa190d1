#ifndef POLICY_CTL_TOKEN_FILE_H_
#define POLICY_CTL_TOKEN_FILE_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace sluice::ctl {

// What a token says of itself. Nobody has vouched for it.
struct TokenFacts {
  std::string token_id;  // as grants show it; not empty
  std::string issuer;    // may be empty
  std::optional<absl::Time> expires_at;
};

// Of the JWT or CWT (binary, or in base64url as `dev token` prints it) in a
// file. FailedPrecondition, naming the file, where there is none, it is
// encrypted, or it has no id.
absl::StatusOr<TokenFacts> ReadTokenFile(const std::string& path);

}  // namespace sluice::ctl

#endif  // POLICY_CTL_TOKEN_FILE_H_
