#include "policy/admin/revocation_service.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/admin/errors.h"
#include "policy/admin/etag.h"
#include "policy/admin/field_mask.h"
#include "policy/admin/resource_name.h"
#include "policy/service/derived_id.h"
#include "policy/store/resource_rules.h"
#include "proto/timestamp.h"

namespace sluice::policy {
namespace {

using admin::v1::CreateRevocationRequest;
using admin::v1::Revocation;

constexpr size_t kMaxTargetBytes = 4096;
constexpr size_t kMaxReasonBytes = 1024;

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

// Of what there is in a revocation that may change.
void CheckChangeable(const Revocation& revocation, absl::Time now,
                     FieldViolations* violations) {
  if (revocation.reason().size() > kMaxReasonBytes) {
    violations->Add("revocation.reason",
                    absl::StrCat("longer than ", kMaxReasonBytes, " bytes"));
  }
  if (revocation.has_expire_time()) {
    const std::optional<absl::Time> end =
        FromTimestamp(revocation.expire_time());
    if (!end.has_value() || *end <= now) {
      violations->Add("revocation.expire_time", "not a time in the future");
    }
  }
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
  CheckChangeable(revocation, now, &violations);
  if (!request.revocation_id().empty() &&
      !IsResourceNamePart(request.revocation_id())) {
    violations.Add("revocation_id", kIdRule);
  }
  return violations.ToStatus();
}

// The id of whoever revokes the same. Lengths, so that no boundary can move.
std::string IdFor(const Revocation& revocation) {
  return DerivedId(absl::StrCat(
      revocation.issuer().size(), ":", revocation.issuer(),
      static_cast<int>(revocation.target_case()), ":", *TargetOf(revocation)));
}

}  // namespace

// A value that cannot be read is shown without what it says.
Revocation RevocationService::Show(const Resource& resource) const {
  Revocation revocation;
  if (!revocation.ParseFromString(resource.value)) revocation.Clear();
  revocation.set_name(revocations_.NameOf(resource.id));
  revocation.set_etag(EtagOf(resource));
  return revocation;
}

grpc::ServerUnaryReactor* RevocationService::CreateRevocation(
    grpc::CallbackServerContext* context,
    const CreateRevocationRequest* request, Revocation* response) {
  return revocations_.Write(
      context, "CreateRevocation", NameFor(*request),
      [=](int64_t* revision) { return Create(*request, response, revision); });
}

std::string RevocationService::NameFor(
    const CreateRevocationRequest& request) const {
  if (!request.revocation_id().empty()) {
    return revocations_.NameOf(request.revocation_id());
  }
  return TargetOf(request.revocation()) == nullptr
             ? ""
             : revocations_.NameOf(IdFor(request.revocation()));
}

grpc::Status RevocationService::Create(const CreateRevocationRequest& request,
                                       Revocation* response,
                                       int64_t* revision) {
  const absl::Time now = revocations_.now();
  grpc::Status status = CheckNew(request, now);
  if (!status.ok()) return status;
  Revocation revocation = request.revocation();
  revocation.clear_name();
  revocation.clear_etag();
  *revocation.mutable_create_time() = ToTimestamp(now);
  return Put(request.revocation_id().empty() ? IdFor(revocation)
                                             : request.revocation_id(),
             /*expected=*/0, revocation, response, revision);
}

grpc::Status RevocationService::Put(const std::string& id,
                                    std::optional<int64_t> expected,
                                    const Revocation& revocation,
                                    Revocation* response, int64_t* revision) {
  Resource resource;
  resource.id = id;
  resource.value = revocation.SerializeAsString();
  if (revocation.has_expire_time()) {
    resource.expires_at = *FromTimestamp(revocation.expire_time());
  }
  grpc::Status status = revocations_.Put(expected, &resource);
  if (!status.ok()) return status;
  *response = Show(resource);
  *revision = resource.revision;
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* RevocationService::UpdateRevocation(
    grpc::CallbackServerContext* context,
    const admin::v1::UpdateRevocationRequest* request, Revocation* response) {
  return revocations_.Write(context, "UpdateRevocation",
                            request->revocation().name(),
                            [this, request, response](int64_t* revision) {
                              return Update(*request, response, revision);
                            });
}

grpc::Status RevocationService::Update(
    const admin::v1::UpdateRevocationRequest& request, Revocation* response,
    int64_t* revision) {
  const std::optional<absl::string_view> id =
      IdOf(request.revocation().name(), kRevocations);
  if (!id.has_value()) {
    return FieldError("revocation.name", "expected \"revocations/ID\"");
  }
  google::protobuf::FieldMask mask = request.update_mask();
  if (!request.has_update_mask() || !IsPartial(mask)) {
    mask.Clear();
    mask.add_paths("reason");
    mask.add_paths("expire_time");
  }
  std::optional<int64_t> expected =
      ExpectedRevision(request.revocation().etag());
  Resource resource;
  grpc::Status status = CheckFieldMask(mask, *Revocation::GetDescriptor(),
                                       {"name", "etag", "issuer", "token_id",
                                        "subject", "key_id", "create_time"});
  if (status.ok()) {
    status = revocations_.GetForUpdate(*id, &expected, &resource);
  }
  if (!status.ok()) return status;
  Revocation revocation;
  if (!revocation.ParseFromString(resource.value)) {
    return CannotBeMerged(request.revocation().name());
  }
  MergeFields(mask, request.revocation(), &revocation);
  FieldViolations violations;
  CheckChangeable(revocation, revocations_.now(), &violations);
  if (!violations.empty()) return violations.ToStatus();
  return Put(std::string(*id), expected, revocation, response, revision);
}

grpc::ServerUnaryReactor* RevocationService::GetRevocation(
    grpc::CallbackServerContext* context,
    const admin::v1::GetRevocationRequest* request, Revocation* response) {
  return revocations_.GetNamed(
      context, request->name(),
      [=](const Resource& revocation) { *response = Show(revocation); });
}

grpc::ServerUnaryReactor* RevocationService::ListRevocations(
    grpc::CallbackServerContext* context,
    const admin::v1::ListRevocationsRequest* request,
    admin::v1::ListRevocationsResponse* response) {
  return revocations_.ListPage(
      context, request->page_size(), request->page_token(),
      [=](const Resource& revocation) {
        *response->add_revocations() = Show(revocation);
      },
      response->mutable_next_page_token());
}

grpc::ServerUnaryReactor* RevocationService::DeleteRevocation(
    grpc::CallbackServerContext* context,
    const admin::v1::DeleteRevocationRequest* request,
    google::protobuf::Empty*) {
  return revocations_.DeleteNamed(context, "DeleteRevocation", request->name(),
                                  request->etag());
}

}  // namespace sluice::policy
