#ifndef TEST_POLICY_SERVICE_WATCHING_PROXY_H_
#define TEST_POLICY_SERVICE_WATCHING_PROXY_H_

#include <memory>
#include <string>

#include "grpcpp/grpcpp.h"
#include "proto/sluice/policy/v1/policy.grpc.pb.h"

namespace sluice::policy {

// A proxy's side of Watch, one message at a time. What does not come ends with
// the call's deadline.
class WatchingProxy {
 public:
  // Sends `start`, with that name.
  WatchingProxy(v1::PolicyService::Stub* stub, const std::string& name,
                v1::WatchStart start = {});
  // Hangs up.
  ~WatchingProxy();
  WatchingProxy(const WatchingProxy&) = delete;
  WatchingProxy& operator=(const WatchingProxy&) = delete;

  // The next message; empty where the stream has ended.
  v1::WatchResponse Read();
  // Reads until the version of the policy comes; then the proxy has all.
  void ReadAll();
  void Send(const v1::WatchRequest& request);
  // Answers `query` with a session of that id and client, none where it is
  // empty.
  void Answer(const v1::SessionQuery& query, const std::string& session_id);
  // Waits for the end, and says why.
  grpc::Status End();

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::WatchRequest, v1::WatchResponse>>
      stream_;
  bool ended_ = false;
};

}  // namespace sluice::policy

#endif  // TEST_POLICY_SERVICE_WATCHING_PROXY_H_
