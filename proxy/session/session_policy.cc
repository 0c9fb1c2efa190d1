// What the policy service pushes to live sessions.
#include "proto/timestamp.h"
#include "proxy/session/protocol_version.h"
#include "proxy/session/session.h"

namespace sluice::session {

using authz::Grant;
using mqtt::ReasonCode;

namespace {

bool IsIn(const policy::RevocationSet& revocations, const Grant& grant,
          absl::Time now) {
  return !revocations
              .Find({grant.issuer(), grant.token_id(), grant.subject(),
                     grant.key_ids()},
                    now)
              .empty();
}

}  // namespace

bool Session::IsRevoked(const Grant& grant) const {
  return IsIn(context_.live_policy->revocations, grant, now_);
}

bool Session::IsRevokedBy(const policy::RevocationSet& revocations,
                          absl::Time now) const {
  return grant_ != nullptr && IsIn(revocations, *grant_, now);
}

void Session::EndByDecision(SessionEnd end, absl::string_view why) {
  if (state_ != State::kOpen) {
    Refuse(ReasonCode::kNotAuthorized, ConnectOutcome::kTokenInvalid, why,
           end == SessionEnd::kRevoked ? AsHint::kGiven : AsHint::kWithheld);
    return;
  }
  EndByDenial(end, Action::kRevoke, ReasonCode::kAdministrativeAction, why);
}

// ACE-EXP-4
void Session::OnRevocations(absl::Time now, Effects* effects) {
  Begin(now, effects);
  if (is_closed() || grant_ == nullptr || !IsRevoked(*grant_)) return;
  context_.counters->revoked.Increment();
  EndByDecision(SessionEnd::kRevoked, "revoked");
}

void Session::OnPolicyVersion(absl::Time now, Effects* effects) {
  Begin(now, effects);
  if (is_closed() || recheck_ == nullptr || recheck_->request_id != 0 ||
      grant_->policy_version() == context_.live_policy->version ||
      grant_->IsExpired(now_)) {
    return;
  }
  if (state_ != State::kOpen) {
    recheck_->due = now_;  // as soon as the broker has let the client in
    return;
  }
  AskToRecheck();
  ArmOpenTimer();
}

void Session::OnDisconnectRequest(absl::Time now, Effects* effects) {
  Begin(now, effects);
  if (is_closed() || grant_ == nullptr) return;
  EndByDecision(SessionEnd::kOperator, "disconnected by an operator");
}

void Session::OnPolicyOutage(absl::Time now, Effects* effects) {
  Begin(now, effects);
  if (is_closed() || grant_ == nullptr) return;
  constexpr char kWhy[] = "the policy service is away";
  if (state_ == State::kOpen) {
    // DISCONNECT has no "server unavailable".
    Disconnect(SessionEnd::kPolicyOutage, ReasonCode::kServerBusy, kWhy);
  } else {
    Refuse(ReasonCode::kServerUnavailable, ConnectOutcome::kPolicyUnavailable,
           kWhy);
  }
}

bool Session::Describe(policy::v1::SessionInfo* info) const {
  if (state_ != State::kOpen) return false;
  info->set_listener(context_.settings->listener);
  info->set_client_address(context_.client_address);
  info->set_client_id(ShownClientId());
  info->set_protocol_version(ToProto(version_));
  *info->mutable_connected_at() = ToTimestamp(connected_at_);
  info->set_subject(grant_->subject());
  info->set_issuer(grant_->issuer());
  info->set_token_id(grant_->token_id());
  for (const std::string& key_id : grant_->key_ids()) {
    info->add_key_ids(key_id);
  }
  if (grant_->expires_at() != absl::InfiniteFuture()) {
    *info->mutable_expires_at() = ToTimestamp(grant_->expires_at());
  }
  return true;
}

}  // namespace sluice::session
