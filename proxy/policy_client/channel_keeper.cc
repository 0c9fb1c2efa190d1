#include "proxy/policy_client/channel_keeper.h"

#include <chrono>
#include <utility>

namespace sluice::policy_client {
namespace {

// While it connects: how soon the thread sees that it is to stop.
constexpr std::chrono::milliseconds kLongestWait(200);
// While it is connected: how soon the thread sees that it is no more. To wait
// for that with gRPC wakes four threads each time.
constexpr absl::Duration kInterval = absl::Seconds(1);

// Returns when to look again.
absl::Duration Keep(grpc::Channel* channel) {
  const grpc_connectivity_state state =
      channel->GetState(/*try_to_connect=*/true);
  if (state == GRPC_CHANNEL_READY) return kInterval;
  channel->WaitForStateChange(state,
                              std::chrono::system_clock::now() + kLongestWait);
  return absl::ZeroDuration();
}

}  // namespace

ChannelKeeper::ChannelKeeper(std::shared_ptr<grpc::Channel> channel)
    : thread_([channel = std::move(channel)] { return Keep(channel.get()); }) {}

}  // namespace sluice::policy_client
