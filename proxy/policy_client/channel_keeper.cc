#include "proxy/policy_client/channel_keeper.h"

#include <chrono>
#include <utility>

namespace sluice::policy_client {
namespace {

// How soon the thread sees that it is to stop.
constexpr std::chrono::milliseconds kLongestWait(200);

}  // namespace

ChannelKeeper::ChannelKeeper(std::shared_ptr<grpc::Channel> channel)
    : channel_(std::move(channel)), thread_([this] { Run(); }) {}

ChannelKeeper::~ChannelKeeper() {
  stopping_ = true;
  thread_.join();
}

void ChannelKeeper::Run() {
  while (!stopping_) {
    const grpc_connectivity_state state =
        channel_->GetState(/*try_to_connect=*/true);
    channel_->WaitForStateChange(
        state, std::chrono::system_clock::now() + kLongestWait);
  }
}

}  // namespace sluice::policy_client
