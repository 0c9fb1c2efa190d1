#include "proxy/server/token_rate_limiter.h"

#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "proxy/base/address.h"
#include "proxy/transport/socket_address.h"

namespace sluice::server {

using ::sluice::transport::SocketAddress;

TokenRateLimiter::TokenRateLimiter(policy_client::PolicyClientInterface* policy,
                                   uint32_t tokens_per_second,
                                   transport::AddressRates::Clock clock)
    : policy_(*policy), rates_(tokens_per_second, clock) {}

void TokenRateLimiter::Authenticate(
    const policy::v1::AuthenticateRequest& request,
    Callback<policy::v1::AuthenticateResponse> done) {
  policy_.Authenticate(request, std::move(done));
}

void TokenRateLimiter::StoreToken(
    const policy::v1::StoreTokenRequest& request,
    Callback<policy::v1::StoreTokenResponse> done) {
  if (!request.asked_cnonce() &&
      !Admit(request.connection().client_address())) {
    done(absl::ResourceExhaustedError("too many tokens of one address"));
    return;
  }
  policy_.StoreToken(request, std::move(done));
}

void TokenRateLimiter::GetPreSharedKey(
    const policy::v1::GetPreSharedKeyRequest& request,
    Callback<policy::v1::GetPreSharedKeyResponse> done) {
  policy_.GetPreSharedKey(request, std::move(done));
}

void TokenRateLimiter::Check(const policy::v1::CheckRequest& request,
                             Callback<policy::v1::CheckResponse> done) {
  policy_.Check(request, std::move(done));
}

bool TokenRateLimiter::Admit(const std::string& client_address) {
  const absl::StatusOr<Address> parsed = ParseAddress(client_address);
  if (!parsed.ok()) return false;
  const absl::optional<SocketAddress> address =
      SocketAddress::FromLiteral(*parsed);
  return address.has_value() && rates_.Take(*address);
}

}  // namespace sluice::server
