#include "policy/admin/public_topic_service.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/ace/digest.h"
#include "policy/admin/errors.h"
#include "policy/admin/etag.h"
#include "policy/admin/field_mask.h"
#include "policy/admin/page_token.h"
#include "policy/admin/resource_name.h"
#include "policy/service/grpc_status.h"
#include "proxy/base/bytes.h"
#include "proxy/mqtt/topic.h"

namespace sluice::policy {
namespace {

using admin::v1::PublicTopic;

constexpr size_t kMaxFilterBytes = 4096;
constexpr char kNameRule[] = "expected \"public-topics/ID\"";

grpc::Status CheckTopic(const PublicTopic& topic) {
  FieldViolations violations;
  const std::string& filter = topic.topic_filter();
  if (filter.size() > kMaxFilterBytes || !mqtt::IsValidTopicFilter(filter) ||
      absl::StartsWith(filter, "$share/")) {
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

// One filter, one public topic.
std::string IdOfFilter(absl::string_view filter) {
  const std::string hash = ace::Sha256(AsBytes(filter));
  return absl::BytesToHexString(absl::string_view(hash).substr(0, 16));
}

std::string NameOfId(absl::string_view id) {
  return absl::StrCat(kPublicTopics, "/", id);
}

// A value that cannot be read is shown without what it says.
PublicTopic FromResource(const Resource& resource) {
  PublicTopic topic;
  if (!topic.ParseFromString(resource.value)) topic.Clear();
  topic.set_name(NameOfId(resource.id));
  topic.set_etag(EtagOf(resource));
  return topic;
}

}  // namespace

PublicTopicService::PublicTopicService(ResourceStoreInterface* store,
                                       Replica* replica,
                                       const AccessControl* access, Clock clock)
    : store_(store),
      replica_(replica),
      access_(access),
      clock_(std::move(clock)) {}

void PublicTopicService::SetDeclared(
    const std::vector<ace::Permission>& declared) {
  Declared by_id;
  for (const ace::Permission& permission : declared) {
    const std::string id = IdOfFilter(permission.topic_filter);
    PublicTopic& topic = by_id[id];
    topic.set_name(NameOfId(id));
    topic.set_topic_filter(permission.topic_filter);
    // The file may say it in two entries.
    topic.set_publish(topic.publish() || permission.publish);
    topic.set_subscribe(topic.subscribe() || permission.subscribe);
    topic.set_read_only(true);
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  declared_.swap(by_id);
}

PublicTopicService::Declared PublicTopicService::declared() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return declared_;
}

grpc::Status PublicTopicService::CheckNotDeclared(absl::string_view id) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (declared_.find(id) == declared_.end()) return grpc::Status::OK;
  return grpc::Status(
      grpc::StatusCode::FAILED_PRECONDITION,
      absl::StrCat(NameOfId(id),
                   " is declared in the service's configuration file, and can "
                   "only be changed there"));
}

grpc::ServerUnaryReactor* PublicTopicService::PutPublicTopic(
    grpc::CallbackServerContext* context,
    const admin::v1::PutPublicTopicRequest* request, PublicTopic* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  int64_t revision = 0;
  grpc::Status status = access_->CheckOperator(*context);
  if (status.ok()) status = Put(*request, response, &revision);
  if (status.ok()) {
    FinishAt(revision, replica_, reactor);
  } else {
    reactor->Finish(status);
  }
  return reactor;
}

grpc::Status PublicTopicService::Put(
    const admin::v1::PutPublicTopicRequest& request, PublicTopic* response,
    int64_t* revision) {
  const std::string& filter = request.public_topic().topic_filter();
  const std::string id = IdOfFilter(filter);
  std::optional<int64_t> expected =
      ExpectedRevision(request.public_topic().etag());
  PublicTopic topic;
  topic.set_topic_filter(filter);
  topic.set_publish(request.public_topic().publish());
  topic.set_subscribe(request.public_topic().subscribe());
  if (request.has_update_mask()) {
    grpc::Status status = ApplyMask(request, id, &topic, &expected);
    if (!status.ok()) return status;
  }
  if (grpc::Status s = CheckTopic(topic); !s.ok()) return s;
  if (grpc::Status s = CheckNotDeclared(id); !s.ok()) return s;
  Resource resource;
  resource.collection = kPublicTopics;
  resource.id = id;
  resource.value = topic.SerializeAsString();
  const absl::StatusOr<Resource> written =
      store_->Put(std::move(resource), expected, clock_());
  if (!written.ok()) return StoreError(written.status(), NameOfId(id));
  *response = FromResource(*written);
  *revision = written->revision;
  return grpc::Status::OK;
}

grpc::Status PublicTopicService::ApplyMask(
    const admin::v1::PutPublicTopicRequest& request, const std::string& id,
    PublicTopic* topic, std::optional<int64_t>* expected) {
  grpc::Status status =
      CheckFieldMask(request.update_mask(), *PublicTopic::GetDescriptor(),
                     {"name", "etag", "topic_filter", "read_only"});
  if (!status.ok()) return status;
  const absl::StatusOr<std::optional<Resource>> found =
      store_->Get(kPublicTopics, id, clock_());
  if (!found.ok()) return StoreError(found.status(), NameOfId(id));
  if (!found->has_value()) return NoSuchResource(NameOfId(id));
  // What has been read is what is changed, or nothing is.
  if (expected->has_value() && *expected != (*found)->revision) {
    return StoreError(absl::AbortedError(""), NameOfId(id));
  }
  *expected = (*found)->revision;
  const PublicTopic before = FromResource(**found);
  topic->set_publish(before.publish());
  topic->set_subscribe(before.subscribe());
  MergeFields(request.update_mask(), request.public_topic(), topic);
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* PublicTopicService::GetPublicTopic(
    grpc::CallbackServerContext* context,
    const admin::v1::GetPublicTopicRequest* request, PublicTopic* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  grpc::Status status = access_->CheckOperator(*context);
  if (status.ok()) status = Get(*request, response);
  reactor->Finish(status);
  return reactor;
}

grpc::Status PublicTopicService::Get(
    const admin::v1::GetPublicTopicRequest& request, PublicTopic* response) {
  const std::optional<absl::string_view> id =
      IdOf(request.name(), kPublicTopics);
  if (!id.has_value()) return FieldError("name", kNameRule);
  const Declared declared = this->declared();
  if (const auto found = declared.find(*id); found != declared.end()) {
    *response = found->second;
    return grpc::Status::OK;
  }
  const absl::StatusOr<std::optional<Resource>> found =
      store_->Get(kPublicTopics, *id, clock_());
  if (!found.ok()) return StoreError(found.status(), request.name());
  if (!found->has_value()) return NoSuchResource(request.name());
  *response = FromResource(**found);
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* PublicTopicService::ListPublicTopics(
    grpc::CallbackServerContext* context,
    const admin::v1::ListPublicTopicsRequest* request,
    admin::v1::ListPublicTopicsResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  grpc::Status status = access_->CheckOperator(*context);
  if (status.ok()) status = List(*request, response);
  reactor->Finish(status);
  return reactor;
}

grpc::Status PublicTopicService::List(
    const admin::v1::ListPublicTopicsRequest& request,
    admin::v1::ListPublicTopicsResponse* response) {
  if (request.page_size() < 0) return FieldError("page_size", "negative");
  const std::optional<std::string> after =
      ReadPageToken(kPublicTopics, request.page_token());
  if (!after.has_value()) {
    return FieldError("page_token", "not of this listing");
  }
  const size_t size = PageSize(request.page_size());
  const absl::StatusOr<std::vector<Resource>> managed =
      store_->List(kPublicTopics, *after, size + 1, clock_());
  if (!managed.ok()) return ToGrpcStatus(managed.status());
  // What the file has come to declare hides what is managed.
  Declared page = declared();
  page.erase(page.begin(), page.upper_bound(*after));
  for (const Resource& resource : *managed) {
    page.try_emplace(resource.id, FromResource(resource));
  }
  for (auto& [id, topic] : page) {
    if (static_cast<size_t>(response->public_topics_size()) == size) {
      const std::string& last = response->public_topics(size - 1).name();
      response->set_next_page_token(
          MakePageToken(kPublicTopics, *IdOf(last, kPublicTopics)));
      break;
    }
    *response->add_public_topics() = std::move(topic);
  }
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* PublicTopicService::DeletePublicTopic(
    grpc::CallbackServerContext* context,
    const admin::v1::DeletePublicTopicRequest* request,
    google::protobuf::Empty*) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const std::optional<absl::string_view> id =
      IdOf(request->name(), kPublicTopics);
  grpc::Status status = access_->CheckOperator(*context);
  if (status.ok() && !id.has_value()) status = FieldError("name", kNameRule);
  if (status.ok()) status = CheckNotDeclared(*id);
  if (!status.ok()) {
    reactor->Finish(status);
    return reactor;
  }
  const absl::StatusOr<int64_t> deleted = store_->Delete(
      kPublicTopics, *id, ExpectedRevision(request->etag()), clock_());
  if (!deleted.ok()) {
    reactor->Finish(StoreError(deleted.status(), request->name()));
    return reactor;
  }
  FinishAt(*deleted, replica_, reactor);
  return reactor;
}

}  // namespace sluice::policy
