#ifndef TEST_FUZZ_CHECK_TOKEN_H_
#define TEST_FUZZ_CHECK_TOKEN_H_

#include <cstdlib>

#include "absl/status/statusor.h"
#include "policy/ace/rejection.h"
#include "policy/ace/token_verifier.h"
#include "proxy/mqtt/topic.h"
#include "test/policy/ace/test_tokens.h"

// What the fuzz targets of tokens share, whatever a token is encoded in.

namespace sluice::ace {

inline constexpr char kRsKey[] =
    R"({"kty":"oct","k":"QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8"})";

inline void Check(bool condition) {
  if (!condition) std::abort();
}

// Takes tokens of kTestIssuer, encrypted for kRsKey or not, and `exi`.
inline TokenVerifier NewVerifier() {
  TokenVerifier::Options options;
  options.issuers = {
      {kTestIssuer, Profile::kRfc9431,
       TestKeySet({TestKey(kEd25519PrivateJwk).jwk().ToJson()})}};
  options.audience = kTestAudience;
  options.decryption_keys = TestDecryptionKeys({kRsKey});
  return TokenVerifier::Create(options).value();
}

// Every answer is a token in order or a refusal with its reason.
inline void CheckAnswer(const absl::StatusOr<VerifiedToken>& token) {
  if (!token.ok()) {
    Check(RejectionOf(token.status()).has_value());
    return;
  }
  Check(token->issuer == kTestIssuer);
  Check(token->expires_at > TestNow());
  Check(!token->exi.has_value() || !token->token_id.empty());
  Check(!token->pop_key.thumbprint().empty());
  for (const Permission& permission : token->scope.permissions) {
    Check(mqtt::IsValidTopicFilter(permission.topic_filter));
    Check(permission.publish || permission.subscribe);
  }
}

}  // namespace sluice::ace

#endif  // TEST_FUZZ_CHECK_TOKEN_H_
