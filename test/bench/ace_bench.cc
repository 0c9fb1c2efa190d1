// What a CONNECT costs the policy service: the token's verification, by format
// and by how it is signed and encrypted, the proof's, by algorithm, and the
// bare signature check that both contain. docs/costs.md shows the results.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "policy/ace/cbor_writer.h"
#include "policy/ace/cose_key.h"
#include "policy/ace/cose_sign.h"
#include "policy/ace/jwe_encrypt.h"
#include "policy/ace/jws_sign.h"
#include "policy/ace/pop_key.h"
#include "policy/ace/signing_key.h"
#include "policy/ace/token_cache.h"
#include "policy/ace/token_verifier.h"
#include "proxy/base/bytes.h"
#include "test/policy/ace/test_tokens.h"

namespace sluice::ace {
namespace {

constexpr char kRsKey[] =
    R"({"kty":"oct","k":"QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8"})";
constexpr char kRsX25519Key[] =
    R"({"kty":"OKP","crv":"X25519",
        "x":"j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8",
        "d":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"})";

void VerifyToken(benchmark::State& state, const std::string& issuer_key,
                 absl::string_view token, TokenCache* cache = nullptr) {
  TokenVerifier::Options options;
  options.issuers = {
      {kTestIssuer, Profile::kRfc9431, TestKeySet({issuer_key})}};
  options.audience = kTestAudience;
  options.decryption_keys =
      TestDecryptionKeys({kRsKey, kRsX25519Key, std::string(kP256PrivateJwk)});
  const TokenVerifier verifier = TokenVerifier::Create(options).value();
  for (auto _ : state) {
    const auto verified = verifier.Verify(AsBytes(token), TestNow(), cache);
    if (!verified.ok()) state.SkipWithError("refused");
    benchmark::DoNotOptimize(verified);
  }
}

// --- JWT. ---

void BM_VerifyJwt(benchmark::State& state, Algorithm algorithm) {
  const SigningKey key = SigningKey::Generate(algorithm).value();
  VerifyToken(state, key.jwk().ToJson(),
              SignJwt(key, TestClaims().dump()).value());
}
BENCHMARK_CAPTURE(BM_VerifyJwt, EdDSA, Algorithm::kEdDsa);
BENCHMARK_CAPTURE(BM_VerifyJwt, ES256, Algorithm::kEs256);
BENCHMARK_CAPTURE(BM_VerifyJwt, HS256, Algorithm::kHs256);

void BM_VerifyKnownJwt(benchmark::State& state) {
  const SigningKey key = SigningKey::Generate(Algorithm::kEdDsa).value();
  TokenCache cache;
  VerifyToken(state, key.jwk().ToJson(),
              SignJwt(key, TestClaims().dump()).value(), &cache);
}
BENCHMARK(BM_VerifyKnownJwt);

void BM_VerifyRsaJwt(benchmark::State& state, absl::string_view token) {
  VerifyToken(state, std::string(kRsaIssuerJwk), token);
}
BENCHMARK_CAPTURE(BM_VerifyRsaJwt, RS256, kRs256Jwt);
BENCHMARK_CAPTURE(BM_VerifyRsaJwt, PS256, kPs256Jwt);

void BM_VerifyJwtWithEncryptedKey(benchmark::State& state) {
  Json claims = TestClaims();
  claims["cnf"] = {
      {"jwe",
       EncryptJwe(AsBytes(kHs256Jwk), Jwk::Parse(kRsKey).value()).value()}};
  const SigningKey key = SigningKey::Generate(Algorithm::kHs256).value();
  VerifyToken(state, key.jwk().ToJson(), SignJwt(key, claims.dump()).value());
}
BENCHMARK(BM_VerifyJwtWithEncryptedKey);

// Signed with HS256, so that the encryption stands out.
void BM_VerifyEncryptedJwt(benchmark::State& state, const Jwk& encryption_key) {
  const SigningKey key = SigningKey::Generate(Algorithm::kHs256).value();
  const std::string token = SignJwt(key, TestClaims().dump()).value();
  VerifyToken(state, key.jwk().ToJson(),
              EncryptJwe(AsBytes(token), encryption_key).value());
}
BENCHMARK_CAPTURE(BM_VerifyEncryptedJwt, A256KW, Jwk::Parse(kRsKey).value());
BENCHMARK_CAPTURE(BM_VerifyEncryptedJwt, ECDH_ES_P256,
                  TestKey(kP256PrivateJwk).jwk());
BENCHMARK_CAPTURE(BM_VerifyEncryptedJwt, ECDH_ES_X25519,
                  TestDecryptionKeys({kRsX25519Key}).keys()[0].jwk());

// --- CWT. ---

std::string CwtClaims(absl::string_view cnf) {
  CborWriter writer;
  writer.Map(8);
  writer.Integer(1).Text(kTestIssuer);
  writer.Integer(2).Text("alice");
  writer.Integer(3).Text(kTestAudience);
  writer.Integer(4).Integer(kTestNow + 60);
  writer.Integer(6).Integer(kTestNow);
  writer.Integer(7).Bytes(AsBytes("token-1"));
  writer.Integer(8).Encoded(cnf);
  writer.Integer(9).Array(1).Array(2).Text("a/#").Array(2).Text("pub").Text(
      "sub");
  return writer.bytes();
}

std::string ClaimsWithPublicKey() {
  return CwtClaims(CborWriter()
                       .Map(1)
                       .Integer(1)
                       .Encoded(EncodeCoseKey(TestKey(kP256PrivateJwk).jwk()))
                       .bytes());
}

void BM_VerifyCwt(benchmark::State& state, Algorithm algorithm) {
  const SigningKey key = SigningKey::Generate(algorithm).value();
  VerifyToken(state, key.jwk().ToJson(),
              SignCwt(key, ClaimsWithPublicKey()).value());
}
BENCHMARK_CAPTURE(BM_VerifyCwt, EdDSA, Algorithm::kEdDsa);
BENCHMARK_CAPTURE(BM_VerifyCwt, ES256, Algorithm::kEs256);
BENCHMARK_CAPTURE(BM_VerifyCwt, HS256, Algorithm::kHs256);

void BM_VerifyCwtWithEncryptedKey(benchmark::State& state) {
  const std::string encrypted =
      EncryptCose(AsBytes(EncodeCoseKey(TestKey(kHs256Jwk).jwk())),
                  Jwk::Parse(kRsKey).value(), ContentEncryption::kA256Gcm)
          .value();
  const SigningKey key = SigningKey::Generate(Algorithm::kHs256).value();
  VerifyToken(
      state, key.jwk().ToJson(),
      SignCwt(
          key,
          CwtClaims(CborWriter().Map(1).Integer(2).Encoded(encrypted).bytes()))
          .value());
}
BENCHMARK(BM_VerifyCwtWithEncryptedKey);

void BM_VerifyNestedCwt(benchmark::State& state) {
  const SigningKey key = SigningKey::Generate(Algorithm::kHs256).value();
  const std::string token = SignCwt(key, ClaimsWithPublicKey()).value();
  VerifyToken(state, WithMembers(key.jwk().ToJson(), R"({"use":"sig"})"),
              EncryptCose(AsBytes(token), Jwk::Parse(kRsKey).value(),
                          ContentEncryption::kA256Gcm)
                  .value());
}
BENCHMARK(BM_VerifyNestedCwt);

// Encrypted with a key of the issuer's and not signed.
void BM_VerifyEncryptedCwt(benchmark::State& state,
                           ContentEncryption encryption) {
  const std::string key = R"({"kty":"oct","use":"enc","kid":"as",)"
                          R"("k":"AAECAwQFBgcICQoLDA0ODw"})";
  VerifyToken(state, key,
              EncryptCose(AsBytes(ClaimsWithPublicKey()),
                          Jwk::Parse(key).value(), encryption)
                  .value());
}
BENCHMARK_CAPTURE(BM_VerifyEncryptedCwt, A128GCM, ContentEncryption::kA128Gcm);
BENCHMARK_CAPTURE(BM_VerifyEncryptedCwt, AES_CCM_16_64_128,
                  ContentEncryption::kAesCcm16_64_128);

// --- Proofs of possession. ---

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
