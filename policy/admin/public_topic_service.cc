#include "policy/admin/public_topic_service.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/admin/errors.h"
#include "policy/admin/etag.h"
#include "policy/admin/field_mask.h"
#include "policy/service/derived_id.h"
#include "proxy/mqtt/topic.h"

namespace sluice::policy {
namespace {

using admin::v1::PublicTopic;

constexpr size_t kMaxFilterBytes = 4096;

grpc::Status CheckTopic(const PublicTopic& topic) {
  FieldViolations violations;
  const std::string& filter = topic.topic_filter();
  if (filter.size() > kMaxFilterBytes || !mqtt::IsValidUnsharedFilter(filter)) {
    violations.Add("public_topic.topic_filter",
                   absl::StrCat("expected an MQTT topic filter of at most ",
                                kMaxFilterBytes, " bytes, not a shared one"));
  }
  if (!topic.publish() && !topic.subscribe()) {
    violations.Add("public_topic.publish",
                   "expected at least one of publish and subscribe");
  }
  return violations.ToStatus();
}

}  // namespace

void PublicTopicService::SetDeclared(
    const std::vector<ace::Permission>& declared) {
  Declared<PublicTopic>::ById by_id;
  for (const ace::Permission& permission : declared) {
    const std::string id = DerivedId(permission.topic_filter);
    PublicTopic& topic = by_id[id];
    topic.set_name(topics_.NameOf(id));
    topic.set_topic_filter(permission.topic_filter);
    // The file may say it in two entries.
    topic.set_publish(topic.publish() || permission.publish);
    topic.set_subscribe(topic.subscribe() || permission.subscribe);
    topic.set_read_only(true);
  }
  declared_.Set(std::move(by_id));
}

// A value that cannot be read is shown without what it says.
PublicTopic PublicTopicService::Show(const Resource& resource) const {
  PublicTopic topic;
  if (!topic.ParseFromString(resource.value)) topic.Clear();
  topic.set_name(topics_.NameOf(resource.id));
  topic.set_etag(EtagOf(resource));
  return topic;
}

grpc::ServerUnaryReactor* PublicTopicService::PutPublicTopic(
    grpc::CallbackServerContext* context,
    const admin::v1::PutPublicTopicRequest* request, PublicTopic* response) {
  return topics_.Write(
      context, "PutPublicTopic",
      topics_.NameOf(DerivedId(request->public_topic().topic_filter())),
      [=](int64_t* revision) { return Put(*request, response, revision); });
}

grpc::Status PublicTopicService::Put(
    const admin::v1::PutPublicTopicRequest& request, PublicTopic* response,
    int64_t* revision) {
  const std::string& filter = request.public_topic().topic_filter();
  // One filter, one public topic.
  const std::string id = DerivedId(filter);
  std::optional<int64_t> expected =
      ExpectedRevision(request.public_topic().etag());
  PublicTopic topic;
  topic.set_topic_filter(filter);
  topic.set_publish(request.public_topic().publish());
  topic.set_subscribe(request.public_topic().subscribe());
  grpc::Status status = declared_.CheckMayChange(id);
  if (status.ok() && request.has_update_mask() &&
      IsPartial(request.update_mask())) {
    status = ApplyMask(request, id, &topic, &expected);
  }
  if (status.ok()) status = CheckTopic(topic);
  Resource resource;
  resource.id = id;
  resource.value = topic.SerializeAsString();
  if (status.ok()) {
    status =
        topics_.CheckRoom(resource, kMaxPublicTopics, kMaxPublicTopicBytes);
  }
  if (status.ok()) status = topics_.Put(expected, &resource);
  if (!status.ok()) return status;
  *response = Show(resource);
  *revision = resource.revision;
  return grpc::Status::OK;
}

grpc::Status PublicTopicService::ApplyMask(
    const admin::v1::PutPublicTopicRequest& request, const std::string& id,
    PublicTopic* topic, std::optional<int64_t>* expected) {
  grpc::Status status =
      CheckFieldMask(request.update_mask(), *PublicTopic::GetDescriptor(),
                     {"name", "etag", "topic_filter", "read_only"});
  Resource resource;
  if (status.ok()) status = topics_.GetForUpdate(id, expected, &resource);
  if (!status.ok()) return status;
  PublicTopic before;
  if (!before.ParseFromString(resource.value)) {
    return CannotBeMerged(topics_.NameOf(id));
  }
  topic->set_publish(before.publish());
  topic->set_subscribe(before.subscribe());
  MergeFields(request.update_mask(), request.public_topic(), topic);
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* PublicTopicService::GetPublicTopic(
    grpc::CallbackServerContext* context,
    const admin::v1::GetPublicTopicRequest* request, PublicTopic* response) {
  return topics_.Read(context, [=] { return Get(*request, response); });
}

grpc::Status PublicTopicService::Get(
    const admin::v1::GetPublicTopicRequest& request, PublicTopic* response) {
  std::string id;
  grpc::Status status = topics_.ReadName(request.name(), &id);
  if (!status.ok()) return status;
  if (std::optional<PublicTopic> declared = declared_.Find(id)) {
    *response = *std::move(declared);
    return grpc::Status::OK;
  }
  Resource resource;
  status = topics_.Get(id, &resource);
  if (status.ok()) *response = Show(resource);
  return status;
}

grpc::ServerUnaryReactor* PublicTopicService::ListPublicTopics(
    grpc::CallbackServerContext* context,
    const admin::v1::ListPublicTopicsRequest* request,
    admin::v1::ListPublicTopicsResponse* response) {
  return topics_.Read(context, [=] {
    return declared_.List(
        request->page_size(), request->page_token(),
        [this](const Resource& resource) { return Show(resource); },
        [response](PublicTopic topic) {
          PublicTopic* added = response->add_public_topics();
          *added = std::move(topic);
          return added->ByteSizeLong();
        },
        response->mutable_next_page_token());
  });
}

grpc::ServerUnaryReactor* PublicTopicService::DeletePublicTopic(
    grpc::CallbackServerContext* context,
    const admin::v1::DeletePublicTopicRequest* request,
    google::protobuf::Empty*) {
  return topics_.DeleteNamed(
      context, "DeletePublicTopic", request->name(), request->etag(),
      [this](absl::string_view id) { return declared_.CheckMayChange(id); });
}

}  // namespace sluice::policy
