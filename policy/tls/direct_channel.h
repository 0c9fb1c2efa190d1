#ifndef POLICY_TLS_DIRECT_CHANNEL_H_
#define POLICY_TLS_DIRECT_CHANNEL_H_

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <memory>
#include <string>

namespace sluice::policy {

// A gRPC channel to `target` itself. By itself gRPC goes through the proxy that
// the environment names (`http_proxy` and others), even to this host: whoever
// that is would see in plain text what has no TLS, tokens and grants.
inline std::shared_ptr<grpc::Channel> NewDirectChannel(
    const std::string& target,
    const std::shared_ptr<grpc::ChannelCredentials>& credentials,
    grpc::ChannelArguments arguments) {
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(target, credentials, arguments);
}

}  // namespace sluice::policy

#endif  // POLICY_TLS_DIRECT_CHANNEL_H_
