#include "proxy/server/broker_probe.h"

#include <thread>
#include <utility>

namespace sluice::server {
namespace {

void Report(const Address& address, const absl::Status& reach, Logger& logger) {
  if (reach.ok()) {
    logger.Info("broker_reachable", {{"address", address.ToString()}});
  } else {
    logger.Warning("broker_unreachable", {{"address", address.ToString()},
                                          {"detail", reach.message()}});
  }
}

}  // namespace

BrokerProbe::BrokerProbe(Address address, const Options& options,
                         Logger* logger)
    : state_(std::make_shared<State>()) {
  state_->address = std::move(address);
  state_->logger = logger;
  std::thread([state = state_, options] { Run(state, options); }).detach();
}

BrokerProbe::~BrokerProbe() {
  {
    std::lock_guard<std::mutex> lock(state_->mutex);
    state_->logger = nullptr;
  }
  state_->changed.notify_all();
}

bool BrokerProbe::reachable() const {
  std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->reachable;
}

void BrokerProbe::SetAddress(Address address) {
  {
    std::lock_guard<std::mutex> lock(state_->mutex);
    if (address == state_->address) return;
    state_->address = std::move(address);
    state_->first = true;
    state_->reachable = false;
  }
  state_->changed.notify_all();
}

void BrokerProbe::Run(const std::shared_ptr<State>& state,
                      const Options& options) {
  std::unique_lock<std::mutex> lock(state->mutex);
  while (state->logger != nullptr) {
    const Address address = state->address;
    lock.unlock();
    const absl::Status reach = options.try_to_connect(address, options.timeout);
    lock.lock();
    if (state->logger == nullptr) return;
    if (!(address == state->address)) continue;
    if (state->first || reach.ok() != state->reachable) {
      Report(address, reach, *state->logger);
    }
    state->reachable = reach.ok();
    state->first = false;
    state->changed.wait_for(
        lock, absl::ToChronoNanoseconds(options.interval),
        [&state] { return state->logger == nullptr || state->first; });
  }
}

}  // namespace sluice::server
