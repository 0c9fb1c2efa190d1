#include "proxy/policy_client/policy_watch.h"

#include <grpcpp/client_context.h>
#include <grpcpp/support/async_stream.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"

namespace sluice::policy_client {

using policy::v1::WatchRequest;
using policy::v1::WatchResponse;

namespace {

using Clock = std::chrono::steady_clock;

// Between the end of a stream and the next: the first is short, since a service
// that was restarted is back soon.
constexpr absl::Duration kFirstDelay = absl::Milliseconds(100);
constexpr absl::Duration kLongestDelay = absl::Seconds(2);

// A stream on which nothing has come for so long is given up: it leads to a
// service that hangs, or to a balancer before one that is dead.
constexpr auto kLongestSilence = std::chrono::seconds(10);
// The same of one with heartbeats: three of them.
constexpr auto kLongestPause = std::chrono::seconds(15);

// More than any service keeps; what a broken one may make the proxy hold.
constexpr size_t kMaxRevocations = 2'000'000;

// Of one message; a service takes twice as much.
constexpr size_t kMaxBatchBytes = 128 * 1024;

// As many of the sessions as one message holds; the service asks for the rest.
WatchRequest ToAnswer(uint64_t query_id,
                      std::vector<policy::v1::SessionInfo> sessions) {
  WatchRequest answer;
  policy::v1::SessionList& list = *answer.mutable_sessions();
  list.set_query_id(query_id);
  size_t bytes = 0;
  for (policy::v1::SessionInfo& session : sessions) {
    bytes += session.ByteSizeLong();
    if (bytes > kMaxBatchBytes && list.sessions_size() > 0) {
      list.set_more(true);
      break;
    }
    *list.add_sessions() = std::move(session);
  }
  return answer;
}

}  // namespace

// One stream. Its reactions come one after the other, on the CompletionThread;
// whoever runs it keeps it alive until the last.
class PolicyWatch::Stream : public std::enable_shared_from_this<Stream> {
 public:
  explicit Stream(PolicyWatch* watch) : watch_(watch) {}

  // Waits for the stream's end, and returns whether it had told all that there
  // is. Where it has not by then, calls `lost` at `lost_at`, and before it has.
  bool Run(Clock::time_point lost_at, absl::FunctionRef<void()> lost) {
    WatchRequest start;
    start.mutable_start()->set_proxy(watch_->proxy_);
    if (watch_->has_position_) {
      *start.mutable_start()->mutable_position() = watch_->position_;
    }
    Send(std::move(start));
    call_ = watch_->stub_->PrepareAsyncWatch(&context_,
                                             watch_->completions_->queue());
    call_->StartCall(start_.tag());
    std::unique_lock<std::mutex> lock(mutex_);
    const auto is_settled = [this] { return is_current_ || ended_; };
    if (!changed_.wait_until(lock, lost_at, is_settled)) lost();
    if (!changed_.wait_for(lock, kLongestSilence, [this] {
          return heard_at_.has_value() || ended_;
        })) {
      Cancel();
    }
    AwaitEnd(&lock);
    return is_current_;
  }

  // Why it has ended, for the log; after Run().
  const std::string& problem() const { return problem_; }

  void Cancel() { context_.TryCancel(); }
  // The same, of a watch that ends.
  void Stop() {
    stopped_ = true;
    Cancel();
  }

  // Any thread. Dropped once the stream ends.
  void Send(WatchRequest request) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (broken_) return;
    to_send_.push_back(std::move(request));
    Pump();
  }

 private:
  // One kind of operation, of which there is one at a time.
  class Step final : public CompletionInterface {
   public:
    using Reaction = void (Stream::*)(bool ok);
    Step(Stream* stream, Reaction reaction)
        : stream_(stream), reaction_(reaction) {}
    void OnComplete(bool ok) override { (stream_->*reaction_)(ok); }

   private:
    Stream* const stream_;
    const Reaction reaction_;
  };

  void OnStarted(bool ok) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      writing_ = false;
      if (ok) Pump();
    }
    if (ok) {
      call_->Read(&response_, read_.tag());
    } else {
      Finish();
    }
  }

  void OnRead(bool ok) {
    if (!ok) {
      Finish();
    } else if (Take()) {
      call_->Read(&response_, read_.tag());
    } else {
      Cancel();
      Finish();
    }
  }

  void OnWritten(bool ok) {
    std::lock_guard<std::mutex> lock(mutex_);
    writing_ = false;
    if (ok) Pump();  // else OnRead() ends the stream
    TellIfEnded();
  }

  void OnFinished(bool) {
    if (problem_.empty()) problem_ = status_.error_message();
    if (is_current_ && !stopped_) watch_->observer_->OnWatchEnded(problem_);
    std::lock_guard<std::mutex> lock(mutex_);
    finished_ = true;
    TellIfEnded();
  }

  void Finish() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      broken_ = true;
      if (std::exchange(tells_decisions_, false)) watch_->decisions_->Close();
    }
    call_->Finish(&status_, finish_.tag());
  }

  // With mutex_ held.
  void TellIfEnded() {
    if (!finished_ || writing_) return;
    ended_ = true;
    changed_.notify_all();
  }

  // Whether the stream is good for more.
  bool Take() {
    Hear();
    switch (response_.message_case()) {
      case WatchResponse::kSnapshot:
        if (!TakeSnapshot(response_.mutable_snapshot())) return false;
        break;
      case WatchResponse::kChanges:
        TakeChanges(response_.mutable_changes());
        break;
      case WatchResponse::kPolicy:
        watch_->observer_->OnPolicyVersion(response_.policy().version());
        break;
      case WatchResponse::kListSessions:
        ListSessions(response_.list_sessions());
        break;
      case WatchResponse::kDisconnectSessions: {
        const auto& ids = response_.disconnect_sessions().session_ids();
        watch_->observer_->OnDisconnectSessions({ids.begin(), ids.end()});
        break;
      }
      case WatchResponse::kWatchDecisions:
        TellDecisions(response_.watch_decisions().enabled());
        break;
      case WatchResponse::kState:
        TakeState(response_.state());
        break;
      case WatchResponse::MESSAGE_NOT_SET:
        // A heartbeat, of a newer service, or a position alone.
        if (!response_.has_position()) Note(&has_heartbeat_);
        break;
    }
    if (response_.has_position()) {
      watch_->position_ = response_.position();
      watch_->has_position_ = true;
      // Before it is told: or else the time in which it is waited for might run
      // out in between, and it would be lost when it has begun.
      const bool begins = !is_current_;
      Note(&is_current_);
      if (begins) {
        // A service says before all else that it decides nothing.
        if (!has_state_) TakeState(policy::v1::ServiceState());
        watch_->observer_->OnWatchBegun();
      }
    }
    return true;
  }

  // Gives the stream up where the service's heartbeats stop: there may be a
  // balancer between, which does not notice that the service has gone.
  void AwaitEnd(std::unique_lock<std::mutex>* lock) {
    changed_.wait(*lock, [this] { return has_heartbeat_ || ended_; });
    while (!ended_) {
      const Clock::time_point silent_at = *heard_at_ + kLongestPause;
      if (Clock::now() < silent_at) {
        changed_.wait_until(*lock, silent_at, [this] { return ended_; });
        continue;
      }
      Cancel();
      changed_.wait(*lock, [this] { return ended_; });
    }
  }

  void Hear() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!heard_at_.has_value()) changed_.notify_all();
    heard_at_ = Clock::now();
  }

  void Note(bool* what) {
    if (*what) return;
    std::lock_guard<std::mutex> lock(mutex_);
    *what = true;
    changed_.notify_all();
  }

  bool TakeSnapshot(policy::v1::RevocationSnapshot* snapshot) {
    for (auto& revocation : *snapshot->mutable_revocations()) {
      staged_.push_back(std::move(revocation));
    }
    if (staged_.size() > kMaxRevocations) {
      problem_ = "the policy service has too many revocations";
      return false;
    }
    if (snapshot->more()) return true;
    auto update = std::make_shared<RevocationUpdate>();
    update->is_snapshot = true;
    update->added = std::exchange(staged_, {});
    watch_->observer_->OnRevocations(std::move(update));
    return true;
  }

  void TakeChanges(policy::v1::RevocationChanges* changes) {
    auto update = std::make_shared<RevocationUpdate>();
    for (auto& revocation : *changes->mutable_added()) {
      update->added.push_back(std::move(revocation));
    }
    update->deleted.assign(changes->deleted().begin(),
                           changes->deleted().end());
    watch_->observer_->OnRevocations(std::move(update));
  }

  void TakeState(const policy::v1::ServiceState& state) {
    has_state_ = true;
    if (!state.undecided() && !watch_->is_undecided_) return;
    watch_->is_undecided_ = state.undecided();
    watch_->observer_->OnServiceState(!state.undecided() ? ""
                                      : state.detail().empty()
                                          ? "nothing is decided"
                                          : state.detail());
  }

  void ListSessions(const policy::v1::SessionQuery& query) {
    watch_->observer_->OnListSessions(
        query, [self = shared_from_this(), id = query.query_id()](
                   std::vector<policy::v1::SessionInfo> sessions) {
          self->Send(ToAnswer(id, std::move(sessions)));
        });
  }

  void TellDecisions(bool enabled) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (broken_ || enabled == tells_decisions_) return;
    tells_decisions_ = enabled;
    if (!enabled) {
      watch_->decisions_->Close();
      return;
    }
    watch_->decisions_->Open([weak = weak_from_this()] {
      const std::shared_ptr<Stream> self = weak.lock();
      if (self == nullptr) return;
      std::lock_guard<std::mutex> lock(self->mutex_);
      self->Pump();
    });
  }

  // With mutex_ held: writes what is next, if nothing is being written.
  void Pump() {
    if (writing_ || broken_) return;
    if (!to_send_.empty()) {
      request_ = std::move(to_send_.front());
      to_send_.pop_front();
    } else if (!tells_decisions_ ||
               !watch_->decisions_->Take(kMaxBatchBytes,
                                         request_.mutable_decisions())) {
      return;
    }
    writing_ = true;
    call_->Write(request_, write_.tag());
  }

  PolicyWatch* const watch_;
  Step start_{this, &Stream::OnStarted};
  Step read_{this, &Stream::OnRead};
  Step write_{this, &Stream::OnWritten};
  Step finish_{this, &Stream::OnFinished};
  grpc::ClientContext context_;
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
  bool ended_ = false;
};

PolicyWatch::PolicyWatch(std::shared_ptr<grpc::Channel> channel,
                         CompletionThread* completions, std::string proxy,
                         absl::Duration lost_after,
                         WatchObserverInterface* observer,
                         DecisionSourceInterface* decisions)
    : channel_(std::move(channel)),
      stub_(policy::v1::PolicyService::NewStub(channel_)),
      completions_(completions),
      proxy_(std::move(proxy)),
      lost_after_(lost_after),
      observer_(observer),
      decisions_(decisions),
      thread_([this] { Run(); }) {}

PolicyWatch::~PolicyWatch() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    if (stream_ != nullptr) stream_->Stop();
  }
  wakeup_.notify_all();
  thread_.join();
}

void PolicyWatch::Run() {
  absl::Duration delay = kFirstDelay;
  Clock::time_point ended_at = Clock::now();
  for (;;) {
    const auto stream = std::make_shared<Stream>(this);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (stopping_) return;
      stream_ = stream;
    }
    const bool was_current =
        stream->Run(ended_at + absl::ToChronoNanoseconds(lost_after_),
                    [&] { TellIfLost(lost_after_); });
    failure_ = stream->problem();
    {
      std::lock_guard<std::mutex> lock(mutex_);
      stream_.reset();
    }
    if (was_current) {
      ended_at = Clock::now();
      may_be_lost_ = true;
    }
    delay = was_current ? kFirstDelay : std::min(2 * delay, kLongestDelay);
    if (!Wait(delay)) return;
    TellIfLost(absl::FromChrono(Clock::now() - ended_at));
  }
}

void PolicyWatch::TellIfLost(absl::Duration away) {
  if (!may_be_lost_ || away < lost_after_) return;
  may_be_lost_ = false;
  observer_->OnWatchLost(failure_);
}

bool PolicyWatch::Wait(absl::Duration duration) {
  std::unique_lock<std::mutex> lock(mutex_);
  wakeup_.wait_for(lock, absl::ToChronoNanoseconds(duration),
                   [this] { return stopping_; });
  return !stopping_;
}

}  // namespace sluice::policy_client
