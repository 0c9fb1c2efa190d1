#ifndef POLICY_ADMIN_ISSUER_SERVICE_H_
#define POLICY_ADMIN_ISSUER_SERVICE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "policy/ace/issuer.h"
#include "policy/service/access_control.h"
#include "policy/service/authenticator.h"
#include "policy/service/jwks_fetcher.h"
#include "policy/service/replica.h"
#include "policy/store/resource_store.h"
#include "proto/sluice/admin/v1/issuer.grpc.pb.h"

namespace sluice::policy {

// IssuerService over gRPC: the managed issuers are resources of the store, and
// those of the configuration are shown beside them. Nothing of a key is shown
// but its names. A call waits for the store on gRPC's thread. Thread-safe.
class IssuerService final : public admin::v1::IssuerService::CallbackService {
 public:
  using Clock = std::function<absl::Time()>;
  // Who decides now. Not null.
  using Deciding = std::function<std::shared_ptr<const Authenticator>()>;

  // All outlive this. `replica` follows `store`.
  IssuerService(ResourceStoreInterface* store, Replica* replica,
                const AccessControl* access, Clock clock, Deciding deciding);

  // Says what the configuration declares, and where it has keys from, from now
  // on.
  void SetDeclared(const std::vector<ace::Issuer>& issuers,
                   const std::vector<JwksSource>& sources);

  grpc::ServerUnaryReactor* PutIssuer(
      grpc::CallbackServerContext* context,
      const admin::v1::PutIssuerRequest* request,
      admin::v1::Issuer* response) override;
  grpc::ServerUnaryReactor* GetIssuer(
      grpc::CallbackServerContext* context,
      const admin::v1::GetIssuerRequest* request,
      admin::v1::Issuer* response) override;
  grpc::ServerUnaryReactor* ListIssuers(
      grpc::CallbackServerContext* context,
      const admin::v1::ListIssuersRequest* request,
      admin::v1::ListIssuersResponse* response) override;
  grpc::ServerUnaryReactor* DeleteIssuer(
      grpc::CallbackServerContext* context,
      const admin::v1::DeleteIssuerRequest* request,
      google::protobuf::Empty* response) override;

 private:
  // By id.
  using Declared = std::map<std::string, admin::v1::Issuer, std::less<>>;

  // Writes; `revision` is then the store's.
  grpc::Status Put(const admin::v1::Issuer& issuer, admin::v1::Issuer* response,
                   int64_t* revision);
  grpc::Status Get(const admin::v1::GetIssuerRequest& request,
                   admin::v1::Issuer* response);
  grpc::Status List(const admin::v1::ListIssuersRequest& request,
                    admin::v1::ListIssuersResponse* response);
  grpc::Status Delete(const admin::v1::DeleteIssuerRequest& request,
                      int64_t* revision);
  // FailedPrecondition where the configuration declares it.
  grpc::Status CheckNotDeclared(absl::string_view id) const;
  // Whether there may be one of that id.
  grpc::Status CheckRoom(const std::string& id);
  // As it is shown. A value that cannot be read is shown without what it says.
  admin::v1::Issuer FromResource(const Resource& resource) const;
  Declared declared() const;

  ResourceStoreInterface* const store_;
  Replica* const replica_;
  const AccessControl* const access_;
  const Clock clock_;
  const Deciding deciding_;
  mutable std::mutex mutex_;
  Declared declared_;
};

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_ISSUER_SERVICE_H_
