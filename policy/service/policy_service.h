#ifndef POLICY_SERVICE_POLICY_SERVICE_H_
#define POLICY_SERVICE_POLICY_SERVICE_H_

#include <functional>
#include <memory>
#include <mutex>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "policy/service/authenticator.h"
#include "policy/service/introspector.h"
#include "policy/service/jwks_fetcher.h"
#include "proto/sluice/policy/v1/policy.grpc.pb.h"

namespace sluice::policy {

// Who decides. Replaced as a whole when the configuration changes.
struct Deciders {
  std::shared_ptr<const Authenticator> authenticator;
  // Null: there is nobody to ask about references.
  std::shared_ptr<Introspector> introspector;
  // Null: no issuer's keys can be read anew. When they have been, whoever owns
  // the service has called SetDeciders().
  std::shared_ptr<JwksFetcher> jwks_fetcher;
};

// PolicyService over gRPC: asks the authenticator and puts its answer on the
// wire. A call is answered inline, on gRPC's thread, unless an authorization
// server has to be asked first. Thread-safe.
class PolicyService final : public v1::PolicyService::CallbackService {
 public:
  // Longest request, in bytes: the longest token and what stands around it.
  static constexpr int kMaxRequestBytes = 256 * 1024;

  using Clock = std::function<absl::Time()>;

  explicit PolicyService(
      Deciders deciders, Clock clock = [] { return absl::Now(); });

  // Calls that start from now on ask `deciders`, and so do those that wait for
  // an issuer's keys; others under way finish with those they started with.
  void SetDeciders(Deciders deciders);
  Deciders deciders() const;

  grpc::ServerUnaryReactor* Authenticate(
      grpc::CallbackServerContext* context,
      const v1::AuthenticateRequest* request,
      v1::AuthenticateResponse* response) override;
  grpc::ServerUnaryReactor* StoreToken(
      grpc::CallbackServerContext* context,
      const v1::StoreTokenRequest* request,
      v1::StoreTokenResponse* response) override;

 private:
  const Clock clock_;
  mutable std::mutex mutex_;
  Deciders deciders_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_POLICY_SERVICE_H_
