#include "policy/ace/signing_key.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "proxy/base/bytes.h"
#include "test/policy/ace/test_tokens.h"

namespace sluice::ace {
namespace {

constexpr Algorithm kAll[] = {Algorithm::kEdDsa, Algorithm::kEs256,
                              Algorithm::kHs256};

TEST(SigningKeyTest, GeneratesKeysThatSign) {
  for (const Algorithm algorithm : kAll) {
    const absl::StatusOr<SigningKey> key = SigningKey::Generate(algorithm);
    ASSERT_TRUE(key.ok()) << key.status();
    EXPECT_EQ(key->algorithm(), algorithm);
    EXPECT_EQ(key->jwk().kid(), key->jwk().Thumbprint());
    const std::string signature = key->Sign(AsBytes("message")).value();
    EXPECT_TRUE(
        key->jwk().key().Verify(AsBytes("message"), AsBytes(signature)));
    EXPECT_FALSE(
        key->jwk().key().Verify(AsBytes("massage"), AsBytes(signature)));
    EXPECT_NE(key->jwk().Thumbprint(),
              SigningKey::Generate(algorithm)->jwk().Thumbprint());
  }
}

TEST(SigningKeyTest, SurvivesItsJson) {
  for (const Algorithm algorithm : kAll) {
    const SigningKey key = SigningKey::Generate(algorithm).value();
    const absl::StatusOr<SigningKey> again =
        SigningKey::Parse(key.ToPrivateJson());
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->ToPrivateJson(), key.ToPrivateJson());
    const std::string signature = again->Sign(AsBytes("m")).value();
    EXPECT_TRUE(key.jwk().key().Verify(AsBytes("m"), AsBytes(signature)));
  }
}

struct ErrorCase {
  std::string jwk;
  absl::string_view message;
};

TEST(SigningKeyTest, RefusesWhatIsNoPrivateKey) {
  const std::string other_d =
      R"({"d":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr8"})";
  for (const ErrorCase& test : std::vector<ErrorCase>{
           {TestKey(kEd25519PrivateJwk).jwk().ToJson(),
            "d: missing; not a private key"},
           {WithMembers(kEd25519PrivateJwk, R"({"d":"s3cret="})"),
            "d: not base64url"},
           {WithMembers(kEd25519PrivateJwk, R"({"d":"AAAA"})"),
            "d: not 32 bytes"},
           {WithMembers(kEd25519PrivateJwk, other_d),
            "d: does not belong to the public key"},
           {WithMembers(kP256PrivateJwk, other_d),
            "d: does not belong to the public key"},
           {WithMembers(kP256PrivateJwk, R"({"d":"AAAA"})"), "d: not 32 bytes"},
           {WithMembers(
                kP256PrivateJwk,
                R"({"d":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})"),
            "d: not a P-256 key"},
           {"[]", "not a JSON object"},
       }) {
    EXPECT_EQ(SigningKey::Parse(test.jwk).status().message(), test.message);
  }
}

}  // namespace
}  // namespace sluice::ace
