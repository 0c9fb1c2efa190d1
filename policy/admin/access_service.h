#ifndef POLICY_ADMIN_ACCESS_SERVICE_H_
#define POLICY_ADMIN_ACCESS_SERVICE_H_

#include <utility>

#include "grpcpp/grpcpp.h"
#include "policy/admin/access_call.h"
#include "policy/service/access_control.h"
#include "proto/sluice/admin/v1/access.grpc.pb.h"

namespace sluice::policy {

// AccessService over gRPC. Thread-safe.
class AccessService final : public admin::v1::AccessService::CallbackService {
 public:
  // What is in `context`, and `access`, outlive this.
  AccessService(AccessCall::Context context, const AccessControl* access)
      : context_(std::move(context)), access_(access) {}

  grpc::ServerUnaryReactor* Check(
      grpc::CallbackServerContext* context,
      const admin::v1::CheckAccessRequest* request,
      admin::v1::CheckAccessResponse* response) override;
  grpc::ServerUnaryReactor* Explain(
      grpc::CallbackServerContext* context,
      const admin::v1::ExplainAccessRequest* request,
      admin::v1::ExplainAccessResponse* response) override;

 private:
  grpc::ServerUnaryReactor* Answer(
      grpc::CallbackServerContext* context, const admin::v1::AccessQuery& query,
      std::function<void(AccessCall::Response)> show);

  const AccessCall::Context context_;
  const AccessControl* const access_;
};

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_ACCESS_SERVICE_H_
