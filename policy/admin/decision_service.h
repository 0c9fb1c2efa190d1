#ifndef POLICY_ADMIN_DECISION_SERVICE_H_
#define POLICY_ADMIN_DECISION_SERVICE_H_

#include "grpcpp/grpcpp.h"
#include "policy/service/access_control.h"
#include "policy/service/watch_hub.h"
#include "proto/sluice/admin/v1/decision.grpc.pb.h"

namespace sluice::policy {

// DecisionService over gRPC: asks the proxies that watch to tell what they
// decide, for as long as there is a caller. Thread-safe.
class DecisionService final
    : public admin::v1::DecisionService::CallbackService {
 public:
  // Both outlive this; `hub` is closed before the server shuts down.
  DecisionService(WatchHub* hub, const AccessControl* access)
      : hub_(hub), access_(access) {}

  grpc::ServerWriteReactor<admin::v1::WatchDecisionsResponse>* WatchDecisions(
      grpc::CallbackServerContext* context,
      const admin::v1::WatchDecisionsRequest* request) override;

 private:
  WatchHub* const hub_;
  const AccessControl* const access_;
};

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_DECISION_SERVICE_H_
