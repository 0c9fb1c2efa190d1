#ifndef TEST_POLICY_SERVICE_AUTHENTICATOR_HARNESS_H_
#define TEST_POLICY_SERVICE_AUTHENTICATOR_HARNESS_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "policy/service/authenticator.h"
#include "policy/service/replica.h"
#include "policy/service/stored_keys.h"
#include "policy/store/memory_fact_store.h"
#include "policy/store/memory_token_store.h"
#include "test/policy/testing/test_issuer.h"

namespace sluice::policy {

inline const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
inline const absl::Time kExpiry = kNow + absl::Hours(1);

// What a request's proof is made over, unless a test says otherwise.
inline const std::string kContent = std::string(32, 'e');
inline const std::string kOtherContent = std::string(32, 'o');

// "filter pub sub" for each permission of a grant.
std::vector<std::string> PermissionsOf(const v1::Grant& grant);

// An authenticator with one issuer and an empty store, a client and somebody
// else; requests to it, and what it answers.
class AuthenticatorHarness : public ::testing::Test {
 protected:
  Authenticator Make(std::vector<ace::Permission> public_topics = {}) {
    return Authenticator(issuer_.Verifier(profile_).WithKnownKeys(
                             std::make_shared<StoredKeys>(store_)),
                         public_topics, store_, facts_, managed_);
  }
  // The same for a service, which shares it; an Authenticator cannot be moved.
  std::shared_ptr<const Authenticator> MakeShared(
      std::vector<ace::Permission> public_topics = {}) {
    return std::shared_ptr<const Authenticator>(
        new Authenticator(Make(std::move(public_topics))));
  }

  // Valid until kExpiry, unless `options` say otherwise.
  std::string Token(const ace::SigningKey& key, TokenOptions options = {});

  // Of a client of MQTT 5.0 named "client-1", with Clean Start.
  static v1::AuthenticateRequest Request();
  static v1::StoreTokenRequest Posted(const std::string& token);
  static v1::AuthenticateRequest Anonymous(bool authz_info_enabled);
  // The same of another client.
  static v1::AuthenticateRequest From(v1::AuthenticateRequest request,
                                      const std::string& client_id);
  // Whether the grant for `token` still holds.
  static v1::AuthenticateRequest RecheckOf(const std::string& token);
  // With a certificate of `key` shown in the TLS handshake.
  static v1::AuthenticateRequest Known(v1::AuthenticateRequest request,
                                       const ace::SigningKey& key);
  // What a token says that is bound to the certificate of `key`.
  static TokenOptions BoundToCertificate(const ace::SigningKey& key);
  // A request with `token` and a proof by `key` over `signed_content`.
  static v1::AuthenticateRequest WithExporter(
      const std::string& token, const ace::SigningKey& key,
      const std::string& signed_content = kContent,
      const std::vector<std::string>& contents = {kContent});
  static v1::AuthenticateRequest WithChallenge(
      const std::string& token, const ace::SigningKey& key,
      const std::string& server_nonce = "server-n",
      const std::string& client_nonce = "client-n");
  // Without a token: the question whether there is one, and the answer to the
  // challenge.
  static v1::AuthenticateRequest Stored();
  static v1::AuthenticateRequest StoredWithChallenge(
      const ace::SigningKey& key);

  // The answer; the default one if there is none.
  v1::AuthenticateResponse Ask(const v1::AuthenticateRequest& request,
                               absl::Time now = kNow);
  v1::Denial Denied(const v1::AuthenticateRequest& request,
                    absl::Time now = kNow);
  v1::Grant Granted(const v1::AuthenticateRequest& request,
                    absl::Time now = kNow);
  // Publishes the token to authz-info: it is stored, or denied.
  void Post(const std::string& token, absl::Time now = kNow);
  v1::Denial PostDenied(const std::string& token);
  // How many tokens are stored.
  size_t StoredTokens();
  // Stores a token for `key` that is good no more: until kExpiry, but signed
  // with a key that its issuer had.
  void PostGoodNoMore(const ace::SigningKey& key);

  const TestIssuer issuer_;
  ace::Profile profile_ = ace::Profile::kRfc9431;
  const std::shared_ptr<MemoryTokenStore> store_ =
      std::make_shared<MemoryTokenStore>();
  const std::shared_ptr<MemoryFactStore> facts_ =
      std::make_shared<MemoryFactStore>();
  // Empty; a test may make it follow something.
  const std::shared_ptr<Replica> managed_ =
      std::make_shared<Replica>([] { return kNow; });
  const ace::SigningKey client_ = NewKey(ace::Algorithm::kEdDsa);
  const ace::SigningKey stranger_ = NewKey(ace::Algorithm::kEdDsa);
};

}  // namespace sluice::policy

#endif  // TEST_POLICY_SERVICE_AUTHENTICATOR_HARNESS_H_
