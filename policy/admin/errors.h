#ifndef POLICY_ADMIN_ERRORS_H_
#define POLICY_ADMIN_ERRORS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "grpcpp/grpcpp.h"
#include "proto/google/rpc/status.pb.h"

namespace sluice::policy {

// What is wrong with a request, field by field.
class FieldViolations {
 public:
  // `field` is a path in the request: "revocation.target".
  void Add(absl::string_view field, absl::string_view description);

  bool empty() const { return bad_request_.field_violations().empty(); }

  // INVALID_ARGUMENT with google.rpc.BadRequest; OK where nothing is wrong.
  grpc::Status ToStatus() const;

 private:
  google::rpc::BadRequest bad_request_;
};

// The same for one field.
grpc::Status FieldError(absl::string_view field, absl::string_view description);

// NOT_FOUND.
grpc::Status NoSuchResource(absl::string_view name);

// FAILED_PRECONDITION, for what changes a part of a resource that is stored and
// cannot be read, as it may be of a newer version.
grpc::Status CannotBeMerged(absl::string_view name,
                            absl::string_view detail = "");

// What a store's error about the resource of that name is to its client;
// ALREADY_EXISTS has google.rpc.ResourceInfo.
grpc::Status StoreError(const absl::Status& status, absl::string_view name);

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_ERRORS_H_
