#ifndef PROXY_POLICY_CLIENT_WATCH_STREAM_H_
#define PROXY_POLICY_CLIENT_WATCH_STREAM_H_

#include <grpcpp/client_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/status.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "proto/sluice/policy/v1/policy.grpc.pb.h"
#include "proxy/policy_client/completion_thread.h"
#include "proxy/policy_client/decision_source_interface.h"
#include "proxy/policy_client/policy_watch_interface.h"

namespace sluice::policy_client {

// One Watch stream to the policy service. Its reactions come one after the
// other, on the CompletionThread; whoever runs it keeps it alive until the
// last.
class WatchStream : public std::enable_shared_from_this<WatchStream> {
 public:
  using Clock = std::chrono::steady_clock;

  // What a stream works with, and outlives it. `proxy` names this proxy.
  struct Context {
    policy::v1::PolicyService::Stub* stub;
    CompletionThread* completions;
    std::string proxy;
    WatchObserverInterface* observer;
    DecisionSourceInterface* decisions;
  };
  // What the observer has been told, by this stream or one before it.
  struct Told {
    policy::v1::WatchPosition position;
    bool has_position = false;
    bool is_undecided = false;
  };

  // `told` outlives it.
  WatchStream(Context context, Told* told)
      : context_(std::move(context)), told_(told) {}

  // Waits for the stream's end, and returns whether it had told all that there
  // is. Where it has not by then, calls `lost` at `lost_at`, and before it has:
  // reactions, and so all completions, wait meanwhile.
  bool Run(Clock::time_point lost_at, absl::FunctionRef<void()> lost);

  // Why it has ended, for the log; after Run().
  const std::string& problem() const { return problem_; }

  // Breaks it off, since the watch ends. Any thread.
  void Stop();

 private:
  using WatchRequest = policy::v1::WatchRequest;
  using WatchResponse = policy::v1::WatchResponse;

  // One kind of operation, of which there is one at a time.
  class Step final : public CompletionInterface {
   public:
    using Reaction = void (WatchStream::*)(bool ok);
    Step(WatchStream* stream, Reaction reaction)
        : stream_(stream), reaction_(reaction) {}
    void OnComplete(bool ok) override { (stream_->*reaction_)(ok); }

   private:
    WatchStream* const stream_;
    const Reaction reaction_;
  };

  // Reactions to its steps.
  void OnStarted(bool ok);
  void OnRead(bool ok);
  void OnWritten(bool ok);
  void OnFinished(bool);

  void Cancel() { client_context_.TryCancel(); }
  // Nothing more is read or sent: asks how it has ended.
  void Finish();
  // Both with mutex_ held.
  bool has_ended() const { return finished_ && !writing_; }
  void TellIfEnded();
  // Any thread. Dropped once the stream ends.
  void Send(WatchRequest request);
  // Whether the stream is good for more.
  bool Take();
  // Gives the stream up where the service's heartbeats stop: there may be a
  // balancer between, which does not notice that the service has gone.
  void AwaitEnd(std::unique_lock<std::mutex>* lock);
  void Hear();
  void Note(bool* what);
  bool TakeSnapshot(policy::v1::RevocationSnapshot* snapshot);
  void TakeChanges(policy::v1::RevocationChanges* changes);
  void TakeState(const policy::v1::ServiceState& state);
  void ListSessions(const policy::v1::SessionQuery& query);
  void TellDecisions(bool enabled);
  // With mutex_ held: writes what is next, if nothing is being written.
  void Pump();

  const Context context_;
  Told* const told_;
  Step start_{this, &WatchStream::OnStarted};
  Step read_{this, &WatchStream::OnRead};
  Step write_{this, &WatchStream::OnWritten};
  Step finish_{this, &WatchStream::OnFinished};
  grpc::ClientContext client_context_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<WatchRequest, WatchResponse>>
      call_;
  WatchResponse response_;
  grpc::Status status_;
  // Of a snapshot whose end has not come.
  std::vector<policy::v1::Revocation> staged_;
  bool has_state_ = false;  // the service has said whether it decides
  std::string problem_;
  std::atomic<bool> stopped_{false};

  std::mutex mutex_;
  std::condition_variable changed_;
  // Written by reactions, with mutex_ held: when something has come last,
  // whether heartbeats do, and whether what the service has told so far is all
  // that there is.
  std::optional<Clock::time_point> heard_at_;
  bool has_heartbeat_ = false;
  bool is_current_ = false;
  std::deque<WatchRequest> to_send_;
  bool writing_ = true;   // or not started
  WatchRequest request_;  // while writing
  bool tells_decisions_ = false;
  bool broken_ = false;    // nothing more is sent
  bool finished_ = false;  // all but what is being written
};

}  // namespace sluice::policy_client

#endif  // PROXY_POLICY_CLIENT_WATCH_STREAM_H_
