// From CONNECT to the broker.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "proxy/mqtt/auth.h"
#include "proxy/mqtt/connect.h"
#include "proxy/mqtt/topic.h"
#include "proxy/session/reasons.h"
#include "proxy/session/session.h"

namespace sluice::session {

using authz::Grant;
using authz::RuleSet;
using mqtt::PacketType;
using mqtt::PropertyId;
using mqtt::ProtocolVersion;
using mqtt::ReasonCode;
using policy::v1::AuthenticateRequest;
using policy::v1::AuthenticateResponse;

void Session::OnConnect(const mqtt::Frame& frame) {
  const absl::StatusOr<mqtt::Connect> parsed = mqtt::ParseConnect(frame);
  if (!parsed.ok()) {
    RefuseUnreadableConnect(frame, parsed.status());
    return;
  }
  const mqtt::Connect& connect = *parsed;
  const Settings& settings = *context_.settings;
  const bool v5 = connect.version == ProtocolVersion::kV5;
  version_ = connect.version;
  client_id_ = std::string(connect.client_id);
  client_max_packet_size_ =
      connect.properties.NumberOr(PropertyId::kMaximumPacketSize, 0);
  // MQTT 5.0 section 3.1.2.11.7
  wants_reasons_ = v5 && connect.properties.NumberOr(
                             PropertyId::kRequestProblemInformation, 1) != 0;
  broker_aliases_.set_maximum(static_cast<uint16_t>(
      connect.properties.NumberOr(PropertyId::kTopicAliasMaximum, 0)));
  if (v5 ? !settings.allow_v5 : !settings.allow_v311) {
    // ACE-V3-3
    Refuse(ReasonCode::kUnsupportedProtocolVersion,
           ConnectOutcome::kUnsupportedVersion,
           "the listener does not take this version of MQTT");
    return;
  }

  pending_ = absl::make_unique<PendingConnect>();
  pending_->forwarded = StripCredentials(connect);
  clean_start_ = connect.clean_start;
  session_expiry_interval_ =
      connect.properties.NumberOr(PropertyId::kSessionExpiryInterval, 0);
  if (connect.will.has_value()) {
    const mqtt::Will& will = *connect.will;
    pending_->will = PendingWill{std::string(will.topic),
                                 {will.qos, will.retain, will.payload.size()}};
  }
  const Credential credential =
      ReadCredential(connect, settings.v5_username_token);
  uses_method_ = credential.uses_method;
  if (credential.kind == Credential::Kind::kNone) {
    pending_->user_name_credential = ReadUserNameCredential(connect);
  }
  if (settings.bind_client_id && client_id_.empty() &&
      session_expiry_interval_ > 0) {
    // EDGE-20: whoever is told the one that the broker assigns could resume the
    // session.
    Refuse(ReasonCode::kClientIdentifierNotValid,
           ConnectOutcome::kClientIdInUse,
           "a session that lasts needs a Client Identifier of the client's");
    return;
  }
  if (!RefuseOverDenialLimit()) Authenticate(credential);
}

void Session::Authenticate(const Credential& credential) {
  auto request = absl::make_unique<AuthenticateRequest>();
  switch (credential.kind) {
    case Credential::Kind::kNone:
      request->mutable_anonymous()->set_authz_info_enabled(
          !context_.settings->authz_info_topic.empty());
      request->mutable_anonymous()->set_has_user_name(
          pending_->user_name_credential.has_value());
      break;
    case Credential::Kind::kOtherMethod:
      // ACE-AUTH-5
      Refuse(ReasonCode::kBadAuthenticationMethod, ConnectOutcome::kBadMethod,
             "Authentication Method is not ace");
      return;
    case Credential::Kind::kMalformed:
      Refuse(ReasonCode::kNotAuthorized, ConnectOutcome::kTokenInvalid,
             credential.what,
             credential.token_is_bad ? AsHint::kGiven : AsHint::kWithheld);
      return;
    case Credential::Kind::kTokenMissing:
      if (!uses_method_) {
        Refuse(ReasonCode::kNotAuthorized, ConnectOutcome::kNoCredential,
               "no token", AsHint::kGiven);
        return;
      }
      request->mutable_stored_token();  // ACE-POP-5
      break;
    case Credential::Kind::kChallenge:
      pending_->challenge.token = credential.token;
      ChallengeConnect();
      return;
    case Credential::Kind::kExporterProof: {
      policy::v1::TokenCredential* token = request->mutable_token();
      token->set_token(credential.token);
      pending_->token = credential.token;
      token->set_connect_payload(pending_->forwarded.client_id_and_will);
      token->mutable_exporter()->set_proof(credential.proof);
      if (context_.tls->IsResumed()) break;  // ACE-POP-3
      for (const auto& content :
           context_.tls->ExportKeyingMaterial(kExporterLabel)) {
        token->mutable_exporter()->add_exporter_content(content.data(),
                                                        content.size());
      }
      break;
    }
  }
  connect_request_id_ = AskForGrant(std::move(request));
  state_ = State::kAwaitGrant;
  ArmTimer(now_ + context_.settings->authentication_timeout);
}

void Session::ChallengeConnect() {
  if (!SendChallenge(&pending_->challenge)) {
    Refuse(ReasonCode::kNotAuthorized, ConnectOutcome::kProofInvalid,
           kTooSmallForChallenge);
    return;
  }
  state_ = State::kAwaitChallenge;
  ArmTimer(now_ + context_.settings->authentication_timeout);
}

// ACE-D01-4: the policy service has issuers of draft-01, and a User Name of
// their clients looks like any other.
void Session::AskWithUserName() {
  auto request = absl::make_unique<AuthenticateRequest>();
  policy::v1::TokenCredential* token = request->mutable_token();
  token->set_token(pending_->user_name_credential->token);
  pending_->token = pending_->user_name_credential->token;
  token->set_connect_payload(pending_->forwarded.client_id_and_will);
  token->mutable_payload()->set_proof(pending_->user_name_credential->proof);
  pending_->user_name_credential.reset();
  connect_request_id_ = AskForGrant(std::move(request));
}

// ACE-POP-6; MQTT 5.0 section 3.1.2.11.9.
void Session::OnPacketBeforeConnack(const mqtt::Frame& frame) {
  if (frame.type == PacketType::kDisconnect) {
    OnDisconnect(frame);
    return;
  }
  if (frame.type == PacketType::kAuth && state_ == State::kAwaitChallenge) {
    OnChallengeAnswer(frame);
    return;
  }
  Fail(ReasonCode::kProtocolError, "unexpected packet before CONNACK");
}

void Session::OnChallengeAnswer(const mqtt::Frame& frame) {
  const absl::StatusOr<mqtt::Auth> parsed = mqtt::ParseAuth(frame);
  if (!parsed.ok()) {
    Fail(parsed.status());
    return;
  }
  if (parsed->code !=
      static_cast<uint8_t>(ReasonCode::kContinueAuthentication)) {
    Fail(ReasonCode::kProtocolError, "AUTH is not a continuation");
    return;
  }
  auto request = absl::make_unique<AuthenticateRequest>();
  if (!ReadChallengeAnswer(*parsed, pending_->challenge, request.get())) {
    Refuse(ReasonCode::kNotAuthorized, ConnectOutcome::kProofInvalid,
           "the answer to the challenge is malformed");
    return;
  }
  if (RefuseOverDenialLimit()) return;
  pending_->token = pending_->challenge.token;
  connect_request_id_ = AskForGrant(std::move(request));
  state_ = State::kAwaitGrant;
  ArmTimer(now_ + context_.settings->authentication_timeout);
}

void Session::OnConnectDecision(
    const absl::StatusOr<AuthenticateResponse>& answer) {
  if (answer.ok() && answer->has_denial()) {
    RefuseDenied(answer->denial());
    return;
  }
  if (answer.ok() && answer->has_token_nonce()) {
    RefuseNotFresh();
    return;
  }
  if (answer.ok() && answer->has_challenge_required() && uses_method_ &&
      pending_->challenge.token.empty()) {
    ChallengeConnect();
    return;
  }
  if (answer.ok() && answer->has_user_name_wanted() &&
      pending_->user_name_credential.has_value()) {
    AskWithUserName();
    return;
  }
  absl::StatusOr<Grant> grant = GrantOf(answer);
  if (!grant.ok()) {
    // "Nothing was decided" is not a denial, and even less a grant.
    Refuse(ReasonCode::kServerUnavailable, ConnectOutcome::kPolicyUnavailable,
           grant.status().message());
    return;
  }
  OnGranted(*std::move(grant));
}

void Session::OnGranted(Grant grant) {
  grant_ = absl::make_unique<Grant>(std::move(grant));
  if (!context_.live_policy->is_followed) {
    Refuse(ReasonCode::kServerUnavailable, ConnectOutcome::kPolicyUnavailable,
           "what the policy service revokes is not heard of");
    return;
  }
  if (RefuseExpired()) return;
  if (!IsFresh(*grant_)) {
    RefuseNotFresh();
    return;
  }
  if (IsRevoked(*grant_)) {
    // ACE-EXP-4: it was revoked while the policy service decided.
    Refuse(ReasonCode::kNotAuthorized, ConnectOutcome::kTokenInvalid, "revoked",
           AsHint::kGiven);
    return;
  }
  Admit();
}

// ACE-EXP-1
bool Session::RefuseExpired() {
  if (!grant_->IsExpired(now_)) return false;
  if (now_ < grant_->token_expires_at()) {
    // Of a reference: only what its authorization server said is too old.
    Refuse(ReasonCode::kServerUnavailable, ConnectOutcome::kPolicyUnavailable,
           "what was said of the token counts no more");
  } else {
    Refuse(ReasonCode::kNotAuthorized, ConnectOutcome::kTokenInvalid, kExpired,
           AsHint::kGiven);
  }
  return true;
}

void Session::RefuseNotFresh() {
  Refuse(ReasonCode::kNotAuthorized, ConnectOutcome::kTokenInvalid, kNotFresh,
         AsHint::kGiven);
}

void Session::Admit() {
  if (JudgeWill() != WillVerdict::kPasses) return;
  if (RefuseOverAnonymousLimit()) return;
  if (is_anonymous()) {
    subscriptions_.set_max_bytes(Subscriptions::kMostBytesWithoutToken);
    checked_filters_.set_max_bytes(CheckedFilters::kMostBytesWithoutToken);
    pending_subscribes_.set_max_bytes(
        PendingSubscribes::kMostBytesWithoutToken);
  }
  rule_usage_.Follow(RuleSet(), grant_->rules(), now_);
  StartRecheck(std::move(pending_->token), kAskedAtNoChange);
  effects_->ConnectUpstream();
  state_ = State::kAwaitUpstream;
  // The upstream has a timeout of its own; this one is the last resort.
  ArmTimer(now_ + 2 * context_.settings->broker_timeout);
}

void Session::OnUpstreamConnected(absl::Time now, Effects* effects) {
  Begin(now, effects);
  if (state_ != State::kAwaitUpstream) return;
  // While a checker was asked, or the broker connected to.
  if (RefuseExpired()) return;
  const Settings& settings = *context_.settings;
  const auto fill = [this](absl::string_view text) {
    return FillTemplate(text, grant_->subject(), client_id_, grant_->issuer());
  };
  const std::string username = fill(settings.upstream_username);
  const std::string password = fill(settings.upstream_password.str());
  if (!mqtt::IsValidUtf8(username) || password.size() > 65535) {
    // A token's subject is not bound to what MQTT can carry.
    Refuse(ReasonCode::kServerUnavailable, ConnectOutcome::kBrokerUnavailable,
           "the upstream credentials do not fit into a CONNECT");
    return;
  }
  broker_aliases_.set_maximum(
      std::min(broker_aliases_.maximum(), MaxTopicAliases()));
  LimitTopicAliases(MaxTopicAliases(), &pending_->forwarded);
  effects_->Send(Effect::Kind::kSendToBroker,
                 WriteConnect(pending_->forwarded, username, password));
  state_ = State::kAwaitConnack;
  ArmTimer(now_ + settings.broker_timeout);
}

}  // namespace sluice::session
