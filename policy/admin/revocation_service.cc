#include "policy/admin/revocation_service.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/ace/digest.h"
#include "policy/admin/errors.h"
#include "policy/admin/etag.h"
#include "policy/admin/page_token.h"
#include "policy/admin/resource_name.h"
#include "policy/service/grpc_status.h"
#include "policy/store/resource_rules.h"
#include "proto/timestamp.h"
#include "proxy/base/bytes.h"

namespace sluice::policy {
namespace {

using admin::v1::CreateRevocationRequest;
using admin::v1::Revocation;

constexpr size_t kMaxTargetBytes = 4096;
constexpr size_t kMaxReasonBytes = 1024;
constexpr char kNameRule[] = "expected \"revocations/ID\"";

const std::string* TargetOf(const Revocation& revocation) {
  switch (revocation.target_case()) {
    case Revocation::kTokenId:
      return &revocation.token_id();
    case Revocation::kSubject:
      return &revocation.subject();
    case Revocation::kKeyId:
      return &revocation.key_id();
    case Revocation::TARGET_NOT_SET:
      break;
  }
  return nullptr;
}

grpc::Status CheckNew(const CreateRevocationRequest& request, absl::Time now) {
  FieldViolations violations;
  const Revocation& revocation = request.revocation();
  const std::string* target = TargetOf(revocation);
  if (target == nullptr) {
    violations.Add("revocation.target",
                   "expected one of token_id, subject and key_id");
  } else if (target->empty() || target->size() > kMaxTargetBytes) {
    violations.Add("revocation.target",
                   absl::StrCat("expected 1 to ", kMaxTargetBytes, " bytes"));
  }
  if (revocation.issuer().size() > kMaxTargetBytes) {
    violations.Add("revocation.issuer",
                   absl::StrCat("longer than ", kMaxTargetBytes, " bytes"));
  }
  if (revocation.reason().size() > kMaxReasonBytes) {
    violations.Add("revocation.reason",
                   absl::StrCat("longer than ", kMaxReasonBytes, " bytes"));
  }
  if (revocation.has_expire_time()) {
    const std::optional<absl::Time> end =
        FromTimestamp(revocation.expire_time());
    if (!end.has_value() || *end <= now) {
      violations.Add("revocation.expire_time", "not a time in the future");
    }
  }
  if (!request.revocation_id().empty() &&
      !IsResourceNamePart(request.revocation_id())) {
    violations.Add("revocation_id", kIdRule);
  }
  return violations.ToStatus();
}

// The id of whoever revokes the same. Lengths, so that no boundary can move.
std::string DerivedId(const Revocation& revocation) {
  const std::string hash = ace::Sha256(AsBytes(absl::StrCat(
      revocation.issuer().size(), ":", revocation.issuer(),
      static_cast<int>(revocation.target_case()), ":", *TargetOf(revocation))));
  return absl::BytesToHexString(absl::string_view(hash).substr(0, 16));
}

// As it is shown. A value that cannot be read is shown without what it says.
Revocation FromResource(const Resource& resource) {
  Revocation revocation;
  if (!revocation.ParseFromString(resource.value)) revocation.Clear();
  revocation.set_name(absl::StrCat(kRevocations, "/", resource.id));
  revocation.set_etag(EtagOf(resource));
  return revocation;
}

}  // namespace

RevocationService::RevocationService(ResourceStoreInterface* store,
                                     Replica* replica,
                                     const AccessControl* access, Clock clock)
    : store_(store),
      replica_(replica),
      access_(access),
      clock_(std::move(clock)) {}

grpc::ServerUnaryReactor* RevocationService::CreateRevocation(
    grpc::CallbackServerContext* context,
    const CreateRevocationRequest* request, Revocation* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const absl::Time now = clock_();
  grpc::Status status = access_->CheckOperator(*context);
  if (status.ok()) status = CheckNew(*request, now);
  if (!status.ok()) {
    reactor->Finish(status);
    return reactor;
  }
  Revocation revocation = request->revocation();
  revocation.clear_name();
  revocation.clear_etag();
  *revocation.mutable_create_time() = ToTimestamp(now);
  Resource resource;
  resource.collection = kRevocations;
  resource.id = request->revocation_id().empty() ? DerivedId(revocation)
                                                 : request->revocation_id();
  resource.value = revocation.SerializeAsString();
  if (revocation.has_expire_time()) {
    resource.expires_at = *FromTimestamp(revocation.expire_time());
  }
  const std::string name = absl::StrCat(kRevocations, "/", resource.id);
  const absl::StatusOr<Resource> written =
      store_->Put(std::move(resource), /*expected=*/0, now);
  if (!written.ok()) {
    reactor->Finish(StoreError(written.status(), name));
    return reactor;
  }
  *response = FromResource(*written);
  FinishAt(written->revision, replica_, reactor);
  return reactor;
}

grpc::ServerUnaryReactor* RevocationService::GetRevocation(
    grpc::CallbackServerContext* context,
    const admin::v1::GetRevocationRequest* request, Revocation* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  grpc::Status status = access_->CheckOperator(*context);
  if (status.ok()) status = Get(*request, response);
  reactor->Finish(status);
  return reactor;
}

grpc::Status RevocationService::Get(
    const admin::v1::GetRevocationRequest& request, Revocation* response) {
  const std::optional<absl::string_view> id =
      IdOf(request.name(), kRevocations);
  if (!id.has_value()) return FieldError("name", kNameRule);
  const absl::StatusOr<std::optional<Resource>> found =
      store_->Get(kRevocations, *id, clock_());
  if (!found.ok()) return StoreError(found.status(), request.name());
  if (!found->has_value()) return NoSuchResource(request.name());
  *response = FromResource(**found);
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* RevocationService::ListRevocations(
    grpc::CallbackServerContext* context,
    const admin::v1::ListRevocationsRequest* request,
    admin::v1::ListRevocationsResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  grpc::Status status = access_->CheckOperator(*context);
  if (status.ok()) status = List(*request, response);
  reactor->Finish(status);
  return reactor;
}

grpc::Status RevocationService::List(
    const admin::v1::ListRevocationsRequest& request,
    admin::v1::ListRevocationsResponse* response) {
  if (request.page_size() < 0) return FieldError("page_size", "negative");
  const std::optional<std::string> after =
      ReadPageToken(kRevocations, request.page_token());
  if (!after.has_value()) {
    return FieldError("page_token", "not of this listing");
  }
  const size_t size = PageSize(request.page_size());
  absl::StatusOr<std::vector<Resource>> found =
      store_->List(kRevocations, *after, size + 1, clock_());
  if (!found.ok()) return ToGrpcStatus(found.status());
  if (found->size() > size) {
    found->resize(size);
    response->set_next_page_token(
        MakePageToken(kRevocations, found->back().id));
  }
  for (const Resource& resource : *found) {
    *response->add_revocations() = FromResource(resource);
  }
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* RevocationService::DeleteRevocation(
    grpc::CallbackServerContext* context,
    const admin::v1::DeleteRevocationRequest* request,
    google::protobuf::Empty*) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const std::optional<absl::string_view> id =
      IdOf(request->name(), kRevocations);
  grpc::Status status = access_->CheckOperator(*context);
  if (status.ok() && !id.has_value()) status = FieldError("name", kNameRule);
  if (!status.ok()) {
    reactor->Finish(status);
    return reactor;
  }
  const absl::StatusOr<int64_t> deleted = store_->Delete(
      kRevocations, *id, ExpectedRevision(request->etag()), clock_());
  if (!deleted.ok()) {
    reactor->Finish(StoreError(deleted.status(), request->name()));
    return reactor;
  }
  FinishAt(*deleted, replica_, reactor);
  return reactor;
}

}  // namespace sluice::policy
