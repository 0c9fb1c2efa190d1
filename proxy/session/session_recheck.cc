// Asking again about a granted token (ACE-TOK-5).
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/memory/memory.h"
#include "proxy/session/session.h"

namespace sluice::session {

using mqtt::ReasonCode;
using policy::v1::AuthenticateRequest;
using policy::v1::AuthenticateResponse;

namespace {

// Between an ask that decided nothing and the next.
constexpr absl::Duration kMaxRetryInterval = absl::Seconds(5);
// Whatever the policy service says, it is not asked more often.
constexpr absl::Duration kMinInterval = absl::Milliseconds(100);

}  // namespace

// `token` is what grant_ was given for; it is kept only if it will be needed. A
// grant for a token that is not at hand cannot be asked about again, and ends
// where it should be.
void Session::StartRecheck(std::string token) {
  recheck_.reset();
  if (grant_->recheck_after() == absl::InfiniteDuration()) return;
  const absl::Duration interval =
      std::max(grant_->recheck_after(), kMinInterval);
  if (token.empty()) {
    grant_->EndAt(now_ + interval);
    return;
  }
  recheck_ = absl::make_unique<Recheck>();
  recheck_->token = std::move(token);
  recheck_->interval = interval;
  recheck_->due = now_ + interval;
}

void Session::AskToRecheck() {
  auto request = absl::make_unique<AuthenticateRequest>();
  request->mutable_recheck()->set_token(recheck_->token);
  recheck_->request_id = AskForGrant(std::move(request));
}

void Session::OnRecheckDecision(
    const absl::StatusOr<AuthenticateResponse>& answer) {
  recheck_->request_id = 0;
  if (answer.ok() && answer->has_denial()) {
    Count(Action::kRecheck, Verdict::kDenied);
    Disconnect(ReasonCode::kNotAuthorized, answer->denial().detail());
    return;
  }
  absl::StatusOr<Grant> grant =
      answer.ok() && answer->has_grant()
          ? Grant::Compile(answer->grant())
          : absl::StatusOr<Grant>(absl::UnavailableError("no decision"));
  if (!grant.ok()) {
    // Nothing was decided: the grant that is there holds until its end.
    Count(Action::kRecheck, Verdict::kError);
    recheck_->due = now_ + std::min(recheck_->interval, kMaxRetryInterval);
    ArmOpenTimer();
    return;
  }
  if (grant->IsExpired(now_) || grant->subject() != grant_->subject() ||
      grant->issuer() != grant_->issuer()) {
    Count(Action::kRecheck, Verdict::kDenied);
    Disconnect(ReasonCode::kNotAuthorized,
               "the token has become another subject's, or has expired");
    return;
  }
  Count(Action::kRecheck, Verdict::kAllowed);
  ReplaceGrant(*std::move(grant), std::move(recheck_->token));
  DropUncoveredSubscriptions();
  ArmOpenTimer();
}

void Session::ReplaceGrant(Grant grant, std::string token) {
  *grant_ = std::move(grant);
  StartRecheck(std::move(token));
  published_.Clear();
  delivered_.Clear();
}

}  // namespace sluice::session
