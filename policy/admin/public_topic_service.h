#ifndef POLICY_ADMIN_PUBLIC_TOPIC_SERVICE_H_
#define POLICY_ADMIN_PUBLIC_TOPIC_SERVICE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "grpcpp/grpcpp.h"
#include "policy/ace/scope.h"
#include "policy/admin/collection.h"
#include "policy/admin/declared.h"
#include "policy/service/replica.h"
#include "policy/store/resource_store.h"
#include "proto/sluice/admin/v1/public_topic.grpc.pb.h"

namespace sluice::policy {

// How many managed public topics there may be: each grant has all of them.
inline constexpr size_t kMaxPublicTopics = 1000;
inline constexpr size_t kMaxPublicTopicBytes = 1 << 20;  // of all together

// PublicTopicService over gRPC: the managed public topics are resources of the
// store, and those of the configuration are shown beside them. A call waits for
// the store on a thread of `pool`. Thread-safe.
class PublicTopicService final
    : public admin::v1::PublicTopicService::CallbackService {
 public:
  explicit PublicTopicService(const Collection::Context& context)
      : topics_(kPublicTopics, context) {}

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
  admin::v1::PublicTopic Show(const Resource& resource) const;

  const Collection topics_;
  Declared<admin::v1::PublicTopic> declared_{&topics_};
};

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_PUBLIC_TOPIC_SERVICE_H_
