#include "proxy/server/broker_probe.h"

#include <utility>

#include "proxy/server/tcp_probe.h"

namespace sluice::server {

BrokerProbe::BrokerProbe(Address address, const Options& options,
                         Logger* logger)
    : options_(options),
      logger_(*logger),
      address_(std::move(address)),
      thread_([this] { Run(); }) {}

BrokerProbe::~BrokerProbe() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool BrokerProbe::reachable() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return reachable_;
}

void BrokerProbe::SetAddress(Address address) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (address == address_) return;
    address_ = std::move(address);
    first_ = true;
    reachable_ = false;
  }
  changed_.notify_all();
}

void BrokerProbe::WaitForAttempt() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return !first_; });
}

void BrokerProbe::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stop_) {
    const Address address = address_;
    lock.unlock();
    const bool reachable = CanConnect(address, options_.timeout);
    lock.lock();
    if (!(address == address_)) continue;
    if (first_ || reachable != reachable_) Report(address, reachable);
    reachable_ = reachable;
    first_ = false;
    changed_.notify_all();
    changed_.wait_for(lock, absl::ToChronoNanoseconds(options_.interval),
                      [this] { return stop_ || first_; });
  }
}

void BrokerProbe::Report(const Address& address, bool reachable) {
  if (reachable) {
    logger_.Info("broker_reachable", {{"address", address.ToString()}});
  } else {
    logger_.Warning("broker_unreachable", {{"address", address.ToString()}});
  }
}

}  // namespace sluice::server
