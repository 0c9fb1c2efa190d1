#include "test/fuzz/policy_model.h"

#include <functional>

#include "proxy/session/credential.h"
#include "test/fuzz/session_fakes.h"

namespace sluice::session {

using policy::v1::AuthenticateRequest;
using policy::v1::TokenCredential;

namespace {

size_t Identify(const std::string& token) {
  return token.empty() ? 0 : std::hash<std::string>()(token) | 1;
}

void CheckRecheck(const policy::v1::RecheckCredential& recheck,
                  const GrantModel& grant) {
  if (grant.token != 0) {
    Require(recheck.has_token() && Identify(recheck.token()) == grant.token);
  } else {
    Require(!grant.is_public && recheck.has_stored_key_id());
    Require(recheck.stored_key_id() == grant.key_id);
  }
}

}  // namespace

void PolicyModel::Ask(uint64_t id, const AuthenticateRequest& request,
                      const GrantModel* grant) {
  const policy::v1::ConnectionInfo& info = request.connection();
  CheckKey(info, grant != nullptr && grant->is_public);
  Asked asked;
  asked.credential = request.credential_case();
  asked.has_tls_key =
      !info.client_certificate().empty() || !info.psk_key_id().empty();
  switch (asked.credential) {
    case AuthenticateRequest::kAnonymous:
      Require(grant == nullptr || (grant->is_public && grant->token == 0));
      Require(request.anonymous().authz_info_enabled() ==
              !settings_.authz_info_topic.empty());
      asked.has_user_name = request.anonymous().has_user_name();
      break;
    case AuthenticateRequest::kToken:
      AskWithToken(request.token(), grant, &asked);
      break;
    case AuthenticateRequest::kStoredToken:
      if (request.stored_token().has_challenge()) {
        CheckChallenge(request.stored_token().challenge(), false);
      } else {
        Require(grant == nullptr);
      }
      break;
    case AuthenticateRequest::kRecheck:
      Require(grant != nullptr);
      CheckRecheck(request.recheck(), *grant);
      asked.token = Identify(request.recheck().token());
      break;
    case AuthenticateRequest::CREDENTIAL_NOT_SET:
      Require(false);
  }
  Require(asked_.emplace(id, asked).second);
}

void PolicyModel::CheckConnection(
    const policy::v1::ConnectionInfo& info) const {
  CheckKey(info, false);
}

void PolicyModel::CheckKey(const policy::v1::ConnectionInfo& info,
                           bool is_hidden) const {
  const FakeTls& tls = set_up_.tls;
  Require(info.client_certificate() == (is_hidden ? "" : tls.certificate));
  Require(info.psk_key_id() == (is_hidden ? "" : tls.psk_key_id));
  Require(info.bind_client_id() == settings_.bind_client_id);
  Require(info.protocol_version() == policy::v1::PROTOCOL_VERSION_MQTT_5_0
              ? settings_.allow_v5
              : settings_.allow_v311);
}

void PolicyModel::AskWithToken(const TokenCredential& token,
                               const GrantModel* grant, Asked* asked) {
  asked->token = Identify(token.token());
  asked->asks_nonce = token.ask_cnonce();
  if (set_up_.gives_nonces && !asked->asks_nonce) {
    Require(asked->token == fresh_token_);
    fresh_token_ = 0;
  }
  Require(set_up_.gives_nonces || !asked->asks_nonce);
  switch (token.proof_case()) {
    case TokenCredential::kExporter:
      Require(grant == nullptr);
      CheckExporter(token.exporter());
      asked->is_unprovable = token.exporter().exporter_content().empty();
      break;
    case TokenCredential::kChallenge:
      CheckChallenge(token.challenge(), asked->asks_nonce);
      break;
    case TokenCredential::kPayload:
      Require(grant == nullptr && wants_user_name_);
      break;
    case TokenCredential::PROOF_NOT_SET:
      Require(false);
  }
}

void PolicyModel::CheckExporter(const policy::v1::ExporterProof& proof) const {
  if (!set_up_.tls.takes_exporter_proof()) {
    Require(proof.exporter_content().empty());
    return;
  }
  const FakeTls::Exported& exported = set_up_.tls.exported;
  Require(static_cast<size_t>(proof.exporter_content_size()) ==
          exported.size());
  for (size_t i = 0; i < exported.size(); ++i) {
    Require(AsBytes(proof.exporter_content(static_cast<int>(i))) ==
            ByteView(exported[i]));
  }
}

void PolicyModel::CheckChallenge(const policy::v1::ChallengeProof& proof,
                                 bool asks_nonce) {
  Require(proof.server_nonce().size() == kNonceSize && !proof.answer().empty());
  if (!set_up_.has_facts) return;  // else nonces differ
  Require(challenges_.emplace(proof.server_nonce(), asks_nonce).second);
}

void PolicyModel::Answer(uint64_t id,
                         const policy::v1::AuthenticateResponse& answer) {
  const Asked& asked = asked_.at(id);
  if (answer.has_user_name_wanted() && asked.has_user_name) {
    wants_user_name_ = true;
  }
  if (answer.has_token_nonce() && asked.asks_nonce) {
    const std::string& nonce = answer.token_nonce().cnonce();
    const bool is_fresh =
        nonce.empty() ? settings_.cnonce_optional : nonce == kFresh;
    fresh_token_ = is_fresh ? asked.token : 0;
  }
}

}  // namespace sluice::session
