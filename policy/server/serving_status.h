#ifndef POLICY_SERVER_SERVING_STATUS_H_
#define POLICY_SERVER_SERVING_STATUS_H_

#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <string>
#include <vector>

#include "grpcpp/health_check_service_interface.h"

namespace sluice::policy {

// Tells health services whether the services of those names serve: not while
// the store is out of reach. Their empty name, which stands for the process, is
// not touched: restarting it would not help. Thread-safe.
class ServingStatus {
 public:
  // Told now and whenever it changes, until Stop(); `health` lives until then.
  void Tell(grpc::HealthCheckServiceInterface* health,
            std::vector<std::string> names);
  void Set(bool serving);
  // Nobody is told anything any more.
  void Stop();

 private:
  struct Told {
    grpc::HealthCheckServiceInterface* health;
    std::vector<std::string> names;
  };

  std::mutex mutex_;
  bool serving_ = true;
  std::vector<Told> told_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVER_SERVING_STATUS_H_
