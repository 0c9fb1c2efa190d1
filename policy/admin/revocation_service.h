#ifndef POLICY_ADMIN_REVOCATION_SERVICE_H_
#define POLICY_ADMIN_REVOCATION_SERVICE_H_

#include <functional>

#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "policy/service/access_control.h"
#include "policy/service/replica.h"
#include "policy/store/resource_store.h"
#include "proto/sluice/admin/v1/revocation.grpc.pb.h"

namespace sluice::policy {

// RevocationService over gRPC: revocations are resources of the store. A call
// waits for the store on gRPC's thread. Thread-safe.
class RevocationService final
    : public admin::v1::RevocationService::CallbackService {
 public:
  using Clock = std::function<absl::Time()>;

  // All outlive this. `replica` follows `store`.
  RevocationService(ResourceStoreInterface* store, Replica* replica,
                    const AccessControl* access, Clock clock);

  grpc::ServerUnaryReactor* CreateRevocation(
      grpc::CallbackServerContext* context,
      const admin::v1::CreateRevocationRequest* request,
      admin::v1::Revocation* response) override;
  grpc::ServerUnaryReactor* GetRevocation(
      grpc::CallbackServerContext* context,
      const admin::v1::GetRevocationRequest* request,
      admin::v1::Revocation* response) override;
  grpc::ServerUnaryReactor* ListRevocations(
      grpc::CallbackServerContext* context,
      const admin::v1::ListRevocationsRequest* request,
      admin::v1::ListRevocationsResponse* response) override;
  grpc::ServerUnaryReactor* DeleteRevocation(
      grpc::CallbackServerContext* context,
      const admin::v1::DeleteRevocationRequest* request,
      google::protobuf::Empty* response) override;

 private:
  // What is wrong with the request, or what came of it.
  grpc::Status Get(const admin::v1::GetRevocationRequest& request,
                   admin::v1::Revocation* response);
  grpc::Status List(const admin::v1::ListRevocationsRequest& request,
                    admin::v1::ListRevocationsResponse* response);

  ResourceStoreInterface* const store_;
  Replica* const replica_;
  const AccessControl* const access_;
  const Clock clock_;
};

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_REVOCATION_SERVICE_H_
