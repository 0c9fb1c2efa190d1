// What a CONNECT costs the policy service: the token's verification and the
// proof's, by algorithm, and the bare signature check that both contain.
#include <benchmark/benchmark.h>

#include <string>

#include "policy/ace/jwe.h"
#include "policy/ace/jws_sign.h"
#include "policy/ace/pop_key.h"
#include "policy/ace/signing_key.h"
#include "policy/ace/token_verifier.h"
#include "proxy/base/bytes.h"
#include "test/policy/ace/test_tokens.h"

namespace sluice::ace {
namespace {

constexpr char kDecryptionKey[] =
    R"({"kty":"oct","k":"QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8"})";

void VerifyToken(benchmark::State& state, const SigningKey& issuer_key,
                 const Json& claims) {
  TokenVerifier::Options options;
  options.issuers = {{kTestIssuer, Profile::kRfc9431,
                      TestKeySet({issuer_key.jwk().ToJson()})}};
  options.audience = kTestAudience;
  options.decryption_keys = TestKeySet({kDecryptionKey});
  const TokenVerifier verifier = TokenVerifier::Create(options).value();
  const std::string token = SignJwt(issuer_key, claims.dump()).value();
  for (auto _ : state) {
    const auto verified = verifier.Verify(AsBytes(token), TestNow());
    if (!verified.ok()) state.SkipWithError("refused");
    benchmark::DoNotOptimize(verified);
  }
}

void BM_VerifyTokenWith(benchmark::State& state, Algorithm algorithm) {
  VerifyToken(state, SigningKey::Generate(algorithm).value(), TestClaims());
}
BENCHMARK_CAPTURE(BM_VerifyTokenWith, EdDSA, Algorithm::kEdDsa);
BENCHMARK_CAPTURE(BM_VerifyTokenWith, ES256, Algorithm::kEs256);
BENCHMARK_CAPTURE(BM_VerifyTokenWith, HS256, Algorithm::kHs256);

void BM_VerifyTokenWithEncryptedKey(benchmark::State& state) {
  Json claims = TestClaims();
  claims["cnf"] = {
      {"jwe", EncryptJwe(AsBytes(kHs256Jwk), Jwk::Parse(kDecryptionKey).value())
                  .value()}};
  VerifyToken(state, SigningKey::Generate(Algorithm::kHs256).value(), claims);
}
BENCHMARK(BM_VerifyTokenWithEncryptedKey);

void BM_VerifyProof(benchmark::State& state, Algorithm algorithm) {
  const SigningKey client = SigningKey::Generate(algorithm).value();
  const PopKey key = PopKey::FromJwk(client.jwk()).value();
  const std::string content(32, 'c');
  const std::string proof = client.Sign(AsBytes(content)).value();
  for (auto _ : state) {
    if (!VerifyProof(key, AsBytes(content), AsBytes(proof)).ok()) {
      state.SkipWithError("refused");
    }
  }
}
BENCHMARK_CAPTURE(BM_VerifyProof, EdDSA, Algorithm::kEdDsa);
BENCHMARK_CAPTURE(BM_VerifyProof, ES256, Algorithm::kEs256);
BENCHMARK_CAPTURE(BM_VerifyProof, HS256, Algorithm::kHs256);

void BM_BareVerify(benchmark::State& state, Algorithm algorithm) {
  const SigningKey signer = SigningKey::Generate(algorithm).value();
  const std::string message(700, 'm');  // about a token
  const std::string signature = signer.Sign(AsBytes(message)).value();
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        signer.jwk().key().Verify(AsBytes(message), AsBytes(signature)));
  }
}
BENCHMARK_CAPTURE(BM_BareVerify, EdDSA, Algorithm::kEdDsa);
BENCHMARK_CAPTURE(BM_BareVerify, ES256, Algorithm::kEs256);
BENCHMARK_CAPTURE(BM_BareVerify, HS256, Algorithm::kHs256);

}  // namespace
}  // namespace sluice::ace
