#include "policy/server/standing_streams.h"

#include <vector>

#include "absl/strings/match.h"

namespace sluice::policy {

using ::grpc::experimental::InterceptionHookPoints;
using ::grpc::experimental::Interceptor;
using ::grpc::experimental::InterceptorBatchMethods;
using ::grpc::experimental::ServerRpcInfo;

// Lives as long as the call.
class StandingStreams::Stream final : public Interceptor {
 public:
  Stream(StandingStreams* streams, grpc::ServerContextBase* call)
      : streams_(*streams), call_(call) {}
  ~Stream() override {
    const std::lock_guard<std::recursive_mutex> lock(streams_.mutex_);
    streams_.streams_.erase(call_);
  }

  void Intercept(InterceptorBatchMethods* methods) override {
    // From here on it can be cancelled.
    if (methods->QueryInterceptionHookPoint(
            InterceptionHookPoints::POST_RECV_INITIAL_METADATA)) {
      const std::lock_guard<std::recursive_mutex> lock(streams_.mutex_);
      streams_.streams_.insert(call_);
      if (streams_.ended_) call_->TryCancel();
    }
    methods->Proceed();
  }

 private:
  StandingStreams& streams_;
  grpc::ServerContextBase* const call_;
};

class StandingStreams::Factory final
    : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  explicit Factory(StandingStreams* streams) : streams_(streams) {}

  Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    if (info->type() == ServerRpcInfo::Type::UNARY ||
        !absl::StartsWith(info->method(), "/grpc.")) {
      return nullptr;
    }
    return new Stream(streams_, info->server_context());
  }

 private:
  StandingStreams* const streams_;
};

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
StandingStreams::MakeInterceptorFactory() {
  return std::make_unique<Factory>(this);
}

void StandingStreams::End() {
  const std::lock_guard<std::recursive_mutex> lock(mutex_);
  ended_ = true;
  const std::vector<grpc::ServerContextBase*> streams(streams_.begin(),
                                                      streams_.end());
  for (grpc::ServerContextBase* stream : streams) {
    if (streams_.count(stream) > 0) stream->TryCancel();
  }
}

}  // namespace sluice::policy
