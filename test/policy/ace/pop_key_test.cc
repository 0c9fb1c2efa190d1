#include "policy/ace/pop_key.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "policy/ace/rejection.h"
#include "proxy/base/bytes.h"
#include "test/policy/ace/test_tokens.h"

// covers: ACE-POP-1

namespace sluice::ace {
namespace {

PopKey ToPopKey(const SigningKey& key) {
  return PopKey::FromJwk(key.jwk()).value();
}

std::vector<SigningKey> AllKeys() {
  std::vector<SigningKey> keys;
  keys.push_back(TestKey(kEd25519PrivateJwk));
  keys.push_back(TestKey(kP256PrivateJwk));
  keys.push_back(TestKey(kHs256Jwk));
  return keys;
}

TEST(PopKeyTest, ProofsOfEveryAlgorithmAreVerified) {
  for (const SigningKey& key : AllKeys()) {
    const std::string proof = key.Sign(AsBytes("content")).value();
    EXPECT_EQ(VerifyProof(ToPopKey(key), AsBytes("content"), AsBytes(proof)),
              absl::OkStatus())
        << AlgorithmName(key.algorithm());
  }
}

TEST(PopKeyTest, WrongProofsAreRefused) {
  for (const SigningKey& key : AllKeys()) {
    const PopKey pop_key = ToPopKey(key);
    const std::string proof = key.Sign(AsBytes("content")).value();
    const auto rejection = [&](absl::string_view content,
                               absl::string_view bytes) {
      return RejectionOf(
          VerifyProof(pop_key, AsBytes(content), AsBytes(bytes)));
    };
    EXPECT_EQ(rejection("Content", proof), Rejection::kProof);
    EXPECT_EQ(rejection("", proof), Rejection::kProof);
    EXPECT_EQ(rejection("content", ""), Rejection::kProof);
    EXPECT_EQ(rejection("content", proof + '\0'), Rejection::kProof);
    EXPECT_EQ(rejection("content", proof.substr(0, proof.size() - 1)),
              Rejection::kProof);
    for (size_t i = 0; i < proof.size(); ++i) {
      std::string changed = proof;
      changed[i] = static_cast<char>(changed[i] ^ 0x10);
      EXPECT_EQ(rejection("content", changed), Rejection::kProof) << i;
    }
  }
}

// Nobody but the key decides on the algorithm.
TEST(PopKeyTest, ProofsOfAnotherKeyAreRefused) {
  const std::vector<SigningKey> keys = AllKeys();
  for (const SigningKey& key : keys) {
    for (const SigningKey& other : keys) {
      if (&key == &other) continue;
      const std::string proof = other.Sign(AsBytes("content")).value();
      EXPECT_FALSE(
          VerifyProof(ToPopKey(key), AsBytes("content"), AsBytes(proof)).ok());
    }
  }
}

TEST(PopKeyTest, IsKnownByItsThumbprint) {
  const SigningKey key = TestKey(kEd25519PrivateJwk, R"({"kid":"k"})");
  EXPECT_EQ(ToPopKey(key).thumbprint(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  EXPECT_EQ(ToPopKey(key).kid(), "k");
  EXPECT_EQ(ToPopKey(TestKey(kEd25519PrivateJwk)).kid(), "");
}

struct ErrorCase {
  std::string jwk;
  absl::string_view message;
};

TEST(PopKeyTest, RefusesKeysThatMustNotSign) {
  for (const ErrorCase& test : std::vector<ErrorCase>{
           {WithMembers(kHs256Jwk, R"({"use":"enc"})"),
            "use or key_ops forbid signatures"},
           {WithMembers(kHs256Jwk, R"({"key_ops":["decrypt"]})"),
            "use or key_ops forbid signatures"},
           {WithMembers(kHs256Jwk, R"({"alg":"HS384"})"),
            "alg is not that of the key's type"},
           {WithMembers(kHs256Jwk, R"({"alg":"none"})"),
            "alg is not that of the key's type"},
           {WithMembers(TestKey(kEd25519PrivateJwk).jwk().ToJson(),
                        R"({"alg":"ES256"})"),
            "alg is not that of the key's type"},
           {R"({"kty":"oct","k":"AAECAwQFBgcICQoLDA0O"})",
            "k is shorter than 16 bytes"},
       }) {
    EXPECT_EQ(PopKey::FromJwk(Jwk::Parse(test.jwk).value()).status().message(),
              test.message);
  }
  EXPECT_TRUE(
      PopKey::FromJwk(
          Jwk::Parse(R"({"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODw"})").value())
          .ok());
}

}  // namespace
}  // namespace sluice::ace
