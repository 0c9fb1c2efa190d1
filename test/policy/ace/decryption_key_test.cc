#include "policy/ace/decryption_key.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/ace/base64url.h"
#include "test/policy/ace/test_tokens.h"

// covers: ACE-TOK-4

namespace sluice::ace {
namespace {

constexpr absl::string_view kX25519Key =
    R"({"kty":"OKP","crv":"X25519",
        "x":"j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8",
        "d":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"})";

constexpr absl::string_view kA256Key =
    R"({"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"})";

absl::StatusOr<DecryptionKeySet> Parse(absl::string_view jwks) {
  return DecryptionKeySet::Parse(absl::StrCat(R"({"keys":[)", jwks, "]}"));
}

TEST(DecryptionKeyTest, ReadsEveryType) {
  const absl::StatusOr<DecryptionKeySet> set =
      Parse(absl::StrCat(kX25519Key, ",", kP256PrivateJwk, ",", kA256Key,
                         R"(,{"kty":"OKP","crv":"X448","d":"AA"})"));
  ASSERT_TRUE(set.ok()) << set.status();
  ASSERT_EQ(set->keys().size(), 3u);
  EXPECT_EQ(set->keys()[0].jwk().type(), KeyType::kX25519);
  EXPECT_EQ(set->keys()[1].jwk().type(), KeyType::kP256);
  EXPECT_EQ(set->keys()[2].jwk().type(), KeyType::kSymmetric);
  EXPECT_EQ(
      set->skipped(),
      (std::vector<std::string>{"keys[3]: crv: \"X448\" is not supported"}));
}

TEST(DecryptionKeyTest, PassesOverSymmetricKeysOfNoUse) {
  const auto with_size = [](size_t bytes) {
    return absl::StrCat(R"({"kty":"oct","k":")",
                        Base64UrlEncode(std::vector<uint8_t>(bytes)), R"("})");
  };
  const absl::StatusOr<DecryptionKeySet> set =
      Parse(absl::StrCat(with_size(3), ",", with_size(16), ",", with_size(24),
                         ",", with_size(32), ",", with_size(33)));
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->keys().size(), 2u);
  ASSERT_EQ(set->skipped().size(), 3u);
  EXPECT_EQ(set->skipped()[0],
            "keys[0]: k: 3 bytes, and what it could decrypt takes 16 or 32");
}

TEST(DecryptionKeyTest, BothSidesAgree) {
  const DecryptionKeySet set =
      TestDecryptionKeys({std::string(kX25519Key), std::string(kP256PrivateJwk),
                          std::string(kA256Key)});
  const DecryptionKey& x25519 = set.keys()[0];
  const DecryptionKey& p256 = set.keys()[1];
  const DecryptionKey& symmetric = set.keys()[2];
  EXPECT_TRUE(x25519.Agree(x25519.jwk().key()).has_value());
  EXPECT_TRUE(p256.Agree(p256.jwk().key()).has_value());
  EXPECT_FALSE(x25519.Agree(p256.jwk().key()).has_value());
  EXPECT_FALSE(p256.Agree(x25519.jwk().key()).has_value());
  EXPECT_FALSE(symmetric.Agree(symmetric.jwk().key()).has_value());
}

struct Case {
  std::string jwk;
  absl::string_view message;
};

TEST(DecryptionKeyTest, RefusesWhatCannotDecrypt) {
  for (const Case& test : std::vector<Case>{
           {"7", "keys[0]: not a JSON object"},
           {"{}", "keys[0]: d: missing; not a private key"},
           {TestKey(kP256PrivateJwk).jwk().ToJson(),
            "keys[0]: d: missing; not a private key"},
           {std::string(kEd25519PrivateJwk), "keys[0]: not for encryption"},
           {WithMembers(kHs256Jwk, R"({"use":"sig"})"),
            "keys[0]: not for encryption"},
           {WithMembers(kX25519Key, R"({"key_ops":["verify"]})"),
            "keys[0]: not for encryption"},
           {WithMembers(kX25519Key, R"({"d":"s3cret"})"),
            "keys[0]: d: not base64url"},
           {WithMembers(kX25519Key, R"({"d":"AAAA"})"),
            "keys[0]: d: not 32 bytes"},
           {WithMembers(
                kX25519Key,
                R"({"d":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})"),
            "keys[0]: d: does not belong to the public key"},
       }) {
    const absl::Status status = Parse(test.jwk).status();
    EXPECT_EQ(status.message(), test.message) << test.jwk;
  }
  EXPECT_EQ(DecryptionKeySet::Parse("{}").status().message(),
            "keys: missing or not an array");
  EXPECT_TRUE(Parse("").ok());
}

}  // namespace
}  // namespace sluice::ace
