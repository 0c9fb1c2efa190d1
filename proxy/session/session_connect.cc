// From CONNECT to CONNACK.
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/memory/memory.h"
#include "proxy/mqtt/auth.h"
#include "proxy/mqtt/connack.h"
#include "proxy/mqtt/connect.h"
#include "proxy/mqtt/disconnect.h"
#include "proxy/mqtt/writer.h"
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

namespace {

constexpr char kRefusedByBroker[] = "refused by the broker";

// The number of property `id`, or `absent`.
uint32_t NumberOr(const mqtt::Properties& properties, PropertyId id,
                  uint32_t absent) {
  mqtt::Property property;
  return properties.Find(id, &property) ? property.number : absent;
}

}  // namespace

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
      NumberOr(connect.properties, PropertyId::kMaximumPacketSize, 0);
  // MQTT 5.0 section 3.1.2.11.7
  wants_reasons_ =
      v5 && NumberOr(connect.properties, PropertyId::kRequestProblemInformation,
                     1) != 0;
  broker_aliases_.set_maximum(static_cast<uint16_t>(
      NumberOr(connect.properties, PropertyId::kTopicAliasMaximum, 0)));
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
      NumberOr(connect.properties, PropertyId::kSessionExpiryInterval, 0);
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
             credential.what, true);
      return;
    case Credential::Kind::kTokenMissing:
      if (!uses_method_) {
        Refuse(ReasonCode::kNotAuthorized, ConnectOutcome::kNoCredential,
               "no token", true);
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

// ACE-POP-4: a nonce serves one exchange.
bool Session::SendChallenge(Challenge* challenge) {
  context_.random->Fill(absl::MakeSpan(challenge->nonce));
  std::string properties;
  mqtt::AppendBinaryProperty(PropertyId::kAuthenticationMethod,
                             AsBytes(kAceMethod), &properties);
  mqtt::AppendBinaryProperty(PropertyId::kAuthenticationData, challenge->nonce,
                             &properties);
  std::string packet;
  mqtt::AppendAuth(ReasonCode::kContinueAuthentication, properties, &packet);
  if (!FitsClient(packet.size())) return false;
  SendToClient(packet);
  return true;
}

uint64_t Session::AskForGrant(std::unique_ptr<AuthenticateRequest> request) {
  FillConnectionInfo(request->mutable_connection());
  if (context_.client_nonces != nullptr && request->has_token()) {
    // ACE-TOK-7: a token whose nonce is not ours must not be stored, so that it
    // is asked for first. A policy service that does not know the question
    // takes this for the whole one.
    held_request_ = std::move(request);
    request = absl::make_unique<AuthenticateRequest>(*held_request_);
    request->mutable_token()->set_ask_cnonce(true);
  }
  return AskPolicy(std::move(request));
}

uint64_t Session::AskOnFreshNonce(
    const absl::StatusOr<AuthenticateResponse>& answer) {
  std::unique_ptr<AuthenticateRequest> request = std::move(held_request_);
  if (request == nullptr || !answer.ok() || !answer->has_token_nonce() ||
      !IsFresh(answer->token_nonce().cnonce())) {
    return 0;
  }
  return AskPolicy(std::move(request));
}

uint64_t Session::AskPolicy(std::unique_ptr<AuthenticateRequest> request) {
  const uint64_t id = ++last_request_id_;
  NoteQuestion(id);
  effects_->Authenticate(id, std::move(request));
  return id;
}

void Session::FillConnectionInfo(policy::v1::ConnectionInfo* info) const {
  info->set_listener(context_.settings->listener);
  info->set_client_address(context_.client_address);
  info->set_client_id(client_id_);
  // Whoever was let in as an anonymous client stays one, be there a token of
  // its TLS key by now or not.
  if (grant_ == nullptr || !is_anonymous()) {
    info->set_client_certificate(context_.tls->PeerCertificate());
    info->set_psk_key_id(context_.tls->PreSharedKeyId());
  }
  info->set_bind_client_id(context_.settings->bind_client_id);
  info->set_clean_start(clean_start_);
  info->set_session_expiry_interval(session_expiry_interval_);
  info->set_protocol_version(VersionForPolicy());
}

policy::v1::ProtocolVersion Session::VersionForPolicy() const {
  return version_ == ProtocolVersion::kV5
             ? policy::v1::PROTOCOL_VERSION_MQTT_5_0
             : policy::v1::PROTOCOL_VERSION_MQTT_3_1_1;
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
           "the answer to the challenge is malformed", true);
    return;
  }
  if (RefuseOverDenialLimit()) return;
  pending_->token = pending_->challenge.token;
  connect_request_id_ = AskForGrant(std::move(request));
  state_ = State::kAwaitGrant;
  ArmTimer(now_ + context_.settings->authentication_timeout);
}

bool Session::ReadChallengeAnswer(const mqtt::Auth& auth,
                                  const Challenge& challenge,
                                  AuthenticateRequest* request) const {
  const AuthenticationProperties found = FindAuthentication(auth.properties);
  if (found.method != kAceMethod || found.data.empty()) return false;
  policy::v1::ChallengeProof* proof;
  if (challenge.token.empty()) {
    proof = request->mutable_stored_token()->mutable_challenge();
  } else {
    request->mutable_token()->set_token(challenge.token);
    proof = request->mutable_token()->mutable_challenge();
  }
  proof->set_server_nonce(challenge.nonce.data(), challenge.nonce.size());
  proof->set_answer(found.data.data(), found.data.size());
  return true;
}

void Session::OnAuthenticateAnswer(
    uint64_t request_id, const absl::StatusOr<AuthenticateResponse>& answer,
    absl::Time now, Effects* effects) {
  Begin(now, effects);
  if (request_id == 0) return;
  NoteAnswer(request_id);
  if (state_ == State::kAwaitGrant && request_id == connect_request_id_) {
    connect_request_id_ = AskOnFreshNonce(answer);
    if (connect_request_id_ != 0) return;
    pending_->latency = latency_;
    OnConnectDecision(answer);
  } else if (state_ == State::kOpen && reauthentication_ != nullptr &&
             request_id == reauthentication_->request_id) {
    reauthentication_->request_id = AskOnFreshNonce(answer);
    if (reauthentication_->request_id != 0) return;
    OnReauthenticationDecision(answer);
  } else if (state_ == State::kOpen && recheck_ != nullptr &&
             request_id == recheck_->request_id) {
    OnRecheckDecision(answer);
  }
}

absl::StatusOr<Grant> Session::GrantOf(
    const absl::StatusOr<AuthenticateResponse>& answer) {
  if (!answer.ok()) return answer.status();
  if (!answer->has_grant()) {
    return absl::InternalError("neither grant nor denial");
  }
  return Grant::Compile(answer->grant());
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
  if (grant_->IsExpired(now_)) {
    Refuse(ReasonCode::kNotAuthorized, ConnectOutcome::kTokenInvalid, kExpired,
           true);
    return;
  }
  if (!IsFresh(*grant_)) {
    RefuseNotFresh();
    return;
  }
  if (IsRevoked(*grant_)) {
    // ACE-EXP-4: it was revoked while the policy service decided.
    Refuse(ReasonCode::kNotAuthorized, ConnectOutcome::kTokenInvalid,
           "revoked");
    return;
  }
  Admit();
}

void Session::RefuseNotFresh() {
  Refuse(ReasonCode::kNotAuthorized, ConnectOutcome::kTokenInvalid, kNotFresh,
         true);
}

void Session::Admit() {
  if (JudgeWill() != WillVerdict::kPasses) return;
  if (RefuseOverAnonymousLimit()) return;
  if (is_anonymous()) {
    subscriptions_.set_max_bytes(Subscriptions::kMostBytesWithoutToken);
    checked_filters_.set_max_bytes(CheckedFilters::kMostBytesWithoutToken);
  }
  rule_usage_.Follow(RuleSet(), grant_->rules(), now_);
  StartRecheck(std::move(pending_->token), kAskedAtNoChange);
  effects_->ConnectUpstream();
  state_ = State::kAwaitUpstream;
  // The upstream has a timeout of its own; this one is the last resort.
  ArmTimer(now_ + 2 * context_.settings->broker_timeout);
}

void Session::RecordConnect() {
  Decide(Action::kConnect, Verdict::kAllowed, ReasonCode::kSuccess, "",
         grant_->issuer().empty() ? "public" : "token");
}

// MQTT 5.0 section 3.2.2.3.6. What clients without a token may send is not
// announced where nobody has set a limit: their CONNACK passes as it is.
absl::optional<uint32_t> Session::MaxPacketSizeToAnnounce() const {
  const size_t brokers = broker_max_packet_size_ != 0 ? broker_max_packet_size_
                                                      : mqtt::kMaxPacketSize;
  const size_t ours = MaxOpenPacketSize();
  if (version_ != ProtocolVersion::kV5 || ours >= brokers ||
      context_.settings->max_packet_size == mqtt::kMaxPacketSize) {
    return absl::nullopt;
  }
  return static_cast<uint32_t>(ours);
}

void Session::OnConnack(const mqtt::Frame& frame) {
  if (frame.type != PacketType::kConnack) {
    Refuse(ReasonCode::kServerUnavailable, ConnectOutcome::kBrokerUnavailable,
           "the broker's first packet is not CONNACK");
    return;
  }
  const absl::StatusOr<mqtt::Connack> parsed =
      mqtt::ParseConnack(frame, version_);
  if (!parsed.ok()) {
    // A broker of 3.1.1 refuses a client of 5.0 in its own words.
    const bool too_old = frame.body.size() == 2 && frame.body[1] != 0;
    Refuse(too_old ? ReasonCode::kUnsupportedProtocolVersion
                   : ReasonCode::kServerUnavailable,
           ConnectOutcome::kBrokerUnavailable,
           too_old ? "the broker does not speak the client's version of MQTT"
                   : "the broker's CONNACK is malformed");
    return;
  }
  if (parsed->code != 0) {
    const ReasonCode code =
        version_ == ProtocolVersion::kV5
            ? static_cast<ReasonCode>(parsed->code)
            : mqtt::ToReasonCode(
                  static_cast<mqtt::ConnectReturnCode>(parsed->code));
    ReportRefusal(code, ConnectOutcome::kBrokerRefused, kRefusedByBroker);
    Decide(Action::kConnect, Verdict::kDenied, code, "", kRefusedByBroker);
    effects_->Forward(Effect::Kind::kSendToClient, frame.whole);
    Close();
    return;
  }
  const uint32_t announced =
      NumberOr(parsed->properties, PropertyId::kTopicAliasMaximum, 0);
  client_aliases_.set_maximum(
      static_cast<uint16_t>(std::min<uint32_t>(announced, MaxTopicAliases())));
  broker_max_packet_size_ =
      NumberOr(parsed->properties, PropertyId::kMaximumPacketSize, 0);
  ConnackChanges changes;
  changes.add_authentication_method = uses_method_;
  if (announced > client_aliases_.maximum()) {
    changes.topic_alias_maximum = client_aliases_.maximum();
  }
  changes.max_packet_size = MaxPacketSizeToAnnounce();
  if (changes.any()) {
    const std::string packet = RewriteConnack(*parsed, changes);
    if (client_max_packet_size_ != 0 &&
        packet.size() > client_max_packet_size_) {
      Refuse(ReasonCode::kPacketTooLarge, ConnectOutcome::kBrokerUnavailable,
             "CONNACK is larger than the client's Maximum Packet Size");
      return;
    }
    effects_->Send(Effect::Kind::kSendToClient, packet);
  } else {
    effects_->Forward(Effect::Kind::kSendToClient, frame.whole);
  }
  state_ = State::kOpen;
  connected_at_ = now_;
  mqtt::Property assigned;
  if (client_id_.empty() &&
      parsed->properties.Find(PropertyId::kAssignedClientIdentifier,
                              &assigned)) {
    assigned_client_id_ = std::string(AsString(assigned.data));
  }
  broker_keep_alive_.Start(static_cast<uint16_t>(NumberOr(
                               parsed->properties, PropertyId::kServerKeepAlive,
                               pending_->forwarded.keep_alive)),
                           now_);
  RecordConnect();
  pending_.reset();
  context_.counters->connects[static_cast<size_t>(ConnectOutcome::kAccepted)]
      .Increment();
  Report(Event::Kind::kConnected, Action::kConnect, ReasonCode::kSuccess, "",
         "");
  ArmOpenTimer();
}

}  // namespace sluice::session
