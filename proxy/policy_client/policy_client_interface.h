#ifndef PROXY_POLICY_CLIENT_POLICY_CLIENT_INTERFACE_H_
#define PROXY_POLICY_CLIENT_POLICY_CLIENT_INTERFACE_H_

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "proto/sluice/policy/v1/policy.pb.h"

namespace sluice::policy_client {

// Asks the policy service. A denial is an answer; an error status means that
// nothing was decided. Any thread.
class PolicyClientInterface {
 public:
  template <typename Response>
  using Callback = absl::AnyInvocable<void(absl::StatusOr<Response>)>;

  virtual ~PolicyClientInterface() = default;

  // `done` is called once, on any thread, within the client's timeout; maybe
  // before the call returns. `request` need not outlive the call.
  virtual void Authenticate(
      const policy::v1::AuthenticateRequest& request,
      Callback<policy::v1::AuthenticateResponse> done) = 0;
  virtual void StoreToken(const policy::v1::StoreTokenRequest& request,
                          Callback<policy::v1::StoreTokenResponse> done) = 0;
  virtual void GetPreSharedKey(
      const policy::v1::GetPreSharedKeyRequest& request,
      Callback<policy::v1::GetPreSharedKeyResponse> done) = 0;
  virtual void Check(const policy::v1::CheckRequest& request,
                     Callback<policy::v1::CheckResponse> done) = 0;
};

}  // namespace sluice::policy_client

#endif  // PROXY_POLICY_CLIENT_POLICY_CLIENT_INTERFACE_H_
