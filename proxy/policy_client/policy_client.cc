#include "proxy/policy_client/policy_client.h"

#include <grpcpp/client_context.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <chrono>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "policy/tls/direct_channel.h"

namespace sluice::policy_client {
namespace {

using Clock = std::chrono::steady_clock;

// Of a connection on which nothing comes.
constexpr int kPingIntervalMs = 20'000;
constexpr int kPingTimeoutMs = 5'000;

// For people who do not know whom the proxy has asked.
absl::Status ErrorOf(const grpc::Status& status) {
  const bool late = status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
  return absl::Status(
      static_cast<absl::StatusCode>(status.error_code()),
      absl::StrCat("the policy service: ",
                   late ? "no answer in time" : status.error_message()));
}

}  // namespace

std::shared_ptr<grpc::Channel> NewChannel(const std::string& address,
                                          const policy::TlsMaterial* tls) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 1000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  // A service that is frozen acknowledges bytes (TCP), but answers no ping. The
  // service takes a ping in ten seconds. The timeout also bounds how long bytes
  // that were sent may stay unacknowledged.
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPingIntervalMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_HTTP2_MIN_SENT_PING_INTERVAL_WITHOUT_DATA_MS,
                   kPingIntervalMs);
  return policy::NewDirectChannel(address,
                                  tls == nullptr
                                      ? grpc::InsecureChannelCredentials()
                                      : tls->NewCredentials(),
                                  arguments);
}

// One RPC: what gRPC works on has to outlive it, whoever has gone meanwhile.
template <typename Response>
class PolicyClient::Call final : public CompletionInterface {
 public:
  explicit Call(PolicyClient* client) : client_(client) {}
  void OnComplete(bool ok) override { client_->Finish(this, ok); }

  std::shared_ptr<grpc::ClientContext> context =
      std::make_shared<grpc::ClientContext>();  // also in under_way_
  std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> reader;
  Response response;
  grpc::Status status;
  Callback<Response> done;
  DurationHistogram* latency;
  Clock::time_point begun_at = Clock::now();

 private:
  PolicyClient* const client_;
};

PolicyClient::PolicyClient(std::shared_ptr<grpc::Channel> channel,
                           CompletionThread* completions,
                           absl::Duration timeout)
    : channel_(std::move(channel)),
      stub_(policy::v1::PolicyService::NewStub(channel_)),
      completions_(completions),
      timeout_(timeout) {}

PolicyClient::~PolicyClient() {
  std::vector<std::shared_ptr<grpc::ClientContext>> contexts;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& entry : under_way_) contexts.push_back(entry.second);
  }
  for (const auto& context : contexts) context->TryCancel();
  contexts.clear();
  std::unique_lock<std::mutex> lock(mutex_);
  idle_.wait(lock, [this] { return under_way_.empty(); });
}

void PolicyClient::Authenticate(
    const policy::v1::AuthenticateRequest& request,
    Callback<policy::v1::AuthenticateResponse> done) {
  Begin(&Stub::PrepareAsyncAuthenticate, request, std::move(done),
        &authenticate_latency_);
}

void PolicyClient::StoreToken(const policy::v1::StoreTokenRequest& request,
                              Callback<policy::v1::StoreTokenResponse> done) {
  Begin(&Stub::PrepareAsyncStoreToken, request, std::move(done),
        &store_token_latency_);
}

void PolicyClient::GetPreSharedKey(
    const policy::v1::GetPreSharedKeyRequest& request,
    Callback<policy::v1::GetPreSharedKeyResponse> done) {
  Begin(&Stub::PrepareAsyncGetPreSharedKey, request, std::move(done),
        &pre_shared_key_latency_);
}

void PolicyClient::Check(const policy::v1::CheckRequest& request,
                         Callback<policy::v1::CheckResponse> done) {
  Begin(&Stub::PrepareAsyncCheck, request, std::move(done), &check_latency_);
}

bool PolicyClient::IsReady() {
  return channel_->GetState(/*try_to_connect=*/true) == GRPC_CHANNEL_READY;
}

template <typename Request, typename Response>
void PolicyClient::Begin(
    std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> (Stub::*method)(
        grpc::ClientContext*, const Request&, grpc::CompletionQueue*),
    const Request& request, Callback<Response> done,
    DurationHistogram* latency) {
  auto* call = new Call<Response>(this);
  call->done = std::move(done);
  call->latency = latency;
  call->context->set_deadline(std::chrono::system_clock::now() +
                              absl::ToChronoNanoseconds(timeout_));
  {
    std::lock_guard<std::mutex> lock(mutex_);
    under_way_.emplace(call->context.get(), call->context);
  }
  call->reader = (stub_.get()->*method)(call->context.get(), request,
                                        completions_->queue());
  call->reader->StartCall();
  call->reader->Finish(&call->response, &call->status, call->tag());
}

template <typename Response>
void PolicyClient::Finish(Call<Response>* call, bool ok) {
  call->latency->Observe(absl::FromChrono(Clock::now() - call->begun_at));
  if (!call->status.ok()) {
    call->done(ErrorOf(call->status));
  } else if (!ok) {
    // What was read of it is in there: a grant without its rules, say.
    call->done(
        absl::InternalError("the policy service: its answer cannot be read"));
  } else {
    call->done(std::move(call->response));
  }
  // All of it before the destructor returns, which waits for the entry.
  const grpc::ClientContext* const context = call->context.get();
  delete call;
  std::lock_guard<std::mutex> lock(mutex_);
  under_way_.erase(context);
  idle_.notify_all();
}

}  // namespace sluice::policy_client
