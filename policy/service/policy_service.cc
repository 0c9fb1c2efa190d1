#include "policy/service/policy_service.h"

#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace sluice::policy {
namespace {

// An error of the authenticator as an RPC error; abseil's codes are gRPC's.
grpc::Status ToGrpc(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()),
                      std::string(status.message()));
}

template <typename Response>
grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context,
                                 absl::StatusOr<Response> answer,
                                 Response* response) {
  if (answer.ok()) *response = *std::move(answer);
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpc(answer.status()));
  return reactor;
}

}  // namespace

PolicyService::PolicyService(std::shared_ptr<const Authenticator> authenticator,
                             Clock clock)
    : clock_(std::move(clock)), authenticator_(std::move(authenticator)) {}

void PolicyService::SetAuthenticator(
    std::shared_ptr<const Authenticator> authenticator) {
  std::lock_guard<std::mutex> lock(mutex_);
  authenticator_.swap(authenticator);
}

grpc::ServerUnaryReactor* PolicyService::Authenticate(
    grpc::CallbackServerContext* context,
    const v1::AuthenticateRequest* request,
    v1::AuthenticateResponse* response) {
  return Answer(context, authenticator()->Authenticate(*request, clock_()),
                response);
}

grpc::ServerUnaryReactor* PolicyService::StoreToken(
    grpc::CallbackServerContext* context, const v1::StoreTokenRequest* request,
    v1::StoreTokenResponse* response) {
  return Answer(context, authenticator()->StoreToken(*request, clock_()),
                response);
}

std::shared_ptr<const Authenticator> PolicyService::authenticator() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return authenticator_;
}

}  // namespace sluice::policy
