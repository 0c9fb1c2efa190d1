#ifndef POLICY_SERVICE_GRPC_STATUS_H_
#define POLICY_SERVICE_GRPC_STATUS_H_

#include <string>

#include "absl/status/status.h"
#include "grpcpp/grpcpp.h"

namespace sluice::policy {

// abseil's codes are gRPC's.
inline grpc::Status ToGrpcStatus(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::string(status.message()));
}

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_GRPC_STATUS_H_
