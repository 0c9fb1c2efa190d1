#ifndef PROXY_SERVER_TOKEN_RATE_LIMITER_H_
#define PROXY_SERVER_TOKEN_RATE_LIMITER_H_

#include <cstdint>

#include "proxy/policy_client/policy_client_interface.h"
#include "proxy/transport/address_rates.h"

namespace sluice::server {

// Lets so many tokens of one client address through to the policy service, and
// answers kResourceExhausted at once to those beyond (ACE-AZI-3). The second
// question about a token whose nonce was asked for passes, and so do all other
// requests. Any thread.
class TokenRateLimiter final : public policy_client::PolicyClientInterface {
 public:
  // `policy` outlives the limiter. `tokens_per_second` 0: no limit. `clock` is
  // for tests.
  TokenRateLimiter(policy_client::PolicyClientInterface* policy,
                   uint32_t tokens_per_second,
                   transport::AddressRates::Clock clock =
                       transport::AddressRates::SystemClock);

  void Authenticate(const policy::v1::AuthenticateRequest& request,
                    Callback<policy::v1::AuthenticateResponse> done) override;
  void StoreToken(const policy::v1::StoreTokenRequest& request,
                  Callback<policy::v1::StoreTokenResponse> done) override;
  void GetPreSharedKey(
      const policy::v1::GetPreSharedKeyRequest& request,
      Callback<policy::v1::GetPreSharedKeyResponse> done) override;
  void Check(const policy::v1::CheckRequest& request,
             Callback<policy::v1::CheckResponse> done) override;

 private:
  bool Admit(const std::string& client_address);

  policy_client::PolicyClientInterface& policy_;
  transport::AddressRates rates_;
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_TOKEN_RATE_LIMITER_H_
