#include "policy/admin/errors.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "policy/service/grpc_status.h"

namespace sluice::policy {
namespace {

grpc::Status WithDetail(grpc::StatusCode code, const std::string& message,
                        const google::protobuf::Message& detail) {
  google::rpc::Status details;
  details.set_code(code);
  details.set_message(message);
  details.add_details()->PackFrom(detail);
  return grpc::Status(code, message, details.SerializeAsString());
}

}  // namespace

void FieldViolations::Add(absl::string_view field,
                          absl::string_view description) {
  google::rpc::BadRequest::FieldViolation* violation =
      bad_request_.add_field_violations();
  violation->set_field(std::string(field));
  violation->set_description(std::string(description));
}

grpc::Status FieldViolations::ToStatus() const {
  if (empty()) return grpc::Status::OK;
  // Those who do not read the details still learn the first.
  const auto& first = bad_request_.field_violations(0);
  return WithDetail(grpc::StatusCode::INVALID_ARGUMENT,
                    absl::StrCat(first.field(), ": ", first.description()),
                    bad_request_);
}

grpc::Status FieldError(absl::string_view field,
                        absl::string_view description) {
  FieldViolations violations;
  violations.Add(field, description);
  return violations.ToStatus();
}

grpc::Status NoSuchResource(absl::string_view name) {
  return grpc::Status(grpc::StatusCode::NOT_FOUND,
                      absl::StrCat("there is no ", name));
}

grpc::Status CannotBeMerged(absl::string_view name, absl::string_view detail) {
  return grpc::Status(
      grpc::StatusCode::FAILED_PRECONDITION,
      absl::StrCat(name, " cannot be read, so that it has to be written whole",
                   detail.empty() ? "" : ": ", detail));
}

grpc::Status StoreError(const absl::Status& status, absl::string_view name) {
  switch (status.code()) {
    case absl::StatusCode::kNotFound:
      return NoSuchResource(name);
    case absl::StatusCode::kAlreadyExists: {
      google::rpc::ResourceInfo resource;
      resource.set_resource_name(std::string(name));
      return WithDetail(grpc::StatusCode::ALREADY_EXISTS,
                        absl::StrCat(name, " exists already"), resource);
    }
    case absl::StatusCode::kAborted:
      return grpc::Status(grpc::StatusCode::ABORTED,
                          absl::StrCat("etag: ", name, " has another now"));
    default:
      return ToGrpcStatus(status);
  }
}

}  // namespace sluice::policy
