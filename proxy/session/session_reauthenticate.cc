// Re-authentication on a live connection (ACE-EXP-3).
#include <memory>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "proxy/mqtt/auth.h"
#include "proxy/mqtt/writer.h"
#include "proxy/session/reasons.h"
#include "proxy/session/session.h"

namespace sluice::session {

using authz::Grant;
using mqtt::PropertyId;
using mqtt::ReasonCode;
using policy::v1::AuthenticateRequest;
using policy::v1::AuthenticateResponse;

namespace {

// Each is a question to the policy service and a new grant: so many at once,
// and then one an interval.
constexpr int64_t kMaxReauthentications = 5;
constexpr absl::Duration kReauthenticationInterval = absl::Seconds(1);

}  // namespace

// ACE-EXP-3; MQTT 5.0 section 4.12.1.
void Session::OnAuth(const mqtt::Frame& frame) {
  const absl::StatusOr<mqtt::Auth> parsed = mqtt::ParseAuth(frame);
  if (!parsed.ok()) {
    Fail(parsed.status());
    return;
  }
  if (!uses_method_ ||
      FindAuthentication(parsed->properties).method != kAceMethod) {
    Fail(ReasonCode::kProtocolError,
         "AUTH of a client that did not authenticate with this method");
    return;
  }
  const bool starts =
      parsed->code == static_cast<uint8_t>(ReasonCode::kReAuthenticate);
  if (starts && reauthentication_ == nullptr) {
    StartReauthentication(*parsed);
    return;
  }
  if (starts || reauthentication_ == nullptr ||
      reauthentication_->request_id != 0 ||
      parsed->code !=
          static_cast<uint8_t>(ReasonCode::kContinueAuthentication)) {
    Fail(ReasonCode::kProtocolError, "AUTH out of turn");
    return;
  }
  auto request = absl::make_unique<AuthenticateRequest>();
  if (!ReadChallengeAnswer(*parsed, reauthentication_->challenge,
                           request.get())) {
    DenyReauthentication("the answer to the challenge is malformed");
    return;
  }
  reauthentication_->request_id = AskForGrant(std::move(request));
  reauthentication_->deadline =
      now_ + context_.settings->authentication_timeout;
  ArmOpenTimer();
}

void Session::StartReauthentication(const mqtt::Auth& auth) {
  if (!reauthentications_.Take(kMaxReauthentications, kReauthenticationInterval,
                               now_)) {
    EndByDenial(SessionEnd::kDenied, Action::kReauthenticate,
                ReasonCode::kQuotaExceeded, "too many re-authentications");
    return;
  }
  ByteView token;
  ByteView proof;
  // An exporter proof would be the one of the CONNECT again (ACE-POP-3).
  if (!SplitTokenAndProof(FindAuthentication(auth.properties).data, &token,
                          &proof) ||
      token.empty() || !proof.empty()) {
    DenyReauthentication(
        "re-authentication takes a token, and the proof by challenge");
    return;
  }
  reauthentication_ = absl::make_unique<Reauthentication>();
  reauthentication_->challenge.token = std::string(AsString(token));
  if (!SendChallenge(&reauthentication_->challenge)) {
    DenyReauthentication(kTooSmallForChallenge);
  }
}

void Session::DenyReauthentication(absl::string_view why) {
  ChargeDenial();
  EndByDenial(SessionEnd::kDenied, Action::kReauthenticate,
              ReasonCode::kNotAuthorized, why);
}

void Session::FailReauthentication(absl::string_view why) {
  // Not denied; DISCONNECT has no "server unavailable".
  const ReasonCode code = ReasonCode::kServerBusy;
  Disconnect(SessionEnd::kPolicyOutage, code,
             "re-authentication was not decided",
             Decide(Action::kReauthenticate, Verdict::kError, code, "", why));
}

void Session::OnReauthenticationDecision(
    const absl::StatusOr<AuthenticateResponse>& answer) {
  std::string token = std::move(reauthentication_->challenge.token);
  reauthentication_.reset();
  if (answer.ok() && answer->has_token_nonce()) {
    DenyReauthentication(kNotFresh);
    return;
  }
  if (answer.ok() && answer->has_denial()) {
    DenyReauthentication(answer->denial().detail());
    return;
  }
  absl::StatusOr<Grant> grant = GrantOf(answer);
  if (!grant.ok()) {
    FailReauthentication("no decision");
    return;
  }
  if (!MayReplaceGrant(*grant)) {
    DenyReauthentication("re-authentication was refused");
    return;
  }
  if (IsRevoked(*grant)) {
    DenyReauthentication("the new token is revoked");
    return;
  }
  if (!IsFresh(*grant)) {
    // CONNACK tells a new nonce, if the client comes back with this token.
    DenyReauthentication(kNotFresh);
    return;
  }
  std::string properties;
  mqtt::AppendBinaryProperty(PropertyId::kAuthenticationMethod,
                             AsBytes(kAceMethod), &properties);
  std::string packet;
  mqtt::AppendAuth(ReasonCode::kSuccess, properties, &packet);
  SendToClient(packet);
  ReplaceGrant(*std::move(grant), std::move(token), kAskedAtNoChange);
  Decide(Action::kReauthenticate, Verdict::kAllowed, ReasonCode::kSuccess, "",
         "token");
  ArmOpenTimer();
  JudgeStreamsAnew();
}

}  // namespace sluice::session
