#include "policy/ace/jwk.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/ace/base64url.h"
#include "proxy/base/bytes.h"
#include "test/policy/ace/test_tokens.h"

// covers: ACE-TOK-4

namespace sluice::ace {
namespace {

const char kX[] = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

std::string Ed25519Jwk(absl::string_view members = "{}") {
  return WithMembers(
      absl::StrCat(R"({"kty":"OKP","crv":"Ed25519","x":")", kX, R"("})"),
      members);
}

std::string P256Jwk(absl::string_view members = "{}") {
  return WithMembers(TestKey(kP256PrivateJwk).jwk().ToJson(), members);
}

TEST(JwkTest, ReadsEveryKeyType) {
  const absl::StatusOr<Jwk> ed25519 = Jwk::Parse(Ed25519Jwk());
  ASSERT_TRUE(ed25519.ok()) << ed25519.status();
  EXPECT_EQ(ed25519->type(), KeyType::kEd25519);
  EXPECT_EQ(ed25519->key().algorithm(), Algorithm::kEdDsa);
  EXPECT_TRUE(ed25519->key().secret().empty());

  const absl::StatusOr<Jwk> p256 = Jwk::Parse(P256Jwk());
  ASSERT_TRUE(p256.ok()) << p256.status();
  EXPECT_EQ(p256->type(), KeyType::kP256);
  EXPECT_EQ(p256->key().algorithm(), Algorithm::kEs256);

  const absl::StatusOr<Jwk> symmetric = Jwk::Parse(kHs256Jwk);
  ASSERT_TRUE(symmetric.ok()) << symmetric.status();
  EXPECT_EQ(symmetric->type(), KeyType::kSymmetric);
  EXPECT_EQ(symmetric->key().algorithm(), Algorithm::kHs256);
  EXPECT_EQ(symmetric->key().secret().size(), 64u);
}

TEST(JwkTest, KeepsKidAndAlg) {
  const Jwk bare = Jwk::Parse(Ed25519Jwk()).value();
  EXPECT_EQ(bare.kid(), "");
  EXPECT_EQ(bare.alg(), "");
  const Jwk named =
      Jwk::Parse(Ed25519Jwk(R"({"kid":"k","alg":"EdDSA","x5c":[]})")).value();
  EXPECT_EQ(named.kid(), "k");
  EXPECT_EQ(named.alg(), "EdDSA");
  EXPECT_EQ(Jwk::Parse(named.ToJson())->ToJson(), named.ToJson());
}

// RFC 8037 appendix A.3; the others by an independent program.
TEST(JwkTest, ThumbprintHashesTheRequiredMembersOnly) {
  const std::string more = R"({"kid":"k","alg":"x","use":"sig"})";
  EXPECT_EQ(Jwk::Parse(Ed25519Jwk(more))->Thumbprint(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  EXPECT_EQ(Jwk::Parse(P256Jwk(more))->Thumbprint(),
            "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
  EXPECT_EQ(Jwk::Parse(WithMembers(kHs256Jwk, more))->Thumbprint(),
            "y_x3gCJnL6oKGBBIXScabduwxTVy2Wd2bzRVEUbdUzc");
}

TEST(JwkTest, AlgBinds) {
  EXPECT_TRUE(Jwk::Parse(Ed25519Jwk())->Permits(Algorithm::kEdDsa));
  EXPECT_TRUE(
      Jwk::Parse(Ed25519Jwk(R"({"alg":"EdDSA"})"))->Permits(Algorithm::kEdDsa));
  EXPECT_FALSE(
      Jwk::Parse(Ed25519Jwk(R"({"alg":"ES256"})"))->Permits(Algorithm::kEdDsa));
  // Naming another algorithm does not make a key fit for it.
  EXPECT_FALSE(
      Jwk::Parse(Ed25519Jwk(R"({"alg":"HS256"})"))->Permits(Algorithm::kHs256));
}

struct UseCase {
  absl::string_view members;
  bool signature;
  bool encryption;
};

TEST(JwkTest, UseAndKeyOpsBind) {
  for (const UseCase& test : {
           UseCase{R"({})", true, true},
           {R"({"use":"sig"})", true, false},
           {R"({"use":"enc"})", false, true},
           {R"({"use":"other"})", false, false},
           {R"({"key_ops":["verify"]})", true, false},
           {R"({"key_ops":["sign"]})", true, false},
           {R"({"key_ops":["decrypt"]})", false, true},
           {R"({"key_ops":["unwrapKey","x"]})", false, true},
           {R"({"key_ops":[]})", false, false},
           {R"({"key_ops":["deriveKey","deriveBits"]})", false, false},
           {R"({"use":"enc","key_ops":["verify"]})", false, false},
       }) {
    const absl::StatusOr<Jwk> jwk =
        Jwk::Parse(WithMembers(kHs256Jwk, test.members));
    ASSERT_TRUE(jwk.ok()) << jwk.status();
    EXPECT_EQ(jwk->Permits(KeyUse::kSignature), test.signature) << test.members;
    EXPECT_EQ(jwk->Permits(Algorithm::kHs256), test.signature) << test.members;
    EXPECT_EQ(jwk->Permits(KeyUse::kEncryption), test.encryption)
        << test.members;
  }
}

TEST(JwkTest, ToDeriveAKeyOrBitsIsToEncrypt) {
  const std::string x25519 =
      absl::StrCat(R"({"kty":"OKP","crv":"X25519","x":")", kX, R"("})");
  for (const std::string& key : {P256Jwk(), x25519}) {
    for (const char* operation : {"deriveKey", "deriveBits"}) {
      const absl::StatusOr<Jwk> jwk = Jwk::Parse(WithMembers(
          key, absl::StrCat(R"({"key_ops":[")", operation, R"("]})")));
      ASSERT_TRUE(jwk.ok()) << jwk.status();
      EXPECT_FALSE(jwk->Permits(KeyUse::kSignature)) << operation;
      EXPECT_TRUE(jwk->Permits(KeyUse::kEncryption)) << operation;
    }
  }
}

struct ErrorCase {
  std::string jwk;
  absl::StatusCode code;
  absl::string_view message;
};

// With a modulus of that many bytes, all of them 0xff.
std::string RsaJwk(size_t size, absl::string_view e) {
  return absl::StrCat(R"({"kty":"RSA","e":")", e, R"(","n":")",
                      Base64UrlEncode(AsBytes(std::string(size, '\xff'))),
                      R"("})");
}

TEST(JwkTest, ReadsKeysThatDoNotProvePossession) {
  const absl::StatusOr<Jwk> rsa = Jwk::Parse(RsaJwk(256, "AQAB"));
  ASSERT_TRUE(rsa.ok()) << rsa.status();
  EXPECT_EQ(rsa->type(), KeyType::kRsa);
  EXPECT_TRUE(rsa->Permits(Algorithm::kRs256));
  EXPECT_TRUE(rsa->Permits(Algorithm::kPs256));
  EXPECT_FALSE(rsa->Permits(Algorithm::kEs256));
  EXPECT_FALSE(rsa->key().Verify(AsBytes("m"), AsBytes("s")));
  const absl::StatusOr<Jwk> x25519 =
      Jwk::Parse(Ed25519Jwk(R"({"crv":"X25519"})"));
  ASSERT_TRUE(x25519.ok()) << x25519.status();
  EXPECT_EQ(x25519->type(), KeyType::kX25519);
  for (const Algorithm algorithm : {Algorithm::kEdDsa, Algorithm::kEs256,
                                    Algorithm::kHs256, Algorithm::kRs256}) {
    EXPECT_FALSE(x25519->Permits(algorithm));
  }
  EXPECT_EQ(Jwk::Parse(rsa->ToJson())->Thumbprint(), rsa->Thumbprint());
  EXPECT_EQ(Jwk::Parse(x25519->ToJson())->Thumbprint(), x25519->Thumbprint());
}

// RFC 7638 section 3.1.
TEST(JwkTest, HasTheStandardsRsaThumbprint) {
  const absl::StatusOr<Jwk> jwk = Jwk::Parse(
      R"({"kty":"RSA","e":"AQAB","alg":"RS256","kid":"2011-04-29","n":")"
      "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7"
      "aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXA"
      "rwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7"
      "d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lF"
      "d2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
      R"("})");
  ASSERT_TRUE(jwk.ok()) << jwk.status();
  EXPECT_EQ(jwk->Thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

TEST(JwkTest, NamesTheMemberAtFault) {
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  constexpr auto kUnimplemented = absl::StatusCode::kUnimplemented;
  for (const ErrorCase& test : std::vector<ErrorCase>{
           {"[]", kInvalid, "not a JSON object"},
           {"{}", kInvalid, "kty: missing"},
           {R"({"kty":1})", kInvalid, "kty: not a string"},
           {R"({"kty":"RSA"})", kInvalid, "n: missing"},
           {R"({"kty":"RSA","n":"AQAB"})", kInvalid, "e: missing"},
           {R"({"kty":"RSA","n":"AQAB","e":"AQAB"})", kUnimplemented,
            "n, e: not of 2048 to 4096 bits"},
           {RsaJwk(1024 / 8, "AQAB"), kUnimplemented,
            "n, e: not of 2048 to 4096 bits"},
           {RsaJwk(4096 / 8 + 1, "AQAB"), kUnimplemented,
            "n, e: not of 2048 to 4096 bits"},
           {RsaJwk(2048 / 8, "Ag"), kInvalid, "n, e: e is not an RSA exponent"},
           {RsaJwk(2048 / 8, "AQ"), kInvalid, "n, e: e is not an RSA exponent"},
           {RsaJwk(2048 / 8, "____________"), kInvalid,
            "n, e: e is not an RSA exponent"},
           {WithMembers(RsaJwk(2048 / 8, "AQAB"), R"({"d":"AQ"})"), kInvalid,
            "d: a private key where a public one belongs"},
           {R"({"kty":"AKP"})", kUnimplemented,
            "kty: \"AKP\" is not supported"},
           {R"({"kty":"s3cret"})", kUnimplemented, "kty: not supported"},
           {R"({"kty":"oct"})", kInvalid, "k: missing"},
           {R"({"kty":"oct","k":""})", kInvalid, "k: empty"},
           {R"({"kty":"oct","k":"s3cret=="})", kInvalid, "k: not base64url"},
           {R"({"kty":"oct","k":7})", kInvalid, "k: not a string"},
           {R"({"kty":"OKP"})", kInvalid, "crv: missing"},
           {Ed25519Jwk(R"({"crv":"X448"})"), kUnimplemented,
            "crv: \"X448\" is not supported"},
           {R"({"kty":"OKP","crv":"Ed25519"})", kInvalid, "x: missing"},
           {Ed25519Jwk(R"({"x":"AAAA"})"), kInvalid, "x: not 32 bytes"},
           {Ed25519Jwk(R"({"x":"AAA="})"), kInvalid, "x: not base64url"},
           {R"({"kty":"EC"})", kInvalid, "crv: missing"},
           {P256Jwk(R"({"crv":"P-384"})"), kUnimplemented,
            "crv: \"P-384\" is not supported"},
           {P256Jwk(R"({"y":"AAAA"})"), kInvalid, "x, y: not 32 bytes"},
           // On the curve only with its own x.
           {P256Jwk(absl::StrCat(R"({"x":")", kX, R"("})")), kInvalid,
            "x, y: not a point on P-256"},
           {std::string(kEd25519PrivateJwk), kInvalid,
            "d: a private key where a public one belongs"},
           {std::string(kP256PrivateJwk), kInvalid,
            "d: a private key where a public one belongs"},
           {Ed25519Jwk(R"({"kid":7})"), kInvalid, "kid: not a string"},
           {Ed25519Jwk(R"({"alg":null})"), kInvalid, "alg: not a string"},
           {Ed25519Jwk(R"({"use":[]})"), kInvalid, "use: not a string"},
           {Ed25519Jwk(R"({"key_ops":"verify"})"), kInvalid,
            "key_ops: not an array"},
           {Ed25519Jwk(R"({"key_ops":[1]})"), kInvalid,
            "key_ops: holds what is not a string"},
           {R"({"kty":"oct","kty":"oct","k":"AAAA"})", kInvalid,
            "an object has a member twice"},
       }) {
    const absl::Status status = Jwk::Parse(test.jwk).status();
    EXPECT_EQ(status.code(), test.code) << test.jwk;
    EXPECT_EQ(status.message(), test.message) << test.jwk;
  }
}

TEST(JwkSetTest, ReadsUsableKeysAndListsTheOthers) {
  const absl::StatusOr<JwkSet> set = JwkSet::Parse(absl::StrCat(
      R"({"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"},)", Ed25519Jwk(),
      R"(,{"kty":"EC","crv":"P-521"},)", kHs256Jwk, R"(],"other":1})"));
  ASSERT_TRUE(set.ok()) << set.status();
  ASSERT_EQ(set->keys().size(), 2u);
  EXPECT_EQ(set->keys()[0].type(), KeyType::kEd25519);
  EXPECT_EQ(set->keys()[1].type(), KeyType::kSymmetric);
  EXPECT_EQ(set->skipped(), (std::vector<std::string>{
                                "keys[0].n, e: not of 2048 to 4096 bits",
                                "keys[2].crv: \"P-521\" is not supported"}));
}

TEST(JwkSetTest, OfAPublishedSetDefectiveKeysAreListedToo) {
  const absl::StatusOr<JwkSet> set = JwkSet::ParsePublished(
      absl::StrCat(R"({"keys":[7,{"kty":"oct"},)", Ed25519Jwk(), ",",
                   kP256PrivateJwk, "]}"));
  ASSERT_TRUE(set.ok()) << set.status();
  ASSERT_EQ(set->keys().size(), 1u);
  EXPECT_EQ(set->keys()[0].type(), KeyType::kEd25519);
  EXPECT_EQ(set->skipped(),
            (std::vector<std::string>{
                "keys[0]: not an object", "keys[1].k: missing",
                "keys[3].d: a private key where a public one belongs"}));
  EXPECT_FALSE(JwkSet::ParsePublished("{}").ok());
}

// So many that a line for each would fill logs.
TEST(JwkSetTest, TellsOfTheFirstKeysThatArePassedOverAndCountsTheOthers) {
  std::string keys = Ed25519Jwk();
  for (int i = 0; i < 20; ++i) keys += ",0";
  const absl::StatusOr<JwkSet> set =
      JwkSet::ParsePublished(absl::StrCat(R"({"keys":[)", keys, "]}"));
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->keys().size(), 1u);
  ASSERT_EQ(set->skipped().size(), 8u);
  EXPECT_EQ(set->skipped()[7], "keys[8]: not an object");
  EXPECT_EQ(set->skipped_count(), 20u);
}

TEST(JwkSetTest, HasAThousandKeysAtMost) {
  std::string keys = Ed25519Jwk();
  for (int i = 1; i < 1000; ++i) keys += ",0";
  const auto parse = [&keys] {
    return JwkSet::ParsePublished(absl::StrCat(R"({"keys":[)", keys, "]}"));
  };
  EXPECT_TRUE(parse().ok());
  keys += ",0";
  EXPECT_EQ(parse().status().message(), "keys: more than 1000");
}

TEST(JwkSetTest, MayBeEmpty) {
  EXPECT_TRUE(JwkSet().keys().empty());
  EXPECT_TRUE(JwkSet::Parse(R"({"keys":[]})")->keys().empty());
}

struct SetErrorCase {
  std::string set;
  absl::string_view message;
};

TEST(JwkSetTest, NamesTheKeyAtFault) {
  for (const SetErrorCase& test : std::vector<SetErrorCase>{
           {"[]", "not a JSON object"},
           {"{}", "keys: missing"},
           {R"({"keys":{}})", "keys: not an array"},
           {R"({"keys":[7]})", "keys[0]: not an object"},
           {absl::StrCat(R"({"keys":[)", Ed25519Jwk(), R"(,{"kty":"oct"}]})"),
            "keys[1].k: missing"},
           {absl::StrCat(R"({"keys":[)", kP256PrivateJwk, "]}"),
            "keys[0].d: a private key where a public one belongs"},
           {"", "malformed JSON at byte 1"},
       }) {
    const absl::Status status = JwkSet::Parse(test.set).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << test.set;
    EXPECT_EQ(status.message(), test.message) << test.set;
  }
}

}  // namespace
}  // namespace sluice::ace
