#ifndef POLICY_SERVICE_AUTHENTICATOR_H_
#define POLICY_SERVICE_AUTHENTICATOR_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "policy/ace/scope.h"
#include "policy/ace/token_verifier.h"
#include "policy/store/token_store.h"
#include "proto/sluice/policy/v1/policy.pb.h"

namespace sluice::policy {

// Decides who may do what: the answers of PolicyService, without gRPC, clock or
// log. Immutable, so any thread may call it; a changed configuration means a
// new one over the same store.
//
// Both calls have three outcomes. A grant or a denial is a decision; a denial's
// detail is for the log and holds no secret. An error says that the store
// failed and nothing was decided. Whatever a request leaves unset, or sets to
// something unknown, is denied.
class Authenticator {
 public:
  // `public_topics` are part of every grant (ACE-SCP-6), their filters valid
  // and not shared.
  Authenticator(ace::TokenVerifier verifier,
                const std::vector<ace::Permission>& public_topics,
                std::shared_ptr<TokenStoreInterface> store);

  // The token is checked first, then its proof of possession. Both right: the
  // token is stored (ACE-CON-5), and the grant holds its scope and the public
  // topics. An anonymous client gets the public topics, or, where the proxy
  // takes tokens at `authz-info`, an empty grant (ACE-AUTH-1).
  absl::StatusOr<v1::AuthenticateResponse> Authenticate(
      const v1::AuthenticateRequest& request, absl::Time now) const;

  // Checks a token that came without a proof and stores it: who uses it later
  // must prove possession then (RFC 9431 section 2.2.2).
  absl::StatusOr<v1::StoreTokenResponse> StoreToken(
      const v1::StoreTokenRequest& request, absl::Time now) const;

 private:
  absl::StatusOr<v1::AuthenticateResponse> AuthenticateToken(
      const v1::TokenCredential& credential, absl::Time now) const;
  absl::Status Store(const std::string& token,
                     const ace::VerifiedToken& verified, absl::Time now) const;

  const ace::TokenVerifier verifier_;
  // The grant of an anonymous client; every other one starts as its copy.
  v1::Grant public_grant_;
  const std::shared_ptr<TokenStoreInterface> store_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_AUTHENTICATOR_H_
