#ifndef POLICY_SERVER_REFLECTION_GUARD_H_
#define POLICY_SERVER_REFLECTION_GUARD_H_

#include "grpcpp/support/server_interceptor.h"
#include "policy/service/access_control.h"

namespace sluice::policy {

// Leaves gRPC's server reflection, which knows no roles, to those who may
// manage: others' calls of it are cancelled.
class ReflectionGuard final
    : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  // `access` outlives the server.
  explicit ReflectionGuard(const AccessControl* access) : access_(*access) {}

  // Null, which lets the call pass, for all but reflection.
  grpc::experimental::Interceptor* CreateServerInterceptor(
      grpc::experimental::ServerRpcInfo* info) override;

 private:
  const AccessControl& access_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVER_REFLECTION_GUARD_H_
