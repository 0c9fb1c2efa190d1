#include "policy/server/reflection_guard.h"

#include "absl/strings/match.h"

namespace sluice::policy {
namespace {

using ::grpc::experimental::InterceptionHookPoints;

class OperatorsOnly final : public grpc::experimental::Interceptor {
 public:
  OperatorsOnly(const AccessControl& access, grpc::ServerContextBase* caller)
      : access_(access), caller_(*caller) {}

  void Intercept(
      grpc::experimental::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(
            InterceptionHookPoints::POST_RECV_INITIAL_METADATA) &&
        !access_.CheckOperator(caller_).ok()) {
      caller_.TryCancel();
    }
    methods->Proceed();
  }

 private:
  const AccessControl& access_;
  grpc::ServerContextBase& caller_;
};

}  // namespace

grpc::experimental::Interceptor* ReflectionGuard::CreateServerInterceptor(
    grpc::experimental::ServerRpcInfo* info) {
  // Of any version.
  if (!absl::StartsWith(info->method(), "/grpc.reflection.")) return nullptr;
  return new OperatorsOnly(access_, info->server_context());
}

}  // namespace sluice::policy
