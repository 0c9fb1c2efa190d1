#include "policy/admin/decision_service.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "policy/service/grpc_status.h"
#include "policy/service/refusal.h"

namespace sluice::policy {
namespace {

using admin::v1::WatchDecisionsRequest;
using admin::v1::WatchDecisionsResponse;
using Reactor = grpc::ServerWriteReactor<WatchDecisionsResponse>;

// Decisions that wait for a slow caller.
constexpr size_t kMaxWaiting = 1000;
constexpr size_t kMaxWaitingBytes = 4 << 20;

bool Fits(const WatchDecisionsRequest& request, absl::string_view proxy,
          const v1::Decision& decision) {
  const auto fits = [](absl::string_view wanted, absl::string_view value) {
    return wanted.empty() || wanted == value;
  };
  return fits(request.proxy(), proxy) &&
         fits(request.subject(), decision.subject()) &&
         fits(request.client_id(), decision.client_id()) &&
         (request.action() == v1::Decision::ACTION_UNSPECIFIED ||
          request.action() == decision.action()) &&
         (request.result() == v1::Decision::RESULT_UNSPECIFIED ||
          request.result() == decision.result());
}

// One call. It belongs to the hub, until gRPC is done with it.
class DecisionWatch final : public Reactor, public DecisionWatcherInterface {
 public:
  DecisionWatch(WatchHub* hub, const AccessControl* access, CallerNames caller,
                const WatchDecisionsRequest& request)
      : hub_(hub),
        access_(access),
        caller_(std::move(caller)),
        request_(request) {
    // So that the caller learns that it watches.
    StartSendInitialMetadata();
  }

  void OnDecisions(absl::string_view proxy,
                   const v1::DecisionBatch& batch) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (ended_) return;
    dropped_ += static_cast<int64_t>(batch.dropped());
    for (const v1::Decision& decision : batch.decisions()) {
      if (!Fits(request_, proxy, decision)) continue;
      const size_t size = decision.ByteSizeLong();
      if (waiting_.size() >= kMaxWaiting ||
          waiting_bytes_ + size > kMaxWaitingBytes) {
        ++dropped_;
        continue;
      }
      WatchDecisionsResponse& response = waiting_.emplace_back();
      response.set_proxy(std::string(proxy));
      *response.mutable_decision() = decision;
      waiting_bytes_ += size;
      response.set_dropped(std::exchange(dropped_, 0));
    }
    Pump();
  }

  void End(const grpc::Status& status) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (std::exchange(ended_, true)) return;
    waiting_.clear();
    waiting_bytes_ = 0;
    Finish(status);
  }

  grpc::Status MayGoOn() const override {
    return access_->CheckOperator(caller_);
  }

  void OnWriteDone(bool ok) override {
    if (!ok) {
      OnCancel();
      return;
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    writing_ = false;
    Pump();
  }

  void OnCancel() override {
    End(grpc::Status(grpc::StatusCode::CANCELLED, "the caller has hung up"));
  }

  void OnDone() override { hub_->RemoveDecisionWatcher(this); }

 private:
  // With mutex_ held.
  void Pump() {
    if (ended_ || writing_ || waiting_.empty()) return;
    response_ = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= response_.decision().ByteSizeLong();
    writing_ = true;
    StartWrite(&response_);
  }

  WatchHub* const hub_;
  const AccessControl* const access_;
  const CallerNames caller_;
  const WatchDecisionsRequest request_;

  std::mutex mutex_;
  bool ended_ = false;
  bool writing_ = false;
  WatchDecisionsResponse response_;  // while writing
  std::deque<WatchDecisionsResponse> waiting_;
  size_t waiting_bytes_ = 0;  // of their decisions
  int64_t dropped_ = 0;
};

}  // namespace

Reactor* DecisionService::WatchDecisions(grpc::CallbackServerContext* context,
                                         const WatchDecisionsRequest* request) {
  CallerNames caller = NamesOf(*context);
  if (grpc::Status s = access_->CheckOperator(caller); !s.ok()) {
    return new Refusal<Reactor>(s);
  }
  auto watch = std::make_shared<DecisionWatch>(hub_, access_, std::move(caller),
                                               *request);
  DecisionWatch* const reactor = watch.get();
  if (absl::Status s = hub_->AddDecisionWatcher(std::move(watch)); !s.ok()) {
    return new Refusal<Reactor>(ToGrpcStatus(s));
  }
  return reactor;
}

}  // namespace sluice::policy
