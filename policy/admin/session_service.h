#ifndef POLICY_ADMIN_SESSION_SERVICE_H_
#define POLICY_ADMIN_SESSION_SERVICE_H_

#include "grpcpp/grpcpp.h"
#include "policy/service/access_control.h"
#include "policy/service/watch_hub.h"
#include "proto/sluice/admin/v1/session.grpc.pb.h"

namespace sluice::policy {

// SessionService over gRPC: asks the proxies that watch. A proxy that goes away
// meanwhile has no sessions. Thread-safe.
class SessionService final : public admin::v1::SessionService::CallbackService {
 public:
  // Both outlive this.
  SessionService(WatchHub* hub, const AccessControl* access)
      : hub_(hub), access_(access) {}

  grpc::ServerUnaryReactor* ListSessions(
      grpc::CallbackServerContext* context,
      const admin::v1::ListSessionsRequest* request,
      admin::v1::ListSessionsResponse* response) override;
  grpc::ServerUnaryReactor* GetSession(
      grpc::CallbackServerContext* context,
      const admin::v1::GetSessionRequest* request,
      admin::v1::Session* response) override;
  grpc::ServerUnaryReactor* DisconnectSession(
      grpc::CallbackServerContext* context,
      const admin::v1::DisconnectSessionRequest* request,
      google::protobuf::Empty* response) override;

 private:
  WatchHub* const hub_;
  const AccessControl* const access_;
};

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_SESSION_SERVICE_H_
