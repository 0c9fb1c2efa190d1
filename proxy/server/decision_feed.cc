#include "proxy/server/decision_feed.h"

#include <utility>

#include "absl/time/time.h"
#include "proto/timestamp.h"
#include "proxy/server/shown_value.h"
#include "proxy/session/protocol_version.h"

namespace sluice::server {
namespace {

using ::sluice::session::Verdict;
using DecisionMessage = policy::v1::Decision;

DecisionMessage::Action ToAction(session::Action action) {
  switch (action) {
    case session::Action::kConnect:
      return DecisionMessage::ACTION_CONNECT;
    case session::Action::kPublish:
      return DecisionMessage::ACTION_PUBLISH;
    case session::Action::kDeliver:
      return DecisionMessage::ACTION_DELIVER;
    case session::Action::kSubscribe:
      return DecisionMessage::ACTION_SUBSCRIBE;
    case session::Action::kReauthenticate:
      return DecisionMessage::ACTION_REAUTHENTICATE;
    case session::Action::kStoreToken:
      return DecisionMessage::ACTION_STORE_TOKEN;
    case session::Action::kRecheck:
      return DecisionMessage::ACTION_RECHECK;
    case session::Action::kRevoke:
      return DecisionMessage::ACTION_REVOKE;
  }
  return DecisionMessage::ACTION_UNSPECIFIED;
}

DecisionMessage::Result ToResult(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllowed:
      return DecisionMessage::RESULT_ALLOWED;
    case Verdict::kDenied:
      return DecisionMessage::RESULT_DENIED;
    case Verdict::kError:
      return DecisionMessage::RESULT_ERROR;
  }
  return DecisionMessage::RESULT_UNSPECIFIED;
}

DecisionMessage ToMessage(const session::Decision& decision) {
  DecisionMessage message;
  message.set_id(decision.id.ToString());
  *message.mutable_time() = ToTimestamp(decision.time);
  message.set_action(ToAction(decision.action));
  message.set_result(ToResult(decision.verdict));
  message.set_reason_code(decision.reason_code);
  message.set_topic(ShownValue(decision.topic));
  message.set_rule(ShownValue(decision.rule));
  message.set_shadow(decision.shadow);
  message.set_session_id(ShownValue(decision.session_id));
  message.set_listener(ShownValue(decision.client.listener));
  message.set_client_address(ShownValue(decision.client.address));
  message.set_client_id(ShownValue(decision.client.client_id));
  message.set_protocol_version(session::ToProto(decision.version));
  message.set_subject(ShownValue(decision.client.subject));
  message.set_issuer(ShownValue(decision.client.issuer));
  message.set_token_id(ShownValue(decision.client.token_id));
  message.set_unproven(decision.client.unproven);
  if (decision.latency.has_value()) {
    *message.mutable_latency() = ToProtoDuration(*decision.latency);
  }
  return message;
}

}  // namespace

void DecisionFeed::OnDecision(const session::Decision& decision) {
  if (!IsListening()) return;
  DecisionMessage message = ToMessage(decision);
  const size_t bytes = message.ByteSizeLong();
  const size_t room = decision.LetPass() ? capacity_ / 2 : capacity_;
  std::shared_ptr<const std::function<void()>> wake;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (on_decisions_ == nullptr) return;
    if (bytes_ + bytes > room) {
      ++dropped_;
      return;
    }
    bytes_ += bytes;
    kept_.push_back({std::move(message), bytes});
    if (std::exchange(idle_, false)) wake = on_decisions_;
  }
  if (wake != nullptr) (*wake)();
}

void DecisionFeed::Open(std::function<void()> on_decisions) {
  const std::lock_guard<std::mutex> lock(mutex_);
  on_decisions_ =
      std::make_shared<const std::function<void()>>(std::move(on_decisions));
  idle_ = true;
  open_.store(true, std::memory_order_relaxed);
}

void DecisionFeed::Close() {
  const std::lock_guard<std::mutex> lock(mutex_);
  open_.store(false, std::memory_order_relaxed);
  on_decisions_.reset();
  kept_.clear();
  bytes_ = 0;
  dropped_ = 0;
}

bool DecisionFeed::Take(size_t max_bytes, policy::v1::DecisionBatch* batch) {
  batch->Clear();
  const std::lock_guard<std::mutex> lock(mutex_);
  size_t taken = 0;
  while (!kept_.empty() &&
         (taken == 0 || taken + kept_.front().bytes <= max_bytes)) {
    taken += kept_.front().bytes;
    bytes_ -= kept_.front().bytes;
    *batch->add_decisions() = std::move(kept_.front().decision);
    kept_.pop_front();
  }
  if (taken == 0) {
    idle_ = true;
    return false;
  }
  batch->set_dropped(std::exchange(dropped_, 0));
  return true;
}

}  // namespace sluice::server
