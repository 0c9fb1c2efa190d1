#ifndef POLICY_ACE_TOKEN_IDENTITY_H_
#define POLICY_ACE_TOKEN_IDENTITY_H_

#include <optional>
#include <string>

#include "absl/status/status.h"

namespace sluice::ace {

// Whose a token is and which, as its issuer, which has vouched for it, says;
// for records of why it was refused. Each but `issuer` may be empty.
struct TokenIdentity {
  std::string issuer;
  std::string subject;
  std::string token_id;
};

// `status`, which is not OK, about the token that `identity` names.
absl::Status WithIdentity(absl::Status status, const TokenIdentity& identity);

// What WithIdentity() has put into `status`. nullopt: it is about no token, or
// about one that nobody has vouched for.
std::optional<TokenIdentity> IdentityOf(const absl::Status& status);

}  // namespace sluice::ace

#endif  // POLICY_ACE_TOKEN_IDENTITY_H_
