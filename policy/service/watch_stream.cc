#include "policy/service/watch_stream.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "policy/store/resource_rules.h"
#include "proto/timestamp.h"

namespace sluice::policy {
namespace {

constexpr absl::Duration kHeartbeatInterval = absl::Seconds(5);

// A proxy's latency that is longer says nothing.
constexpr absl::Duration kMaxLatency = absl::Hours(24);

// What a proxy says is passed on to operators, whose JSON has no form for times
// out of range: they lose that time, not the message.
void KeepReadable(google::protobuf::Timestamp* time) {
  if (!FromTimestamp(*time).has_value()) time->Clear();
}

void KeepReadable(v1::SessionList* list) {
  for (v1::SessionInfo& session : *list->mutable_sessions()) {
    if (session.has_connected_at()) {
      KeepReadable(session.mutable_connected_at());
    }
    if (session.has_expires_at()) KeepReadable(session.mutable_expires_at());
  }
}

void KeepReadable(v1::DecisionBatch* batch) {
  for (v1::Decision& decision : *batch->mutable_decisions()) {
    if (decision.has_time()) KeepReadable(decision.mutable_time());
    if (decision.has_latency()) {
      *decision.mutable_latency() =
          ToProtoDuration(std::clamp(FromProtoDuration(decision.latency()),
                                     absl::ZeroDuration(), kMaxLatency));
    }
  }
}

absl::Status ProxyIsGone() {
  return absl::NotFoundError("the proxy is not connected");
}

}  // namespace

void WatchStream::Start() { StartRead(&request_); }

void WatchStream::Wake() {
  const std::lock_guard<std::mutex> lock(mutex_);
  Pump();
}

void WatchStream::Recheck() {
  const grpc::Status status = may_go_on_();
  if (!status.ok()) End(status);
}

void WatchStream::Pump() {
  if (!started_ || ended_ || writing_) return;
  if (std::optional<v1::WatchResponse> next = replica_->Next(&cursor_)) {
    response_ = *std::move(next);
  } else if (asked_for_decisions_ != hub_->wants_decisions()) {
    asked_for_decisions_ = !asked_for_decisions_;
    response_.Clear();
    response_.mutable_watch_decisions()->set_enabled(asked_for_decisions_);
  } else if (!outbox_.empty()) {
    response_ = std::move(outbox_.front());
    outbox_.pop_front();
  } else {
    return;
  }
  writing_ = true;
  StartWrite(&response_);
}

void WatchStream::OnWriteDone(bool ok) {
  if (!ok) {
    End(grpc::Status(grpc::StatusCode::CANCELLED, "the proxy is gone"));
    return;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  writing_ = false;
  Pump();
}

void WatchStream::OnReadDone(bool ok) {
  if (!ok) {
    End(grpc::Status::OK);
    return;
  }
  const grpc::Status status = Take();
  if (!status.ok()) {
    End(status);
    return;
  }
  StartRead(&request_);
}

void WatchStream::OnCancel() {
  End(grpc::Status(grpc::StatusCode::CANCELLED, "the proxy has hung up"));
}

void WatchStream::End(const grpc::Status& status) {
  std::map<uint64_t, Query> queries;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (ended_) return;
    ended_ = true;
    queries.swap(queries_);
    outbox_.clear();
    Finish(status);
  }
  for (auto& [id, query] : queries) {
    query.alarm->Cancel();
    query.done(ProxyIsGone());
  }
  // Nobody arms it any more.
  if (heartbeat_ != nullptr) heartbeat_->Cancel();
}

std::unique_ptr<grpc::Alarm> WatchStream::After(
    absl::Duration delay, std::function<void(WatchStream*)> then) {
  auto alarm = std::make_unique<grpc::Alarm>();
  alarm->Set(
      std::chrono::system_clock::now() + absl::ToChronoMilliseconds(delay),
      [weak = weak_from_this(), then = std::move(then)](bool expired) {
        const std::shared_ptr<WatchStream> self = weak.lock();
        if (expired && self != nullptr) then(self.get());
      });
  return alarm;
}

void WatchStream::ArmHeartbeat() {
  heartbeat_ =
      After(kHeartbeatInterval, [](WatchStream* self) { self->Beat(); });
}

void WatchStream::Beat() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (ended_) return;
  if (outbox_.empty() && !writing_) outbox_.emplace_back();
  Pump();
  ArmHeartbeat();
}

// gRPC is done with this; the hub may hold it a little longer.
void WatchStream::OnDone() { hub_->Remove(this); }

grpc::Status WatchStream::Take() {
  const bool is_known =
      request_.message_case() != v1::WatchRequest::MESSAGE_NOT_SET;
  if (is_known && !request_.has_start() && proxy_.empty()) {
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                        "start: has to come first");
  }
  switch (request_.message_case()) {
    case v1::WatchRequest::kStart:
      return TakeStart(request_.start());
    case v1::WatchRequest::kSessions: {
      const uint64_t query_id = request_.sessions().query_id();
      KeepReadable(request_.mutable_sessions());
      Settle(query_id, std::move(*request_.mutable_sessions()));
      return grpc::Status::OK;
    }
    case v1::WatchRequest::kDecisions:
      KeepReadable(request_.mutable_decisions());
      TakeDecisions(request_.decisions());
      return grpc::Status::OK;
    case v1::WatchRequest::MESSAGE_NOT_SET:
      return grpc::Status::OK;  // of a newer proxy
  }
  return grpc::Status::OK;
}

grpc::Status WatchStream::TakeStart(const v1::WatchStart& start) {
  if (!IsResourceNamePart(start.proxy())) {
    return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                        "start.proxy: expected up to 255 letters, digits, "
                        "'-', '_' and '.'");
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (ended_) return grpc::Status::OK;  // though gRPC may have read some
    if (started_) {
      return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT,
                          "start: came for the second time");
    }
    started_ = true;
    if (start.has_position()) cursor_ = WatchCursor(start.position());
    ArmHeartbeat();
  }
  proxy_ = start.proxy();
  hub_->Add(start.proxy(), shared_from_this());
  Wake();
  return grpc::Status::OK;
}

// One that has been ended tells nothing more, though gRPC may have read some.
void WatchStream::TakeDecisions(const v1::DecisionBatch& batch) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (ended_) return;
  }
  hub_->OnDecisions(proxy_, batch);
}

void WatchStream::ListSessions(v1::SessionQuery query, absl::Duration timeout,
                               WatchHub::SessionsCallback done) {
  absl::Status refusal;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (ended_) {
      refusal = ProxyIsGone();
    } else if (queries_.size() >= kMaxQueries ||
               outbox_.size() >= 2 * kMaxQueries) {
      refusal = absl::ResourceExhaustedError(
          "too many questions to the proxy are open");
    } else {
      const uint64_t id = ++last_query_id_;
      query.set_query_id(id);
      Query& open = queries_[id];
      open.done = std::move(done);
      open.alarm = After(timeout, [id](WatchStream* self) {
        self->Settle(id,
                     absl::DeadlineExceededError("the proxy does not answer"));
      });
      *outbox_.emplace_back().mutable_list_sessions() = std::move(query);
      Pump();
    }
  }
  if (!refusal.ok()) done(refusal);
}

absl::Status WatchStream::Disconnect(std::string session_id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (ended_) return ProxyIsGone();
  if (outbox_.size() >= 2 * kMaxQueries) {
    return absl::ResourceExhaustedError("the proxy is slow");
  }
  outbox_.emplace_back().mutable_disconnect_sessions()->add_session_ids(
      std::move(session_id));
  Pump();
  return absl::OkStatus();
}

// An answer that nobody waits for, or waits for any more, is dropped.
void WatchStream::Settle(uint64_t query_id,
                         absl::StatusOr<v1::SessionList> outcome) {
  Query query;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = queries_.find(query_id);
    if (found == queries_.end()) return;
    query = std::move(found->second);
    queries_.erase(found);
  }
  query.alarm->Cancel();
  query.done(std::move(outcome));
}

}  // namespace sluice::policy
