// What a session waits for, and how it goes on when that has not come in time.
#include <algorithm>

#include "proxy/session/reasons.h"
#include "proxy/session/session.h"

namespace sluice::session {

using mqtt::ReasonCode;

void Session::OnTimer(absl::Time now, Effects* effects) {
  Begin(now, effects);
  if (is_closed()) return;
  if (now_ < deadline_) {
    ArmTimer(deadline_);
    return;
  }
  switch (state_) {
    case State::kAwaitConnect:
      RefuseSilently(ReasonCode::kUnspecifiedError, ConnectOutcome::kTimeout,
                     "no CONNECT in time");
      return;
    case State::kAwaitChallenge:
      Refuse(ReasonCode::kNotAuthorized, ConnectOutcome::kTimeout,
             "no answer to the challenge in time");
      return;
    case State::kAwaitGrant:
      Refuse(ReasonCode::kServerUnavailable, ConnectOutcome::kPolicyUnavailable,
             "no answer from the policy service in time");
      return;
    case State::kAwaitUpstream:
    case State::kAwaitConnack:
      Refuse(ReasonCode::kServerUnavailable, ConnectOutcome::kBrokerUnavailable,
             "no answer from the broker in time");
      return;
    case State::kOpen:
      OnOpenTimer();
      return;
    case State::kClosed:
      return;
  }
}

void Session::OnClockSet(absl::Duration by, absl::Time now, Effects* effects) {
  Begin(now, effects);
  if (is_closed()) return;
  checks_.OnClockSet(by);
  published_.Clear();  // with what checkers have said
  rule_usage_.OnClockSet(by);
  broker_keep_alive_.OnClockSet(by);
  recorded_subscriptions_.OnClockSet(by);
  // A change of policy may have made it due before CONNACK.
  if (recheck_ != nullptr) {
    recheck_->due += by;
    recheck_->answer_until += by;
  }
  if (state_ != State::kOpen) {
    ArmTimer(deadline_ + by);
    return;
  }
  if (reauthentication_ != nullptr) reauthentication_->deadline += by;
  reauthentications_.OnClockSet(by);
  if (rate_holds_until_.has_value()) *rate_holds_until_ += by;
  if (awaited_unsuback_.has_value()) awaited_unsuback_->until += by;
  ArmOpenTimer();
}

void Session::ArmTimer(absl::Time deadline) {
  deadline_ = deadline;
  if (deadline_ == absl::InfiniteFuture()) {
    effects_->ClearTimer();
  } else {
    effects_->SetTimer(deadline_);
  }
}

// ACE-EXP-2
void Session::ArmOpenTimer() {
  absl::Time deadline = grant_->expires_at();
  if (!HasStreams()) deadline += context_.settings->reauthentication_grace;
  if (reauthentication_ != nullptr) {
    deadline = std::min(deadline, reauthentication_->deadline);
  }
  if (recheck_ != nullptr && recheck_->request_id == 0 &&
      !grant_->IsExpired(now_)) {
    deadline = std::min(deadline, recheck_->due);
  }
  if (rate_holds_until_.has_value()) {
    deadline = std::min(deadline, *rate_holds_until_);
  }
  if (awaited_unsuback_.has_value()) {
    deadline = std::min(deadline, awaited_unsuback_->until);
  }
  if (HoldsClient()) deadline = std::min(deadline, broker_keep_alive_.Due());
  ArmTimer(deadline);
}

void Session::DisconnectExpired() {
  EndByDenial(SessionEnd::kExpired, Action::kRevoke, ReasonCode::kNotAuthorized,
              kExpired);
}

void Session::OnOpenTimer() {
  if (reauthentication_ != nullptr && now_ >= reauthentication_->deadline) {
    FailReauthentication("no decision in time");
    return;
  }
  if (now_ >=
          grant_->expires_at() + context_.settings->reauthentication_grace ||
      (HasStreams() && grant_->IsExpired(now_))) {
    DisconnectExpired();
    return;
  }
  if (awaited_unsuback_.has_value() && now_ >= awaited_unsuback_->until) {
    Disconnect(SessionEnd::kBroker, ReasonCode::kServerUnavailable,
               "the broker does not answer an UNSUBSCRIBE");
    return;
  }
  if (recheck_ != nullptr && recheck_->request_id == 0 &&
      now_ >= recheck_->due && !grant_->IsExpired(now_)) {
    AskToRecheck();
  }
  if (rate_holds_until_.has_value() && now_ >= *rate_holds_until_) {
    rate_holds_until_.reset();
  }
  // Its PINGREQs may be among what waits.
  if (HoldsClient()) KeepBrokerAlive();
  ArmOpenTimer();
}

}  // namespace sluice::session
