#include "test/policy/service/authenticator_harness.h"

#include "absl/strings/str_cat.h"
#include "policy/ace/client_certificate.h"

namespace sluice::policy {

std::vector<std::string> PermissionsOf(const v1::Grant& grant) {
  std::vector<std::string> permissions;
  for (const v1::Permission& p : grant.permissions()) {
    permissions.push_back(absl::StrCat(p.topic_filter(),
                                       p.publish() ? " pub" : "",
                                       p.subscribe() ? " sub" : ""));
  }
  return permissions;
}

std::string AuthenticatorHarness::Token(const ace::SigningKey& key,
                                        TokenOptions options) {
  if (options.expires_at == absl::Time()) options.expires_at = kExpiry;
  return issuer_.Token(key, options);
}

v1::AuthenticateRequest AuthenticatorHarness::Request() {
  v1::AuthenticateRequest request;
  v1::ConnectionInfo* connection = request.mutable_connection();
  connection->set_protocol_version(v1::PROTOCOL_VERSION_MQTT_5_0);
  connection->set_client_id("client-1");
  connection->set_clean_start(true);
  return request;
}

v1::AuthenticateRequest AuthenticatorHarness::Anonymous(
    bool authz_info_enabled) {
  v1::AuthenticateRequest request = Request();
  request.mutable_anonymous()->set_authz_info_enabled(authz_info_enabled);
  return request;
}

v1::AuthenticateRequest AuthenticatorHarness::From(
    v1::AuthenticateRequest request, const std::string& client_id) {
  request.mutable_connection()->set_client_id(client_id);
  return request;
}

v1::AuthenticateRequest AuthenticatorHarness::RecheckOf(
    const std::string& token) {
  v1::AuthenticateRequest request = Request();
  request.mutable_recheck()->set_token(token);
  return request;
}

v1::AuthenticateRequest AuthenticatorHarness::Known(
    v1::AuthenticateRequest request, const ace::SigningKey& key) {
  request.mutable_connection()->set_client_certificate(CertificateOf(key));
  return request;
}

TokenOptions AuthenticatorHarness::BoundToCertificate(
    const ace::SigningKey& key) {
  TokenOptions options;
  options.certificate_hash =
      ace::ReadClientCertificate(AsBytes(CertificateOf(key)))
          .identity.substr(9);
  return options;
}

v1::AuthenticateRequest AuthenticatorHarness::WithExporter(
    const std::string& token, const ace::SigningKey& key,
    const std::string& signed_content,
    const std::vector<std::string>& contents) {
  v1::AuthenticateRequest request = Request();
  request.mutable_token()->set_token(token);
  v1::ExporterProof* proof = request.mutable_token()->mutable_exporter();
  for (const std::string& content : contents) {
    proof->add_exporter_content(content);
  }
  proof->set_proof(Sign(key, signed_content));
  return request;
}

v1::AuthenticateRequest AuthenticatorHarness::WithChallenge(
    const std::string& token, const ace::SigningKey& key,
    const std::string& server_nonce, const std::string& client_nonce) {
  v1::AuthenticateRequest request = Request();
  request.mutable_token()->set_token(token);
  v1::ChallengeProof* proof = request.mutable_token()->mutable_challenge();
  proof->set_server_nonce(server_nonce);
  proof->set_answer(client_nonce + Sign(key, server_nonce + client_nonce));
  return request;
}

v1::AuthenticateRequest AuthenticatorHarness::Stored() {
  v1::AuthenticateRequest request = Request();
  request.mutable_stored_token();
  return request;
}

v1::AuthenticateRequest AuthenticatorHarness::StoredWithChallenge(
    const ace::SigningKey& key) {
  v1::AuthenticateRequest request = Request();
  *request.mutable_stored_token()->mutable_challenge() =
      WithChallenge("", key).token().challenge();
  return request;
}

v1::AuthenticateResponse AuthenticatorHarness::Ask(
    const v1::AuthenticateRequest& request, absl::Time now) {
  const auto response = Make().Authenticate(request, now);
  EXPECT_TRUE(response.ok()) << response.status();
  return response.ok() ? *response : v1::AuthenticateResponse();
}

v1::Denial AuthenticatorHarness::Denied(const v1::AuthenticateRequest& request,
                                        absl::Time now) {
  const v1::AuthenticateResponse response = Ask(request, now);
  EXPECT_TRUE(response.has_denial());
  return response.denial();
}

v1::Grant AuthenticatorHarness::Granted(const v1::AuthenticateRequest& request,
                                        absl::Time now) {
  const v1::AuthenticateResponse response = Ask(request, now);
  EXPECT_TRUE(response.has_grant()) << response.denial().detail();
  return response.grant();
}

v1::StoreTokenRequest AuthenticatorHarness::Posted(const std::string& token) {
  v1::StoreTokenRequest request;
  *request.mutable_connection() = Request().connection();
  request.set_token(token);
  return request;
}

void AuthenticatorHarness::Post(const std::string& token, absl::Time now) {
  const auto response = Make().StoreToken(Posted(token), now);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_TRUE(response->has_stored()) << response->denial().detail();
}

void AuthenticatorHarness::PostGoodNoMore(const ace::SigningKey& key) {
  const TestIssuer gone;
  TokenOptions options;
  options.expires_at = kExpiry;
  const auto stored =
      Authenticator(gone.Verifier(), {}, store_, facts_, managed_)
          .StoreToken(Posted(gone.Token(key, options)), kNow);
  ASSERT_TRUE(stored.ok() && stored->has_stored());
}

v1::Denial AuthenticatorHarness::PostDenied(const std::string& token) {
  const auto response = Make().StoreToken(Posted(token), kNow);
  EXPECT_TRUE(response.ok()) << response.status();
  if (!response.ok()) return v1::Denial();
  EXPECT_TRUE(response->has_denial());
  return response->denial();
}

size_t AuthenticatorHarness::StoredTokens() {
  const auto tokens = store_->List("", 1'000, absl::InfinitePast());
  EXPECT_TRUE(tokens.ok()) << tokens.status();
  return tokens.ok() ? tokens->size() : 0;
}

}  // namespace sluice::policy
