// A token, verified. What the token says must not depend on whether anybody
// vouches for it, so the same bytes are also signed and verified as claims.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/ace/jws_sign.h"
#include "policy/ace/rejection.h"
#include "policy/ace/token_verifier.h"
#include "proxy/base/bytes.h"
#include "proxy/mqtt/topic.h"
#include "test/policy/ace/test_tokens.h"

namespace sluice::ace {
namespace {

void Check(bool condition) {
  if (!condition) std::abort();
}

TokenVerifier NewVerifier() {
  TokenVerifier::Options options;
  options.issuers = {
      {kTestIssuer, Profile::kRfc9431,
       TestKeySet({TestKey(kEd25519PrivateJwk).jwk().ToJson()})}};
  options.audience = kTestAudience;
  options.decryption_keys = TestDecryptionKeys(
      {R"({"kty":"oct","k":"QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8"})"});
  return TokenVerifier::Create(options).value();
}

// Every answer is a token in order or a refusal with its reason.
void CheckAnswer(const absl::StatusOr<VerifiedToken>& token) {
  if (!token.ok()) {
    Check(RejectionOf(token.status()).has_value());
    return;
  }
  Check(token->issuer == kTestIssuer);
  Check(token->expires_at > TestNow());
  Check(!token->pop_key.thumbprint().empty());
  for (const Permission& permission : token->scope.permissions) {
    Check(mqtt::IsValidTopicFilter(permission.topic_filter));
    Check(permission.publish || permission.subscribe);
  }
}

}  // namespace
}  // namespace sluice::ace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  static const auto& verifier = *new ace::TokenVerifier(ace::NewVerifier());
  static const auto& key =
      *new ace::SigningKey(ace::TestKey(ace::kEd25519PrivateJwk));
  const ByteView input(data, size);
  ace::CheckAnswer(verifier.Verify(input, ace::TestNow()));
  const std::string token = ace::SignJwt(key, AsString(input)).value();
  ace::CheckAnswer(verifier.Verify(AsBytes(token), ace::TestNow()));
  return 0;
}
