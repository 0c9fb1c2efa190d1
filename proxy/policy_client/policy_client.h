#ifndef PROXY_POLICY_CLIENT_POLICY_CLIENT_H_
#define PROXY_POLICY_CLIENT_POLICY_CLIENT_H_

#include <grpcpp/channel.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "policy/tls/tls_material.h"
#include "proto/sluice/policy/v1/policy.grpc.pb.h"
#include "proxy/base/histogram.h"
#include "proxy/policy_client/completion_thread.h"
#include "proxy/policy_client/policy_client_interface.h"

namespace sluice::policy_client {

// A channel to the policy service at `address` ("host:port" or "unix:PATH"),
// without TLS if `tls` is null; else it outlives the channel. It connects when
// it is first used, notices a dead peer within seconds, a frozen one within
// half a minute, and tries again at least every two; a service that comes back
// needs nothing done here.
std::shared_ptr<grpc::Channel> NewChannel(const std::string& address,
                                          const policy::TlsMaterial* tls);

// The policy service at the other end of a gRPC channel, which may be in this
// process. A call that cannot reach it fails at once. Any thread.
class PolicyClient final : public PolicyClientInterface {
 public:
  // `timeout` is for each call. `completions`, on which callbacks are called,
  // outlives this.
  PolicyClient(std::shared_ptr<grpc::Channel> channel,
               CompletionThread* completions, absl::Duration timeout);
  // Cancels what is under way and waits until each callback has returned. Not
  // from a callback.
  ~PolicyClient() override;

  void Authenticate(const policy::v1::AuthenticateRequest& request,
                    Callback<policy::v1::AuthenticateResponse> done) override;
  void StoreToken(const policy::v1::StoreTokenRequest& request,
                  Callback<policy::v1::StoreTokenResponse> done) override;
  void GetPreSharedKey(
      const policy::v1::GetPreSharedKeyRequest& request,
      Callback<policy::v1::GetPreSharedKeyResponse> done) override;
  void Check(const policy::v1::CheckRequest& request,
             Callback<policy::v1::CheckResponse> done) override;

  // Whether the channel is connected; if it is not, makes it try. False for a
  // channel within the process, which has no state.
  bool IsReady();

  // From a call to its answer or error.
  const DurationHistogram& authenticate_latency() const {
    return authenticate_latency_;
  }
  const DurationHistogram& store_token_latency() const {
    return store_token_latency_;
  }
  const DurationHistogram& pre_shared_key_latency() const {
    return pre_shared_key_latency_;
  }
  const DurationHistogram& check_latency() const { return check_latency_; }

 private:
  using Stub = policy::v1::PolicyService::Stub;
  template <typename Response>
  class Call;

  // Begins a call, with a deadline; Finish() frees it.
  template <typename Request, typename Response>
  void Begin(std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> (
                 Stub::*method)(grpc::ClientContext*, const Request&,
                                grpc::CompletionQueue*),
             const Request& request, Callback<Response> done,
             DurationHistogram* latency);
  template <typename Response>
  void Finish(Call<Response>* call, bool ok);

  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<Stub> stub_;
  CompletionThread* const completions_;
  const absl::Duration timeout_;
  DurationHistogram authenticate_latency_;
  DurationHistogram store_token_latency_;
  DurationHistogram pre_shared_key_latency_;
  DurationHistogram check_latency_;

  std::mutex mutex_;
  std::condition_variable idle_;
  std::unordered_map<const grpc::ClientContext*,
                     std::shared_ptr<grpc::ClientContext>>
      under_way_;
};

}  // namespace sluice::policy_client

#endif  // PROXY_POLICY_CLIENT_POLICY_CLIENT_H_
