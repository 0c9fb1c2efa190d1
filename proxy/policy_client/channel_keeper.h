#ifndef PROXY_POLICY_CLIENT_CHANNEL_KEEPER_H_
#define PROXY_POLICY_CLIENT_CHANNEL_KEEPER_H_

#include <grpcpp/channel.h>

#include <memory>

#include "proxy/base/wakeup_thread.h"

namespace sluice::policy_client {

// Keeps a channel connected from its start on, whether calls are made or not,
// and connects it again when the peer was away. gRPC brings a connection
// attempt forward only while somebody waits for it: without a call under way,
// an attempt would run into its time limit, and calls would fail until the next
// one. Has a thread of its own, for whose end its own waits a fraction of a
// second at most.
class ChannelKeeper {
 public:
  // `channel` leaves the process: channels within it have no state.
  explicit ChannelKeeper(std::shared_ptr<grpc::Channel> channel);

 private:
  WakeupThread thread_;
};

}  // namespace sluice::policy_client

#endif  // PROXY_POLICY_CLIENT_CHANNEL_KEEPER_H_
