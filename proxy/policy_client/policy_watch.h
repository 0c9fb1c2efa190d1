#ifndef PROXY_POLICY_CLIENT_POLICY_WATCH_H_
#define PROXY_POLICY_CLIENT_POLICY_WATCH_H_

#include <grpcpp/channel.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "proto/sluice/policy/v1/policy.grpc.pb.h"
#include "proxy/policy_client/completion_thread.h"
#include "proxy/policy_client/decision_source_interface.h"
#include "proxy/policy_client/policy_watch_interface.h"
#include "proxy/policy_client/watch_stream.h"

namespace sluice::policy_client {

// Keeps a Watch stream to the policy service open, from its start to its end,
// and tells an observer what comes, and the service, while it asks for that,
// what is decided. After a broken stream it catches up from where it was. Has a
// thread of its own, for the time between streams.
class PolicyWatch {
 public:
  // `proxy` names this proxy to operators; `lost_after` is how long the service
  // may be away before OnWatchLost(). `completions`, on which the observer is
  // told, `observer` and `decisions` outlive this.
  PolicyWatch(std::shared_ptr<grpc::Channel> channel,
              CompletionThread* completions, std::string proxy,
              absl::Duration lost_after, WatchObserverInterface* observer,
              DecisionSourceInterface* decisions);
  // Breaks off the stream and waits for its end. Not from the observer.
  ~PolicyWatch();
  PolicyWatch(const PolicyWatch&) = delete;
  PolicyWatch& operator=(const PolicyWatch&) = delete;

 private:
  // On the thread.
  void Run();
  // `away`: since the service was last listened to, or since the start.
  void TellIfLost(absl::Duration away);
  // False: it is to stop.
  bool Wait(absl::Duration duration);

  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<policy::v1::PolicyService::Stub> stub_;
  const absl::Duration lost_after_;
  const WatchStream::Context context_;
  WatchStream::Told told_;   // streams come one after the other
  std::string failure_;      // of the last stream, on the thread
  bool may_be_lost_ = true;  // and the observer has not been told so

  std::mutex mutex_;
  std::condition_variable wakeup_;
  bool stopping_ = false;
  std::shared_ptr<WatchStream> stream_;  // while there is one
  std::thread thread_;
};

}  // namespace sluice::policy_client

#endif  // PROXY_POLICY_CLIENT_POLICY_WATCH_H_
