#ifndef POLICY_ADMIN_REVOCATION_SERVICE_H_
#define POLICY_ADMIN_REVOCATION_SERVICE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "grpcpp/grpcpp.h"
#include "policy/admin/collection.h"
#include "policy/service/replica.h"
#include "policy/store/resource_store.h"
#include "proto/sluice/admin/v1/revocation.grpc.pb.h"

namespace sluice::policy {

// RevocationService over gRPC: revocations are resources of the store. A call
// waits for the store on a thread of `pool`. Thread-safe.
class RevocationService final
    : public admin::v1::RevocationService::CallbackService {
 public:
  explicit RevocationService(const Collection::Context& context)
      : revocations_(kRevocations, context) {}

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
  grpc::ServerUnaryReactor* UpdateRevocation(
      grpc::CallbackServerContext* context,
      const admin::v1::UpdateRevocationRequest* request,
      admin::v1::Revocation* response) override;
  grpc::ServerUnaryReactor* DeleteRevocation(
      grpc::CallbackServerContext* context,
      const admin::v1::DeleteRevocationRequest* request,
      google::protobuf::Empty* response) override;

 private:
  // The name of what is to be created; empty where that has no target.
  std::string NameFor(const admin::v1::CreateRevocationRequest& request) const;
  // These write; `revision` is then the store's.
  grpc::Status Create(const admin::v1::CreateRevocationRequest& request,
                      admin::v1::Revocation* response, int64_t* revision);
  grpc::Status Update(const admin::v1::UpdateRevocationRequest& request,
                      admin::v1::Revocation* response, int64_t* revision);
  grpc::Status Put(const std::string& id, std::optional<int64_t> expected,
                   const admin::v1::Revocation& revocation,
                   admin::v1::Revocation* response, int64_t* revision);
  admin::v1::Revocation Show(const Resource& resource) const;

  const Collection revocations_;
};

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_REVOCATION_SERVICE_H_
