#include "policy/server/serving_status.h"

#include <utility>

namespace sluice::policy {

void ServingStatus::Tell(grpc::HealthCheckServiceInterface* health,
                         std::vector<std::string> names) {
  std::lock_guard<std::mutex> lock(mutex_);
  for (const std::string& name : names) {
    health->SetServingStatus(name, serving_);
  }
  told_.push_back({health, std::move(names)});
}

void ServingStatus::Set(bool serving) {
  std::lock_guard<std::mutex> lock(mutex_);
  serving_ = serving;
  for (const Told& told : told_) {
    for (const std::string& name : told.names) {
      told.health->SetServingStatus(name, serving);
    }
  }
}

void ServingStatus::Stop() {
  std::lock_guard<std::mutex> lock(mutex_);
  told_.clear();
  stopped_ = true;
}

std::string ServingStatus::Missing() const {
  std::lock_guard<std::mutex> lock(mutex_);
  if (stopped_) return "policy service: draining\n";
  return serving_ ? "" : "store: out of reach\n";
}

}  // namespace sluice::policy
