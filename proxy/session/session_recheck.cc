// Asking again about a grant: when the policy service said so (ACE-TOK-5), or
// when its policy has changed.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "proxy/session/session.h"

namespace sluice::session {

using authz::Grant;
using mqtt::ReasonCode;
using policy::v1::AuthenticateRequest;
using policy::v1::AuthenticateResponse;

namespace {

// Between an ask that decided nothing and the next, which come half as soon at
// the least: sessions that failed together do not ask together again.
constexpr absl::Duration kMaxRetryInterval = absl::Seconds(5);
// What an answer that was remembered is still good for may be next to nothing.
constexpr absl::Duration kMinRetryInterval = absl::Seconds(1);
// Whatever the policy service says, it is not asked more often.
constexpr absl::Duration kMinInterval = absl::Milliseconds(100);
// A grant that came with another version of the policy than the one that was
// pushed is either older or newer: it is asked about once.
constexpr absl::Duration kVersionSettles = absl::Seconds(1);

}  // namespace

// `token` is what grant_ was given for, empty where it has not passed here; it
// is kept only if it may be needed.
void Session::StartRecheck(std::string token, uint64_t asked_at_change) {
  recheck_.reset();
  if (grant_->recheck_after() == absl::InfiniteDuration() &&
      grant_->policy_version().empty()) {
    return;
  }
  recheck_ = absl::make_unique<Recheck>();
  recheck_->token = std::move(token);
  recheck_->interval = std::max(grant_->recheck_after(), kMinInterval);
  recheck_->answer_until = now_ + recheck_->interval;
  recheck_->due = recheck_->answer_until;
  recheck_->asked_at_change = asked_at_change;
  const LivePolicy& live = *context_.live_policy;
  if (asked_at_change != live.version_changes &&
      !grant_->policy_version().empty() &&
      grant_->policy_version() != live.version) {
    recheck_->due = std::min(recheck_->due, now_ + kVersionSettles);
  }
}

void Session::AskToRecheck() {
  auto request = absl::make_unique<AuthenticateRequest>();
  if (!recheck_->token.empty()) {
    request->mutable_recheck()->set_token(recheck_->token);
  } else if (!grant_->issuer().empty()) {
    request->mutable_recheck()->set_stored_key_id(grant_->key_id());
  } else {
    request->mutable_anonymous()->set_authz_info_enabled(
        !context_.settings->authz_info_topic.empty());
  }
  if (request->has_recheck()) {
    request->mutable_recheck()->set_remembered_answer_will_do(
        now_ < recheck_->answer_until);
  }
  recheck_->asked_at_change = context_.live_policy->version_changes;
  recheck_->request_id = AskForGrant(std::move(request));
}

absl::Duration Session::RetryInterval() {
  uint8_t random;
  context_.random->Fill({&random, 1});
  return std::clamp(recheck_->interval, kMinRetryInterval, kMaxRetryInterval) *
         (0.5 + random / 512.0);
}

void Session::OnRecheckDecision(
    const absl::StatusOr<AuthenticateResponse>& answer) {
  recheck_->request_id = 0;
  // ACE-EXP-2: whose token has ended meanwhile has its grace to bring another.
  const bool in_grace = grant_->IsExpired(now_);
  if (answer.ok() && answer->has_denial()) {
    const policy::v1::Denial::Reason reason = answer->denial().reason();
    if (in_grace && reason == policy::v1::Denial::REASON_TOKEN_EXPIRED) {
      ArmOpenTimer();
      return;
    }
    const bool revoked = reason == policy::v1::Denial::REASON_REVOKED;
    if (revoked) context_.counters->revoked.Increment();
    DenyRecheck(revoked ? ReasonCode::kAdministrativeAction
                        : ReasonCode::kNotAuthorized,
                answer->denial().detail());
    return;
  }
  absl::StatusOr<Grant> grant = GrantOf(answer);
  if (!grant.ok()) {
    // Nothing was decided: the grant that is there holds until its end.
    Decide(Action::kRecheck, Verdict::kError, ReasonCode::kServerUnavailable,
           "", "no decision");
    recheck_->due = now_ + RetryInterval();
    ArmOpenTimer();
    return;
  }
  if (in_grace && grant->IsExpired(now_)) {
    ArmOpenTimer();
    return;
  }
  // Possession was proven of the key of the grant that is there.
  if (!MayReplaceGrant(*grant) || grant->key_id() != grant_->key_id()) {
    DenyRecheck(
        ReasonCode::kNotAuthorized,
        "the token has become another subject's or key's, or has expired");
    return;
  }
  if (IsRevoked(*grant)) {
    context_.counters->revoked.Increment();
    DenyRecheck(ReasonCode::kAdministrativeAction, "revoked");
    return;
  }
  ReplaceGrant(*std::move(grant), std::move(recheck_->token),
               recheck_->asked_at_change);
  Decide(Action::kRecheck, Verdict::kAllowed, ReasonCode::kSuccess, "", "");
  ArmOpenTimer();
  JudgeStreamsAnew();
}

void Session::DenyRecheck(ReasonCode code, absl::string_view why) {
  const bool revoked = code == ReasonCode::kAdministrativeAction;
  EndByDenial(revoked ? SessionEnd::kRevoked : SessionEnd::kDenied,
              Action::kRecheck, code, why);
}

bool Session::MayReplaceGrant(const Grant& grant) const {
  return !grant.IsExpired(now_) && grant.subject() == grant_->subject() &&
         grant.issuer() == grant_->issuer();
}

void Session::ReplaceGrant(Grant grant, std::string token,
                           uint64_t asked_at_change) {
  const bool judges_as_before = grant.JudgesAs(*grant_);
  if (!judges_as_before) {
    rule_usage_.Follow(grant_->rules(), grant.rules(), now_);
  }
  *grant_ = std::move(grant);
  if (!judges_as_before) JudgeSubscriptionsAnew();
  StartRecheck(std::move(token), asked_at_change);
  published_.Clear();
  delivered_.Clear();
  checks_.Clear();
}

}  // namespace sluice::session
