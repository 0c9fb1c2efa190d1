// A token, verified. What the token says must not depend on whether anybody
// vouches for it, so the same bytes are also signed and verified as claims.
#include <cstddef>
#include <cstdint>
#include <string>

#include "policy/ace/jws_sign.h"
#include "policy/ace/token_verifier.h"
#include "proxy/base/bytes.h"
#include "test/fuzz/check_token.h"
#include "test/policy/ace/test_tokens.h"

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
