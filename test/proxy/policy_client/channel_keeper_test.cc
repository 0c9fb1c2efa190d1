#include "proxy/policy_client/channel_keeper.h"

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "proto/sluice/policy/v1/policy.grpc.pb.h"
#include "proxy/policy_client/policy_client.h"

namespace sluice::policy_client {
namespace {

// A server at "127.0.0.1:`port`"; 0 takes any.
std::unique_ptr<grpc::Server> Serve(int* port) {
  static auto* const service = new policy::v1::PolicyService::Service;
  grpc::ServerBuilder builder;
  builder.RegisterService(service);
  builder.AddListeningPort(absl::StrCat("127.0.0.1:", *port),
                           grpc::InsecureServerCredentials(), port);
  return builder.BuildAndStart();
}

// Looks without making the channel do anything.
bool Becomes(grpc_connectivity_state state, grpc::Channel* channel) {
  const absl::Time limit = absl::Now() + absl::Seconds(60);
  while (channel->GetState(/*try_to_connect=*/false) != state) {
    if (absl::Now() > limit) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST(ChannelKeeperTest, ConnectsWithoutACall) {
  int port = 0;
  const auto server = Serve(&port);
  const auto channel = NewChannel(absl::StrCat("127.0.0.1:", port), nullptr);
  const ChannelKeeper keeper(channel);
  EXPECT_TRUE(Becomes(GRPC_CHANNEL_READY, channel.get()));
}

TEST(ChannelKeeperTest, ConnectsAgainWhenTheServerComesBack) {
  int port = 0;
  auto server = Serve(&port);
  const auto channel = NewChannel(absl::StrCat("127.0.0.1:", port), nullptr);
  const ChannelKeeper keeper(channel);
  ASSERT_TRUE(Becomes(GRPC_CHANNEL_READY, channel.get()));
  server->Shutdown();
  server.reset();
  ASSERT_TRUE(Becomes(GRPC_CHANNEL_TRANSIENT_FAILURE, channel.get()));
  server = Serve(&port);
  ASSERT_NE(server, nullptr);
  EXPECT_TRUE(Becomes(GRPC_CHANNEL_READY, channel.get()));
}

TEST(ChannelKeeperTest, EndsWhileTheServerIsAway) {
  int port = 0;
  Serve(&port)->Shutdown();
  const auto channel = NewChannel(absl::StrCat("127.0.0.1:", port), nullptr);
  const ChannelKeeper keeper(channel);
  EXPECT_TRUE(Becomes(GRPC_CHANNEL_TRANSIENT_FAILURE, channel.get()));
}

}  // namespace
}  // namespace sluice::policy_client
