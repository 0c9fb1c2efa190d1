#include "proxy/policy_client/channel_keeper.h"

#include <chrono>
#include <utility>

namespace sluice::policy_client {
namespace {

// While it connects: how soon the thread sees that it is to stop.
constexpr std::chrono::milliseconds kLongestWait(200);
// While it is connected: how soon the thread sees that it is no more. To wait
// for that with gRPC wakes four threads each time.
constexpr std::chrono::seconds kInterval(1);

}  // namespace

ChannelKeeper::ChannelKeeper(std::shared_ptr<grpc::Channel> channel)
    : channel_(std::move(channel)), thread_([this] { Run(); }) {}

ChannelKeeper::~ChannelKeeper() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  stops_.notify_one();
  thread_.join();
}

void ChannelKeeper::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    const grpc_connectivity_state state =
        channel_->GetState(/*try_to_connect=*/true);
    if (state == GRPC_CHANNEL_READY) {
      stops_.wait_for(lock, kInterval, [this] { return stopping_; });
      continue;
    }
    lock.unlock();
    channel_->WaitForStateChange(
        state, std::chrono::system_clock::now() + kLongestWait);
    lock.lock();
  }
}

}  // namespace sluice::policy_client
