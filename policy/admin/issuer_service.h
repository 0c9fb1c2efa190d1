#ifndef POLICY_ADMIN_ISSUER_SERVICE_H_
#define POLICY_ADMIN_ISSUER_SERVICE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "grpcpp/grpcpp.h"
#include "policy/ace/issuer.h"
#include "policy/admin/collection.h"
#include "policy/admin/declared.h"
#include "policy/service/authenticator.h"
#include "policy/service/jwks_fetcher.h"
#include "policy/service/replica.h"
#include "policy/store/resource_store.h"
#include "proto/sluice/admin/v1/issuer.grpc.pb.h"

namespace sluice::policy {

// IssuerService over gRPC: the managed issuers are resources of the store, and
// those of the configuration are shown beside them. Nothing of a key is shown
// but its names. Thread-safe.
class IssuerService final : public admin::v1::IssuerService::CallbackService {
 public:
  // Who decides now. Not null.
  using Deciding = std::function<std::shared_ptr<const Authenticator>()>;

  IssuerService(const Collection::Context& context, Deciding deciding)
      : replica_(*context.replica),
        deciding_(std::move(deciding)),
        issuers_(kIssuers, context) {}

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
  // Writes; `revision` is then the store's.
  grpc::Status Put(const admin::v1::PutIssuerRequest& request,
                   admin::v1::Issuer* response, int64_t* revision);
  // Makes `issuer` the one that there is, with the fields of the request's mask
  // changed.
  grpc::Status ApplyMask(const admin::v1::PutIssuerRequest& request,
                         const std::string& id, admin::v1::Issuer* issuer,
                         std::optional<int64_t>* expected);
  grpc::Status Get(const admin::v1::GetIssuerRequest& request,
                   admin::v1::Issuer* response);
  // Whether there may be one of that id.
  grpc::Status CheckRoom(const std::string& id);
  // As it is shown. A value that cannot be read is shown without what it says.
  admin::v1::Issuer Show(const Resource& resource) const;

  const Replica& replica_;
  const Deciding deciding_;
  const Collection issuers_;
  Declared<admin::v1::Issuer> declared_{&issuers_};
};

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_ISSUER_SERVICE_H_
