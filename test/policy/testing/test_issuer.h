#ifndef TEST_POLICY_TESTING_TEST_ISSUER_H_
#define TEST_POLICY_TESTING_TEST_ISSUER_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/ace/algorithm.h"
#include "policy/ace/jwk.h"
#include "policy/ace/signing_key.h"
#include "policy/ace/token_verifier.h"

namespace sluice::policy {

// A key of a client, or of an issuer. A failure aborts the test program, here
// as everywhere in this file.
ace::SigningKey NewKey(ace::Algorithm algorithm);
std::string Sign(const ace::SigningKey& key, absl::string_view content);

// What a token says; the defaults make a valid one.
struct TokenOptions {
  std::string issuer = "https://as.example";
  std::string audience = "broker";
  std::string subject = "alice";
  std::string token_id = "token-1";  // empty: no `jti`
  // AIF as JSON; empty: no scope.
  std::string scope = R"([["a/#",["pub","sub"]],["b",["pub"]]])";
  // The scope as it is, in place of `scope`.
  std::string raw_scope = {};
  absl::Time expires_at = {};
  // In place of `expires_at`: `exi`. With `exp_too`, beside it.
  absl::Duration lifetime = {};
  bool exp_too = false;
  absl::Time issued_at = {};  // `iat`; unset: none
  // In place of the client's key: the base64url of `cnf.x5t#S256`.
  std::string certificate_hash = {};
  // Bytes of `cnonce`; empty: none.
  std::string client_nonce = {};
  // What the issuer calls the client's key: `cnf.kid` beside it. With
  // `kid_alone`, in its place.
  std::string kid = {};
  bool kid_alone = false;
};

// A certificate in DER with the public key of `key`, which is asymmetric. Only
// its shape is right: it has no names and no signature.
std::string CertificateOf(const ace::SigningKey& key);

// An authorization server, and the broker that it issues tokens for: it knows
// the symmetric key with which PoP keys are encrypted for the broker.
class TestIssuer {
 public:
  TestIssuer();

  // A JWT bound to `client`; the key of a symmetric client is in a JWE.
  std::string Token(const ace::SigningKey& client,
                    const TokenOptions& options) const;

  // What a verifier must know.
  std::string PublicJwks() const;
  std::string DecryptionJwks() const;
  // A verifier that takes these tokens, without leeway.
  ace::TokenVerifier Verifier(
      ace::Profile profile = ace::Profile::kRfc9431) const;
  // The same, without the issuer's keys yet.
  ace::TokenVerifier PendingVerifier() const;
  // The same, with `keys` as what was last read from the issuer.
  ace::TokenVerifier FetchedVerifier(ace::JwkSet keys) const;
  // The same, which knows another issuer as well, with the same keys.
  ace::TokenVerifier VerifierWith(const std::string& another_issuer) const;

 private:
  ace::TokenVerifier::Options VerifierOptions(ace::Profile profile) const;

  ace::SigningKey key_;
  ace::SigningKey encryption_key_;
};

}  // namespace sluice::policy

#endif  // TEST_POLICY_TESTING_TEST_ISSUER_H_
