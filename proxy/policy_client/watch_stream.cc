#include "proxy/policy_client/watch_stream.h"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace sluice::policy_client {

using policy::v1::WatchRequest;
using policy::v1::WatchResponse;

namespace {

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

bool WatchStream::Run(Clock::time_point lost_at,
                      absl::FunctionRef<void()> lost) {
  WatchRequest start;
  start.mutable_start()->set_proxy(context_.proxy);
  if (told_->has_position) {
    *start.mutable_start()->mutable_position() = told_->position;
  }
  Send(std::move(start));
  call_ = context_.stub->PrepareAsyncWatch(&client_context_,
                                           context_.completions->queue());
  call_->StartCall(start_.tag());
  std::unique_lock<std::mutex> lock(mutex_);
  const auto is_settled = [this] { return is_current_ || has_ended(); };
  if (!changed_.wait_until(lock, lost_at, is_settled)) lost();
  if (!changed_.wait_for(lock, kLongestSilence, [this] {
        return heard_at_.has_value() || has_ended();
      })) {
    Cancel();
  }
  AwaitEnd(&lock);
  return is_current_;
}

void WatchStream::Stop() {
  stopped_ = true;
  Cancel();
}

void WatchStream::Send(WatchRequest request) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (broken_) return;
  to_send_.push_back(std::move(request));
  Pump();
}

void WatchStream::OnStarted(bool ok) {
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

void WatchStream::OnRead(bool ok) {
  if (ok && Take()) {
    call_->Read(&response_, read_.tag());
    return;
  }
  Finish();
  // The service may not have ended it: what came was not understood. In this
  // order, so that its own status is known where it has.
  Cancel();
}

void WatchStream::OnWritten(bool ok) {
  std::lock_guard<std::mutex> lock(mutex_);
  writing_ = false;
  if (!ok) broken_ = true;  // OnRead() ends the stream
  Pump();
  TellIfEnded();
}

void WatchStream::OnFinished(bool) {
  if (problem_.empty()) problem_ = status_.error_message();
  if (is_current_ && !stopped_) context_.observer->OnWatchEnded(problem_);
  std::lock_guard<std::mutex> lock(mutex_);
  finished_ = true;
  TellIfEnded();
}

void WatchStream::Finish() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    broken_ = true;
    if (std::exchange(tells_decisions_, false)) context_.decisions->Close();
  }
  call_->Finish(&status_, finish_.tag());
}

void WatchStream::TellIfEnded() {
  if (has_ended()) changed_.notify_all();
}

bool WatchStream::Take() {
  Hear();
  switch (response_.message_case()) {
    case WatchResponse::kSnapshot:
      if (!TakeSnapshot(response_.mutable_snapshot())) return false;
      break;
    case WatchResponse::kChanges:
      TakeChanges(response_.mutable_changes());
      break;
    case WatchResponse::kPolicy:
      context_.observer->OnPolicyVersion(response_.policy().version());
      break;
    case WatchResponse::kListSessions:
      ListSessions(response_.list_sessions());
      break;
    case WatchResponse::kDisconnectSessions: {
      const auto& ids = response_.disconnect_sessions().session_ids();
      context_.observer->OnDisconnectSessions({ids.begin(), ids.end()});
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
    told_->position = response_.position();
    told_->has_position = true;
    // Before it is told: or else the time in which it is waited for might run
    // out in between, and it would be lost when it has begun.
    const bool begins = !is_current_;
    Note(&is_current_);
    if (begins) {
      // A service says before all else that it decides nothing.
      if (!has_state_) TakeState(policy::v1::ServiceState());
      context_.observer->OnWatchBegun();
    }
  }
  return true;
}

void WatchStream::AwaitEnd(std::unique_lock<std::mutex>* lock) {
  changed_.wait(*lock, [this] { return has_heartbeat_ || has_ended(); });
  while (!has_ended()) {
    const Clock::time_point silent_at = *heard_at_ + kLongestPause;
    if (Clock::now() < silent_at) {
      changed_.wait_until(*lock, silent_at, [this] { return has_ended(); });
      continue;
    }
    Cancel();
    changed_.wait(*lock, [this] { return has_ended(); });
  }
}

void WatchStream::Hear() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!heard_at_.has_value()) changed_.notify_all();
  heard_at_ = Clock::now();
}

void WatchStream::Note(bool* what) {
  if (*what) return;
  std::lock_guard<std::mutex> lock(mutex_);
  *what = true;
  changed_.notify_all();
}

bool WatchStream::TakeSnapshot(policy::v1::RevocationSnapshot* snapshot) {
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
  context_.observer->OnRevocations(std::move(update));
  return true;
}

void WatchStream::TakeChanges(policy::v1::RevocationChanges* changes) {
  auto update = std::make_shared<RevocationUpdate>();
  for (auto& revocation : *changes->mutable_added()) {
    update->added.push_back(std::move(revocation));
  }
  update->deleted.assign(changes->deleted().begin(), changes->deleted().end());
  context_.observer->OnRevocations(std::move(update));
}

void WatchStream::TakeState(const policy::v1::ServiceState& state) {
  has_state_ = true;
  if (!state.undecided() && !told_->is_undecided) return;
  told_->is_undecided = state.undecided();
  context_.observer->OnServiceState(!state.undecided() ? ""
                                    : state.detail().empty()
                                        ? "nothing is decided"
                                        : state.detail());
}

void WatchStream::ListSessions(const policy::v1::SessionQuery& query) {
  context_.observer->OnListSessions(
      query, [self = shared_from_this(), id = query.query_id()](
                 std::vector<policy::v1::SessionInfo> sessions) {
        self->Send(ToAnswer(id, std::move(sessions)));
      });
}

void WatchStream::TellDecisions(bool enabled) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (broken_ || enabled == tells_decisions_) return;
  tells_decisions_ = enabled;
  if (!enabled) {
    context_.decisions->Close();
    return;
  }
  context_.decisions->Open([weak = weak_from_this()] {
    const std::shared_ptr<WatchStream> self = weak.lock();
    if (self == nullptr) return;
    std::lock_guard<std::mutex> lock(self->mutex_);
    self->Pump();
  });
}

void WatchStream::Pump() {
  if (writing_ || broken_) return;
  if (!to_send_.empty()) {
    request_ = std::move(to_send_.front());
    to_send_.pop_front();
  } else if (!tells_decisions_ ||
             !context_.decisions->Take(kMaxBatchBytes,
                                       request_.mutable_decisions())) {
    return;
  }
  writing_ = true;
  call_->Write(request_, write_.tag());
}

}  // namespace sluice::policy_client
