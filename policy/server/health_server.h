#ifndef POLICY_SERVER_HEALTH_SERVER_H_
#define POLICY_SERVER_HEALTH_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "grpcpp/generic/async_generic_service.h"
#include "grpcpp/grpcpp.h"
#include "grpcpp/health_check_service_interface.h"
#include "policy/server/listen_address.h"

namespace sluice::policy {

// Answers grpc.health.v1 over plain text on an address of its own, and nothing
// else: for probes that can neither speak TLS nor show a certificate, such as
// those of Kubernetes. Whoever reaches it learns whether the program serves,
// and cannot call the policy service.
//
// Not thread-safe.
class HealthServer {
 public:
  HealthServer() = default;
  // Ends what is under way.
  ~HealthServer();
  HealthServer(const HealthServer&) = delete;
  HealthServer& operator=(const HealthServer&) = delete;

  // Starts answering SERVING at `address`, which is HOST:PORT. Fails when it
  // is in use or not of this host. Call once.
  absl::Status Start(const ListenAddress& address);

  // After Start(): what it answers for services, by their names.
  grpc::HealthCheckServiceInterface* service() {
    return server_->GetHealthCheckService();
  }

  // Answers NOT_SERVING from now on. Does nothing before Start().
  void SetDraining();

  // Where it listens, the port resolved; empty before Start().
  const std::string& address() const { return address_; }

 private:
  grpc::CallbackGenericService unimplemented_;  // all that is not health
  std::string address_;
  std::unique_ptr<grpc::Server> server_;  // uses unimplemented_
};

}  // namespace sluice::policy

#endif  // POLICY_SERVER_HEALTH_SERVER_H_
