#ifndef POLICY_CTL_TOKEN_REQUEST_H_
#define POLICY_CTL_TOKEN_REQUEST_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "policy/ace/jwk.h"
#include "policy/ace/scope.h"
#include "policy/ace/signing_key.h"

namespace sluice::ctl {

// What an access token is to say, whatever its format.
struct TokenRequest {
  // UTF-8, all of them.
  std::string issuer;
  std::string audience;
  std::string subject;
  // A random one where there is none.
  std::optional<std::string> token_id;
  // Unix seconds.
  int64_t issued_at;
  int64_t expires_at;
  std::optional<int64_t> not_before;
  // AIF-MQTT in JSON, and what it says.
  std::optional<std::string> scope_json;
  ace::Scope scope;
  // The client's key, and, where that is symmetric, the key of the policy
  // service's that it is encrypted with; not there for other keys.
  ace::Jwk client_key;
  std::optional<ace::Jwk> encryption_key;
};

// The token, signed (or MACed) with `key`, as text: a JWT.
// InvalidArgument where the client's key cannot be encrypted with the
// encryption key.
absl::StatusOr<std::string> MakeJwt(const TokenRequest& request,
                                    const ace::SigningKey& key);

// The same in bytes: a CWT. `cti` holds the bytes of the token's id.
absl::StatusOr<std::string> MakeCwt(const TokenRequest& request,
                                    const ace::SigningKey& key);

}  // namespace sluice::ctl

#endif  // POLICY_CTL_TOKEN_REQUEST_H_
