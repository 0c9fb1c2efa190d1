// Asking the policy service for a grant, first or again, and challenges.
#include <memory>
#include <utility>

#include "absl/memory/memory.h"
#include "proxy/mqtt/auth.h"
#include "proxy/mqtt/writer.h"
#include "proxy/session/protocol_version.h"
#include "proxy/session/session.h"

namespace sluice::session {

using authz::Grant;
using mqtt::PropertyId;
using mqtt::ReasonCode;
using policy::v1::AuthenticateRequest;
using policy::v1::AuthenticateResponse;

uint64_t Session::AskForGrant(std::unique_ptr<AuthenticateRequest> request) {
  FillConnectionInfo(request->mutable_connection());
  if (grant_ != nullptr && is_anonymous()) {
    // Whoever was let in as an anonymous client stays one, be there a token of
    // its TLS key by now or not.
    request->mutable_connection()->clear_client_certificate();
    request->mutable_connection()->clear_psk_key_id();
  }
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
  info->set_client_certificate(context_.tls->PeerCertificate());
  info->set_psk_key_id(context_.tls->PreSharedKeyId());
  info->set_bind_client_id(context_.settings->bind_client_id);
  info->set_clean_start(clean_start_);
  info->set_session_expiry_interval(session_expiry_interval_);
  info->set_protocol_version(ToProto(version_));
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

}  // namespace sluice::session
