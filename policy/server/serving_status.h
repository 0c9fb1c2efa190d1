#ifndef POLICY_SERVER_SERVING_STATUS_H_
#define POLICY_SERVER_SERVING_STATUS_H_

#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <string>
#include <vector>

#include "grpcpp/health_check_service_interface.h"

namespace sluice::policy {

// Whether the services serve: not while the store is out of reach. Tells health
// services so of the names that they know them by. Their empty name, which
// stands for the process, is not touched: restarting it would not help.
// Thread-safe.
class ServingStatus {
 public:
  // Told now and whenever it changes, until Stop(); `health` lives until then.
  void Tell(grpc::HealthCheckServiceInterface* health,
            std::vector<std::string> names);
  void Set(bool serving);
  // Health services are told nothing any more; the program ends.
  void Stop();

  // What keeps the services from serving, a line each; empty: they serve.
  std::string Missing() const;

 private:
  struct Told {
    grpc::HealthCheckServiceInterface* health;
    std::vector<std::string> names;
  };

  mutable std::mutex mutex_;
  bool serving_ = true;
  bool stopped_ = false;
  std::vector<Told> told_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVER_SERVING_STATUS_H_
