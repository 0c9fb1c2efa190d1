#ifndef POLICY_SERVER_STANDING_STREAMS_H_
#define POLICY_SERVER_STANDING_STREAMS_H_

#include <memory>
#include <mutex>
#include <unordered_set>

#include "grpcpp/server_context.h"
#include "grpcpp/support/server_interceptor.h"

namespace sluice::policy {

// The streams of gRPC's own services, health and reflection, which last for as
// long as their callers like. Thread-safe; outlives the server.
class StandingStreams {
 public:
  // For the server's interceptors.
  std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>
  MakeInterceptorFactory();

  // Cancels those that there are, and that come: a server that shuts down would
  // wait for them.
  void End();

 private:
  class Factory;
  class Stream;

  std::recursive_mutex mutex_;  // a stream that is cancelled may end at once
  bool ended_ = false;
  std::unordered_set<grpc::ServerContextBase*> streams_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVER_STANDING_STREAMS_H_
