#ifndef POLICY_SERVICE_POLICY_SERVICE_H_
#define POLICY_SERVICE_POLICY_SERVICE_H_

#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "policy/service/access_control.h"
#include "policy/service/authenticator.h"
#include "policy/service/call_pool.h"
#include "policy/service/decision_call.h"
#include "policy/service/decision_stats.h"
#include "policy/service/watch_hub.h"
#include "proto/sluice/policy/v1/policy.grpc.pb.h"
#include "proxy/base/clock.h"

namespace sluice::policy {

// PolicyService over gRPC: asks the authenticator and puts its answer on the
// wire. A call is answered on a thread of `pool`; all that it asks of the store
// ends a little before the call's own deadline. Callers that `access` does not
// take for proxies are refused. Thread-safe.
class PolicyService final : public v1::PolicyService::CallbackService {
 public:
  // Longest request, in bytes: all that a client may send in a CONNECT, of
  // which draft-01's proofs need the Client Identifier and the Will twice. A
  // request that is longer would be no denial, and cost its client nothing.
  static constexpr int kMaxRequestBytes = 640 * 1024;

  // What of the authenticator answers a call.
  template <typename Request, typename Response>
  using Ask = absl::StatusOr<Response> (Authenticator::*)(
      const Request&, absl::Time, ReferenceAnswers*) const;

  // `access`, `hub` and `pool` outlive this.
  PolicyService(Deciders deciders, const AccessControl* access, WatchHub* hub,
                CallPool* pool, Clock clock);

  // Calls that start from now on ask `deciders`, and so do those that wait for
  // an issuer's keys; others under way finish with those they started with.
  void SetDeciders(Deciders deciders);
  Deciders deciders() const;

  // Of calls that were let in and begun.
  const DecisionStats& stats() const { return stats_; }

  // Authenticator::digest() of those that decide now.
  std::string policy_digest() const {
    return deciders().authenticator->digest();
  }

  grpc::ServerUnaryReactor* Authenticate(
      grpc::CallbackServerContext* context,
      const v1::AuthenticateRequest* request,
      v1::AuthenticateResponse* response) override;
  grpc::ServerUnaryReactor* StoreToken(
      grpc::CallbackServerContext* context,
      const v1::StoreTokenRequest* request,
      v1::StoreTokenResponse* response) override;
  grpc::ServerUnaryReactor* GetPreSharedKey(
      grpc::CallbackServerContext* context,
      const v1::GetPreSharedKeyRequest* request,
      v1::GetPreSharedKeyResponse* response) override;
  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const v1::CheckRequest* request,
                                  v1::CheckResponse* response) override;
  WatchHub::Reactor* Watch(grpc::CallbackServerContext* context) override;

 private:
  // The reaction to a call that `ask` answers, where it may be made.
  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* Decide(DecisionKind kind, const grpc::Status& may,
                                   Ask<Request, Response> ask,
                                   grpc::CallbackServerContext* context,
                                   const Request* request, Response* response);

  const AccessControl* const access_;
  WatchHub* const hub_;
  CallPool* const pool_;
  const Clock clock_;
  DecisionStats stats_;
  mutable std::mutex mutex_;
  Deciders deciders_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_POLICY_SERVICE_H_
