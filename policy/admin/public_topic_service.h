#ifndef POLICY_ADMIN_PUBLIC_TOPIC_SERVICE_H_
#define POLICY_ADMIN_PUBLIC_TOPIC_SERVICE_H_

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "policy/ace/scope.h"
#include "policy/service/access_control.h"
#include "policy/service/replica.h"
#include "policy/store/resource_store.h"
#include "proto/sluice/admin/v1/public_topic.grpc.pb.h"

namespace sluice::policy {

// PublicTopicService over gRPC: the managed public topics are resources of the
// store, and those of the configuration are shown beside them. A call waits for
// the store on gRPC's thread. Thread-safe.
class PublicTopicService final
    : public admin::v1::PublicTopicService::CallbackService {
 public:
  using Clock = std::function<absl::Time()>;

  // All outlive this. `replica` follows `store`.
  PublicTopicService(ResourceStoreInterface* store, Replica* replica,
                     const AccessControl* access, Clock clock);

  // Says what the configuration declares, from now on.
  void SetDeclared(const std::vector<ace::Permission>& declared);

  grpc::ServerUnaryReactor* PutPublicTopic(
      grpc::CallbackServerContext* context,
      const admin::v1::PutPublicTopicRequest* request,
      admin::v1::PublicTopic* response) override;
  grpc::ServerUnaryReactor* GetPublicTopic(
      grpc::CallbackServerContext* context,
      const admin::v1::GetPublicTopicRequest* request,
      admin::v1::PublicTopic* response) override;
  grpc::ServerUnaryReactor* ListPublicTopics(
      grpc::CallbackServerContext* context,
      const admin::v1::ListPublicTopicsRequest* request,
      admin::v1::ListPublicTopicsResponse* response) override;
  grpc::ServerUnaryReactor* DeletePublicTopic(
      grpc::CallbackServerContext* context,
      const admin::v1::DeletePublicTopicRequest* request,
      google::protobuf::Empty* response) override;

 private:
  // By id.
  using Declared = std::map<std::string, admin::v1::PublicTopic, std::less<>>;

  // Writes; `revision` is then the store's.
  grpc::Status Put(const admin::v1::PutPublicTopicRequest& request,
                   admin::v1::PublicTopic* response, int64_t* revision);
  // Makes `topic` what the request's mask makes of the one that there is, which
  // is to have `expected` when it is written.
  grpc::Status ApplyMask(const admin::v1::PutPublicTopicRequest& request,
                         const std::string& id, admin::v1::PublicTopic* topic,
                         std::optional<int64_t>* expected);
  grpc::Status Get(const admin::v1::GetPublicTopicRequest& request,
                   admin::v1::PublicTopic* response);
  grpc::Status List(const admin::v1::ListPublicTopicsRequest& request,
                    admin::v1::ListPublicTopicsResponse* response);
  // FailedPrecondition where the configuration declares it.
  grpc::Status CheckNotDeclared(absl::string_view id) const;
  Declared declared() const;

  ResourceStoreInterface* const store_;
  Replica* const replica_;
  const AccessControl* const access_;
  const Clock clock_;
  mutable std::mutex mutex_;
  Declared declared_;
};

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_PUBLIC_TOPIC_SERVICE_H_
