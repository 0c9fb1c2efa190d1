#include "policy/ace/token_verifier.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "policy/ace/base64url.h"
#include "policy/ace/claims.h"
#include "policy/ace/digest.h"
#include "policy/ace/jwe_encrypt.h"
#include "policy/ace/jws_sign.h"
#include "policy/ace/missing_keys.h"
#include "policy/ace/rejection.h"
#include "policy/ace/token_cache.h"
#include "proxy/base/bytes.h"
#include "test/policy/ace/test_tokens.h"

// covers: ACE-TOK-2, ACE-TOK-3, ACE-TOK-4, ACE-TOK-6, ACE-SCP-1, ACE-SCP-5

namespace sluice::ace {
namespace {

constexpr char kDecryptionKey[] =
    R"({"kty":"oct","kid":"rs","k":"QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8"})";

TokenVerifier::Options TestOptions() {
  TokenVerifier::Options options;
  options.issuers = {
      {kTestIssuer, Profile::kRfc9431,
       TestKeySet({TestKey(kEd25519PrivateJwk).jwk().ToJson()})}};
  options.audience = kTestAudience;
  options.decryption_keys = TestDecryptionKeys({kDecryptionKey});
  return options;
}

TokenVerifier TestVerifier() {
  return TokenVerifier::Create(TestOptions()).value();
}

absl::StatusOr<VerifiedToken> Verify(const Json& claims,
                                     absl::Time now = TestNow()) {
  return TestVerifier().Verify(AsBytes(TestToken(claims)), now);
}

// The claims of a valid token with `claim` put in, or with a discarded value
// taken out.
Json ClaimsWith(const char* claim, const Json& value) {
  Json claims = TestClaims();
  claims[claim] = value;
  return claims;
}

Json ClaimsWithout(const char* claim) {
  Json claims = TestClaims();
  claims.erase(claim);
  return claims;
}

std::string Encrypt(absl::string_view jwk) {
  return EncryptJwe(AsBytes(jwk), Jwk::Parse(kDecryptionKey).value()).value();
}

TEST(TokenVerifierTest, ReadsAValidToken) {
  const absl::StatusOr<VerifiedToken> token = Verify(TestClaims());
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->issuer, kTestIssuer);
  EXPECT_EQ(token->profile, Profile::kRfc9431);
  EXPECT_EQ(token->subject, "alice");
  EXPECT_EQ(token->token_id, "token-1");
  EXPECT_EQ(token->scope, (Scope{{{"a/#", true, true}}}));
  EXPECT_EQ(token->expires_at, TestNow() + absl::Seconds(60));
  const SigningKey client = TestKey(kP256PrivateJwk);
  EXPECT_EQ(token->pop_key.thumbprint(), client.jwk().Thumbprint());
  const std::string proof = client.Sign(AsBytes("content")).value();
  EXPECT_EQ(VerifyProof(token->pop_key, AsBytes("content"), AsBytes(proof)),
            absl::OkStatus());
}

TEST(TokenVerifierTest, IsMadeOfSoundOptionsOnly) {
  TokenVerifier::Options options = TestOptions();
  EXPECT_TRUE(TokenVerifier::Create(options).ok());
  options.clock_skew = absl::ZeroDuration();
  EXPECT_TRUE(TokenVerifier::Create(options).ok());
  options.clock_skew = -absl::Nanoseconds(1);
  EXPECT_EQ(TokenVerifier::Create(options).status().message(),
            "clock_skew: negative or infinite");
  options = TestOptions();
  options.audience = "";
  EXPECT_EQ(TokenVerifier::Create(options).status().message(),
            "audience: empty");
  options = TestOptions();
  options.issuers.push_back(options.issuers[0]);
  EXPECT_EQ(TokenVerifier::Create(options).status().message(),
            "issuer https://as.example occurs twice");
  options.issuers[1].name = "";
  EXPECT_EQ(TokenVerifier::Create(options).status().message(),
            "issuers[1]: no name");
  options = TestOptions();
  options.issuers[0].keys =
      TestKeySet({R"({"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODw"})"});
  EXPECT_EQ(TokenVerifier::Create(options).status().message(),
            "issuer https://as.example: keys[0].k: HS256 needs 32 bytes or "
            "more");
}

// --- What is not a token, and the envelope. ---

TEST(TokenVerifierTest, TellsWhatIsNoTokenFromABadOne) {
  const TokenVerifier verifier = TestVerifier();
  const std::string token = TestToken();
  const auto rejection = [&](absl::string_view text) {
    return RejectionOf(verifier.Verify(AsBytes(text), TestNow()).status());
  };
  EXPECT_EQ(rejection(token), std::nullopt);
  EXPECT_EQ(rejection(""), Rejection::kUnparsable);
  EXPECT_EQ(rejection("reference-to-a-token"), Rejection::kUnparsable);
  EXPECT_EQ(rejection("e30.e30.AA"), Rejection::kUnparsable);
  EXPECT_EQ(rejection(token + "A"), Rejection::kInvalid);
  EXPECT_EQ(rejection(token + "!"), Rejection::kUnparsable);
  // A signed "hello".
  EXPECT_EQ(rejection(SignJws(TestKey(kEd25519PrivateJwk), R"({"alg":"EdDSA"})",
                              "hello")
                          .value()),
            Rejection::kUnparsable);
  EXPECT_EQ(rejection(std::string(kMaxTokenBytes, 'a')),
            Rejection::kUnparsable);
  EXPECT_EQ(rejection(std::string(kMaxTokenBytes + 1, 'a')),
            Rejection::kInvalid);
}

TEST(TokenVerifierTest, RefusesEveryChangeOfACharacter) {
  const TokenVerifier verifier = TestVerifier();
  const std::string token = TestToken();
  for (size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    const absl::Status status =
        verifier.Verify(AsBytes(changed), TestNow()).status();
    EXPECT_TRUE(RejectionOf(status).has_value()) << i << ": " << status;
  }
}

// One token's claims with another's signature.
TEST(TokenVerifierTest, RefusesPartsOfTwoTokens) {
  const TokenVerifier verifier = TestVerifier();
  const std::string one = TestToken();
  const std::string two = TestToken(ClaimsWith("sub", "mallory"));
  const std::vector<std::string> a = absl::StrSplit(one, '.');
  const std::vector<std::string> b = absl::StrSplit(two, '.');
  const std::string mixed = absl::StrCat(a[0], ".", b[1], ".", a[2]);
  EXPECT_EQ(verifier.Verify(AsBytes(mixed), TestNow()).status().message(),
            "the signature is wrong");
}

TEST(TokenVerifierTest, ChecksTheSignatureBeforeTheClaims) {
  const SigningKey forger = SigningKey::Generate(Algorithm::kEdDsa).value();
  Json claims = ClaimsWith("aud", "elsewhere");
  claims["exp"] = 0;
  claims["cnf"] = 7;
  const std::string token =
      SignJws(forger, R"({"alg":"EdDSA"})", claims.dump()).value();
  EXPECT_EQ(TestVerifier().Verify(AsBytes(token), TestNow()).status().message(),
            "the signature is wrong");
}

TEST(TokenVerifierTest, TakesEveryAlgorithm) {
  for (const Algorithm algorithm :
       {Algorithm::kEdDsa, Algorithm::kEs256, Algorithm::kHs256}) {
    const SigningKey key = SigningKey::Generate(algorithm).value();
    TokenVerifier::Options options = TestOptions();
    options.issuers[0].keys = TestKeySet({key.jwk().ToJson()});
    const std::string token = SignJwt(key, TestClaims().dump()).value();
    const absl::StatusOr<VerifiedToken> verified =
        TokenVerifier::Create(options)->Verify(AsBytes(token), TestNow());
    EXPECT_TRUE(verified.ok()) << verified.status();
  }
}

TEST(TokenVerifierTest, TakesRsaSignaturesOfAnIssuer) {
  TokenVerifier::Options options = TestOptions();
  options.issuers[0].keys = TestKeySet({std::string(kRsaIssuerJwk)});
  const TokenVerifier verifier = TokenVerifier::Create(options).value();
  for (const absl::string_view token : {kRs256Jwt, kPs256Jwt}) {
    const absl::StatusOr<VerifiedToken> verified =
        verifier.Verify(AsBytes(token), TestNow());
    EXPECT_TRUE(verified.ok()) << verified.status();
  }
}

// A key vouches for its own issuer's tokens only, whatever its kid.
TEST(TokenVerifierTest, IssuersDoNotShareKeys) {
  const SigningKey other =
      TestKey(SigningKey::Generate(Algorithm::kEdDsa)->ToPrivateJson(),
              R"({"kid":"k"})");
  TokenVerifier::Options options = TestOptions();
  options.issuers[0].keys = TestKeySet({WithMembers(
      TestKey(kEd25519PrivateJwk).jwk().ToJson(), R"({"kid":"k"})")});
  options.issuers.push_back({"https://other.example", Profile::kRfc9431,
                             TestKeySet({other.jwk().ToJson()})});
  const TokenVerifier verifier = TokenVerifier::Create(options).value();

  const std::string own =
      SignJwt(other, ClaimsWith("iss", "https://other.example").dump()).value();
  const absl::StatusOr<VerifiedToken> verified =
      verifier.Verify(AsBytes(own), TestNow());
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->issuer, "https://other.example");

  const std::string forged = SignJwt(other, TestClaims().dump()).value();
  EXPECT_EQ(verifier.Verify(AsBytes(forged), TestNow()).status().message(),
            "the signature is wrong");
}

// covers: ACE-AZI-2
TEST(TokenVerifierTest, RefusesPayloadsThatAreNoClaims) {
  const SigningKey key = TestKey(kEd25519PrivateJwk);
  for (const absl::string_view payload :
       {"", "7", "[]", "{", "{\"iss\":\"a\",\"iss\":\"https://as.example\"}"}) {
    const std::string token = SignJwt(key, payload).value();
    const absl::Status status =
        TestVerifier().Verify(AsBytes(token), TestNow()).status();
    EXPECT_EQ(RejectionOf(status), Rejection::kUnparsable) << status;
    EXPECT_TRUE(absl::StartsWith(status.message(), "payload: ")) << status;
  }
}

// --- The claims: each in each way in which it can be wrong. ---

struct ClaimCase {
  const char* name;
  // Of a valid token; this claim is replaced, or where `value` is discarded,
  // taken out.
  const char* claim;
  Json value;
  const char* message;
};

void PrintTo(const ClaimCase& test, std::ostream* out) { *out << test.name; }

class BadClaimTest : public testing::TestWithParam<ClaimCase> {};

TEST_P(BadClaimTest, IsRefused) {
  const ClaimCase& test = GetParam();
  const Json claims = test.value.is_discarded()
                          ? ClaimsWithout(test.claim)
                          : ClaimsWith(test.claim, test.value);
  const absl::Status status = Verify(claims).status();
  EXPECT_EQ(RejectionOf(status), Rejection::kInvalid) << status;
  EXPECT_EQ(status.message(), test.message);
}

const Json kMissing(Json::value_t::discarded);

std::string NameOf(const testing::TestParamInfo<ClaimCase>& info) {
  return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    Claims, BadClaimTest,
    testing::ValuesIn(std::vector<ClaimCase>{
        {"IssMissing", "iss", kMissing, "iss: missing or not a string"},
        {"IssNumber", "iss", 7, "iss: missing or not a string"},
        {"IssUnknown", "iss", "https://as.example/",
         "iss: not a configured issuer"},
        {"AudMissing", "aud", kMissing, "aud: missing"},
        {"AudOther", "aud", "broke", "aud: the token is for another audience"},
        {"AudCase", "aud", "Broker", "aud: the token is for another audience"},
        {"AudEmptyArray", "aud", Json::array(),
         "aud: the token is for another audience"},
        {"AudOthers",
         "aud",
         {"x", "y"},
         "aud: the token is for another audience"},
        {"AudObject",
         "aud",
         {{"broker", 1}},
         "aud: neither a string nor an array"},
        {"AudNull", "aud", nullptr, "aud: neither a string nor an array"},
        {"AudMixedArray",
         "aud",
         {"broker", 7},
         "aud: holds what is not a string"},
        {"ExpMissing", "exp", kMissing, "exp: missing"},
        {"ExpText", "exp", "1700000060", "exp: not a number"},
        {"ExpNull", "exp", nullptr, "exp: not a number"},
        {"ExpNegative", "exp", -1, "exp: out of range"},
        {"ExpNegativeFraction", "exp", -0.5, "exp: out of range"},
        {"ExpYear10000", "exp", int64_t{253402300800}, "exp: out of range"},
        {"ExpHuge", "exp", UINT64_MAX, "exp: out of range"},
        {"ExpHugeFraction", "exp", 1e300, "exp: out of range"},
        {"NbfText", "nbf", "now", "nbf: not a number"},
        {"NbfHuge", "nbf", 1e300, "nbf: out of range"},
        {"NbfAhead", "nbf", kTestNow + 31, "nbf: the token is not valid yet"},
        {"IatText", "iat", true, "iat: not a number"},
        {"IatAhead", "iat", kTestNow + 31,
         "iat: the token is issued in the future"},
        {"SubNumber", "sub", 7, "sub: not a string"},
        {"SubControl", "sub", "a\nb", "sub: holds a control character"},
        {"SubNul", "sub", std::string("a\0b", 3),
         "sub: holds a control character"},
        {"JtiNumber", "jti", 7, "jti: not a string"},
        {"JtiControl", "jti", "\x7f", "jti: holds a control character"},
        {"ExiZero", "exi", 0, "exi: not a positive whole number"},
        {"ExiNegative", "exi", -1, "exi: not a positive whole number"},
        {"ExiFraction", "exi", 1.5, "exi: not a positive whole number"},
        {"ExiText", "exi", "60", "exi: not a positive whole number"},
        {"ExiHuge", "exi", UINT64_MAX, "exi: out of range"},
        {"CnonceNumber", "cnonce", 7, "cnonce: not a string"},
        {"CnoncePadded", "cnonce", "AA==", "cnonce: not base64url"},
        {"CnonceEmpty", "cnonce", "", "cnonce: empty"},
        {"ProfileOther", "ace_profile", "coap_dtls",
         "ace_profile: not mqtt_tls"},
        {"ProfileNumber", "ace_profile", 1, "ace_profile: not mqtt_tls"},
        {"ProfileFraction", "ace_profile", 3.0, "ace_profile: not mqtt_tls"},
        {"ProfileNull", "ace_profile", nullptr, "ace_profile: not mqtt_tls"},
        {"ScopeArray", "scope", {{"a", {"pub"}}}, "scope: not a string"},
        {"ScopeNull", "scope", nullptr, "scope: not a string"},
        {"ScopeWords", "scope", "publish_a", "scope: not base64url"},
        {"ScopeBadFilter", "scope", "W1siYSMiLFsicHViIl1dXQ",
         "scope entry 0: not a valid topic filter"},
    }),
    NameOf);

const Json kEd25519Public = {
    {"kty", "OKP"},
    {"crv", "Ed25519"},
    {"x", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}};
const std::string kRsaJwk =
    R"({"kty":"RSA","e":"AQAB","n":")" + std::string(341, '_') + R"(w"})";
const Json kOct = {{"kty", "oct"}, {"k", std::string(kHs256Secret)}};

Json With(Json object, const char* member, const Json& value) {
  object[member] = value;
  return object;
}

INSTANTIATE_TEST_SUITE_P(
    Confirmation, BadClaimTest,
    testing::ValuesIn(std::vector<ClaimCase>{
        {"CnfMissing", "cnf", kMissing, "cnf: missing"},
        {"CnfText", "cnf", "jwk", "cnf: not an object"},
        {"CnfEmpty", "cnf", Json::object(),
         "cnf: none of jwk, jwe, x5t#S256 and kid"},
        {"CnfUnknown",
         "cnf",
         {{"key", "x"}},
         "cnf: none of jwk, jwe, x5t#S256 and kid"},
        {"KidAlone",
         "cnf",
         {{"kid", "x"}},
         "cnf.kid: the name of no known key of the subject"},
        {"KidNumber", "cnf", {{"kid", 7}}, "cnf.kid: not a string"},
        {"CertificateHash",
         "cnf",
         {{"x5t#S256", "x"}},
         "cnf.x5t#S256: not base64url"},
        {"CertificateHashNumber",
         "cnf",
         {{"x5t#S256", 7}},
         "cnf.x5t#S256: not base64url"},
        {"CertificateHashShort",
         "cnf",
         {{"x5t#S256", "AAAA"}},
         "cnf.x5t#S256: not 32 bytes"},
        {"CertificateHashToo",
         "cnf",
         {{"jwk", kEd25519Public}, {"x5t#S256", "x"}},
         "cnf: more than one of jwk, jwe and x5t#S256"},
        {"Jku",
         "cnf",
         {{"jku", "https://x"}, {"kid", "y"}},
         "cnf.jku: not supported"},
        {"TwoKeys",
         "cnf",
         {{"jwk", kEd25519Public}, {"jwe", "x"}},
         "cnf: more than one of jwk, jwe and x5t#S256"},
        {"SymmetricInClear",
         "cnf",
         {{"jwk", kOct}},
         "cnf.jwk: a symmetric key in clear"},
        {"JwkText", "cnf", {{"jwk", "x"}}, "cnf.jwk: not a JSON object"},
        {"JwkPrivate",
         "cnf",
         {{"jwk", With(kEd25519Public, "d", "AAAA")}},
         "cnf.jwk: d: a private key where a public one belongs"},
        {"JwkRsa",
         "cnf",
         {{"jwk", Json::parse(kRsaJwk)}},
         "cnf.jwk: not a type that proves possession"},
        {"JwkX25519",
         "cnf",
         {{"jwk", With(kEd25519Public, "crv", "X25519")}},
         "cnf.jwk: not a type that proves possession"},
        {"JwkBad",
         "cnf",
         {{"jwk", With(kEd25519Public, "x", "AAAA")}},
         "cnf.jwk: x: not 32 bytes"},
        {"JwkOtherAlg",
         "cnf",
         {{"jwk", With(kEd25519Public, "alg", "ES256")}},
         "cnf.jwk: alg is not that of the key's type"},
        {"JwkAlgNone",
         "cnf",
         {{"jwk", With(kEd25519Public, "alg", "none")}},
         "cnf.jwk: alg is not that of the key's type"},
        {"JwkUse",
         "cnf",
         {{"jwk", With(kEd25519Public, "use", "enc")}},
         "cnf.jwk: use or key_ops forbid signatures"},
        {"JweObject",
         "cnf",
         {{"jwe", Json::object()}},
         "cnf.jwe: not a string"},
        {"JweText",
         "cnf",
         {{"jwe", "x"}},
         "cnf.jwe: not five parts divided by dots"},
        {"JweAsymmetric",
         "cnf",
         {{"jwe", Encrypt(kEd25519Public.dump())}},
         "cnf.jwe: the key inside is not symmetric"},
        {"JweNoJwk",
         "cnf",
         {{"jwe", Encrypt("[]")}},
         "cnf.jwe, the key inside: not a JSON object"},
        {"JweShort",
         "cnf",
         {{"jwe", Encrypt(R"({"kty":"oct","k":"AAECAw"})")}},
         "cnf.jwe, the key inside: k is shorter than 16 bytes"},
        {"JweOtherAlg",
         "cnf",
         {{"jwe", Encrypt(With(kOct, "alg", "HS512").dump())}},
         "cnf.jwe, the key inside: alg is not that of the key's type"},
    }),
    NameOf);

// --- The claims: what is allowed. ---

class GoodClaimTest
    : public testing::TestWithParam<std::pair<const char*, Json>> {};

TEST_P(GoodClaimTest, IsAccepted) {
  const auto& [claim, value] = GetParam();
  const absl::StatusOr<VerifiedToken> token = Verify(
      value.is_discarded() ? ClaimsWithout(claim) : ClaimsWith(claim, value));
  EXPECT_TRUE(token.ok()) << token.status();
}

INSTANTIATE_TEST_SUITE_P(
    Claims, GoodClaimTest,
    testing::ValuesIn(std::vector<std::pair<const char*, Json>>{
        {"aud", {"x", "broker"}},
        {"sub", kMissing},
        {"jti", kMissing},
        {"nbf", kMissing},
        {"nbf", kTestNow + 30},
        {"nbf", 0},
        {"iat", kMissing},
        {"iat", kTestNow + 30},
        {"exp", kTestNow + 0.5},
        {"exp", int64_t{253402300799}},
        {"ace_profile", "mqtt_tls"},
        {"ace_profile", 3},
        {"unknown", {{"a", 1}}},
        {"cnf", {{"jwk", kEd25519Public}, {"kid", "x"}}},
        {"cnf", {{"jwk", With(kEd25519Public, "alg", "EdDSA")}}},
        {"cnf", {{"jwk", kEd25519Public}, {"unknown", 1}}},
    }));

TEST(TokenVerifierTest, AbsentNamesAreEmpty) {
  Json claims = ClaimsWithout("sub");
  claims.erase("jti");
  EXPECT_EQ(Verify(claims)->subject, "");
  EXPECT_EQ(Verify(claims)->token_id, "");
}

TEST(TokenVerifierTest, AbsentAndEmptyScopesPermitNothing) {
  EXPECT_EQ(Verify(ClaimsWithout("scope"))->scope, Scope());
  EXPECT_EQ(Verify(ClaimsWith("scope", ""))->scope, Scope());
  EXPECT_EQ(Verify(ClaimsWith("scope", "W10"))->scope, Scope());
}

// covers: ACE-D01-1
TEST(TokenVerifierTest, TheIssuersProfileChoosesTheScopesSyntax) {
  TokenVerifier::Options options = TestOptions();
  options.issuers[0].profile = Profile::kDraft01;
  const TokenVerifier verifier = TokenVerifier::Create(options).value();
  const std::string words = TestToken(ClaimsWith("scope", "subscribe_a/#"));
  const absl::StatusOr<VerifiedToken> token =
      verifier.Verify(AsBytes(words), TestNow());
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->profile, Profile::kDraft01);
  EXPECT_EQ(token->scope, (Scope{{{"a/#", false, true}}}));
  EXPECT_FALSE(verifier.Verify(AsBytes(TestToken()), TestNow()).ok());
}

TEST(TokenVerifierTest, DecryptsASymmetricKey) {
  const absl::StatusOr<VerifiedToken> token =
      Verify(ClaimsWith("cnf", {{"jwe", Encrypt(kHs256Jwk)}}));
  ASSERT_TRUE(token.ok()) << token.status();
  const SigningKey client = TestKey(kHs256Jwk);
  EXPECT_EQ(token->pop_key.thumbprint(), client.jwk().Thumbprint());
  const std::string proof = client.Sign(AsBytes("content")).value();
  EXPECT_EQ(VerifyProof(token->pop_key, AsBytes("content"), AsBytes(proof)),
            absl::OkStatus());

  TokenVerifier::Options options = TestOptions();
  options.decryption_keys = DecryptionKeySet();
  const std::string text =
      TestToken(ClaimsWith("cnf", {{"jwe", Encrypt(kHs256Jwk)}}));
  EXPECT_EQ(TokenVerifier::Create(options)
                ->Verify(AsBytes(text), TestNow())
                .status()
                .message(),
            "cnf.jwe: no decryption key fits");
}

// --- Keys that are elsewhere. ---

class FakeKnownKeys : public KnownKeysInterface {
 public:
  absl::StatusOr<std::optional<PopKey>> FindByKid(
      absl::string_view issuer, absl::string_view subject,
      absl::string_view kid, absl::Time now) const override {
    if (kid == "broken") return absl::UnavailableError("no store");
    if (issuer != kTestIssuer ||
        subject != TestClaims()["sub"].get<std::string>() || kid != "known" ||
        now != TestNow()) {
      return std::optional<PopKey>();
    }
    return std::make_optional(
        PopKey::FromJwk(TestKey(kP256PrivateJwk).jwk()).value());
  }
};

TEST(TokenVerifierTest, FindsAKeyByItsName) {
  TokenVerifier::Options options = TestOptions();
  options.known_keys = std::make_shared<FakeKnownKeys>();
  const TokenVerifier verifier = TokenVerifier::Create(options).value();
  const auto verify = [&](const char* kid) {
    return verifier.Verify(
        AsBytes(TestToken(ClaimsWith("cnf", {{"kid", kid}}))), TestNow());
  };
  EXPECT_EQ(verify("known")->pop_key.thumbprint(),
            TestKey(kP256PrivateJwk).jwk().Thumbprint());
  EXPECT_EQ(RejectionOf(verify("other").status()), Rejection::kInvalid);
  // Of somebody else, and of nobody.
  Json claims = ClaimsWith("cnf", {{"kid", "known"}});
  claims["sub"] = "somebody else";
  EXPECT_EQ(
      verifier.Verify(AsBytes(TestToken(claims)), TestNow()).status().message(),
      "cnf.kid: the name of no known key of the subject");
  claims.erase("sub");
  EXPECT_EQ(
      verifier.Verify(AsBytes(TestToken(claims)), TestNow()).status().message(),
      "cnf.kid: a name alone needs a sub, whose it is");
  // That nobody could be asked is not a refusal.
  EXPECT_EQ(verify("broken").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(RejectionOf(verify("broken").status()), std::nullopt);
}

// covers: ACE-TOK-4
TEST(TokenVerifierTest, NamesAKeyByItselfOrBesideIt) {
  const auto kid_of = [](const char* own, const char* beside) {
    Json key = kEd25519Public;
    key.update(Json::parse(own));
    Json cnf = {{"jwk", key}};
    if (beside != nullptr) cnf["kid"] = beside;
    const absl::StatusOr<VerifiedToken> token = Verify(ClaimsWith("cnf", cnf));
    EXPECT_TRUE(token.ok()) << token.status();
    return token.ok() ? std::string(token->pop_key.kid()) : "";
  };
  EXPECT_EQ(kid_of(R"({"kid":"own"})", nullptr), "own");
  EXPECT_EQ(kid_of(R"({"kid":"own"})", ""), "own");
  EXPECT_EQ(kid_of(R"({"kid":"own"})", "beside"), "beside");
  EXPECT_EQ(kid_of("{}", "beside"), "beside");
  EXPECT_EQ(kid_of("{}", nullptr), "");
}

TEST(TokenVerifierTest, ACertificatesHashTakesNoProofOverMqtt) {
  const std::string hash(32, 'h');
  const absl::StatusOr<VerifiedToken> token =
      Verify(ClaimsWith("cnf", {{"x5t#S256", Base64UrlEncode(AsBytes(hash))}}));
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_TRUE(token->pop_key.is_certificate());
  EXPECT_EQ(token->pop_key.thumbprint(),
            PopKey::CertificateIdentity(AsBytes(hash)));
  EXPECT_EQ(token->pop_key.kid(), "");
  EXPECT_EQ(RejectionOf(VerifyProof(token->pop_key, AsBytes("content"),
                                    AsBytes(std::string(64, 's')))),
            Rejection::kProof);
}

// --- Keys that are read from the issuer. ---

TokenVerifier FetchedVerifier() {
  TokenVerifier::Options options = TestOptions();
  options.issuers[0].key_source = KeySource::kFetched;
  return TokenVerifier::Create(options).value();
}

// covers: ACE-TOK-2
TEST(TokenVerifierTest, WithoutTheIssuersKeysNothingIsDecided) {
  TokenVerifier::Options options = TestOptions();
  options.issuers[0].keys = JwkSet();
  options.issuers[0].key_source = KeySource::kPending;
  const TokenVerifier pending = TokenVerifier::Create(options).value();
  const std::string token = TestToken(TestClaims());
  const absl::Status status =
      pending.Verify(AsBytes(token), TestNow()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(RejectionOf(status), std::nullopt);
  EXPECT_EQ(IssuerWithMissingKeys(status), kTestIssuer);
  const TokenVerifier ready = FetchedVerifier();
  EXPECT_TRUE(ready.Verify(AsBytes(token), TestNow()).ok());
  // Of another issuer's tokens everything is known.
  Json claims = TestClaims();
  claims["iss"] = "https://other.example";
  EXPECT_EQ(RejectionOf(
                pending.Verify(AsBytes(TestToken(claims)), TestNow()).status()),
            Rejection::kInvalid);
}

// covers: ACE-TOK-2
TEST(TokenVerifierTest, SaysWhereNewerKeysMayHelp) {
  const TokenVerifier configured = TokenVerifier::Create(TestOptions()).value();
  const TokenVerifier fetched = FetchedVerifier();
  const auto outcome = [](const TokenVerifier& verifier, const char* kid) {
    const SigningKey key =
        TestKey(kEd25519PrivateJwk, absl::StrCat(R"({"kid":")", kid, R"("})"));
    return verifier
        .Verify(AsBytes(SignJwt(key, TestClaims().dump()).value()), TestNow())
        .status();
  };
  EXPECT_EQ(RejectionOf(outcome(fetched, "other")), Rejection::kInvalid);
  EXPECT_EQ(IssuerWithMissingKeys(outcome(fetched, "other")), kTestIssuer);
  EXPECT_EQ(RejectionOf(outcome(configured, "other")), Rejection::kInvalid);
  EXPECT_EQ(IssuerWithMissingKeys(outcome(configured, "other")), std::nullopt);
}

// --- Encrypted tokens. ---

// `token` as a JWE for the decryption key.
std::string EncryptToken(absl::string_view token) {
  return EncryptJwe(AsBytes(token), Jwk::Parse(kDecryptionKey).value()).value();
}

TEST(TokenVerifierTest, DecryptsASignedToken) {
  // Inside the encryption a symmetric key may be in clear.
  for (const Json& cnf : {Json(TestClaims()["cnf"]), Json{{"jwk", kOct}},
                          Json{{"jwe", Encrypt(kHs256Jwk)}}}) {
    const std::string token = EncryptToken(TestToken(ClaimsWith("cnf", cnf)));
    const absl::StatusOr<VerifiedToken> verified =
        TestVerifier().Verify(AsBytes(token), TestNow());
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_EQ(verified->subject, "alice");
  }
}

TEST(TokenVerifierTest, EncryptionVouchesForNothing) {
  const SigningKey forger = SigningKey::Generate(Algorithm::kEdDsa).value();
  const std::string header = Base64UrlEncode(AsBytes(R"({"alg":"none"})"));
  struct Case {
    std::string inner;
    absl::string_view message;
  };
  for (const Case& test : std::vector<Case>{
           {TestClaims().dump(), "what is encrypted is not a signed token"},
           {"", "what is encrypted is not a signed token"},
           {EncryptToken(TestToken()),
            "what is encrypted is not a signed token"},
           {absl::StrCat(header, ".", Base64UrlEncode(AsBytes("{}")), "."),
            "the header's alg is none"},
           {SignJws(forger, R"({"alg":"EdDSA"})", TestClaims().dump()).value(),
            "the signature is wrong"},
           {TestToken(ClaimsWith("aud", "other")),
            "aud: the token is for another audience"},
           // Whoever asks learns nothing of what is inside.
           {absl::StrCat(TestToken(), "!"),
            "what is encrypted: the signature is not base64url"},
       }) {
    const std::string token = EncryptToken(test.inner);
    const absl::Status status =
        TestVerifier().Verify(AsBytes(token), TestNow()).status();
    EXPECT_EQ(RejectionOf(status), Rejection::kInvalid) << status;
    EXPECT_EQ(status.message(), test.message);
  }
  // Encrypted for somebody else.
  TokenVerifier::Options options = TestOptions();
  options.decryption_keys = DecryptionKeySet();
  const std::string token = EncryptToken(TestToken());
  EXPECT_EQ(TokenVerifier::Create(options)
                ->Verify(AsBytes(token), TestNow())
                .status()
                .message(),
            "no decryption key fits");
}

// covers: ACE-AZI-2
TEST(TokenVerifierTest, TellsWhatIsNoJweFromOneThatDoesNotDecrypt) {
  const auto rejection = [](absl::string_view token) {
    return RejectionOf(
        TestVerifier().Verify(AsBytes(token), TestNow()).status());
  };
  const std::string token = EncryptToken(TestToken());
  EXPECT_EQ(rejection(token), std::nullopt);
  std::vector<std::string> parts = absl::StrSplit(token, '.');
  for (size_t i = 1; i < parts.size(); ++i) {
    std::vector<std::string> changed = parts;
    changed[i] = "!";
    EXPECT_EQ(rejection(absl::StrJoin(changed, ".")), Rejection::kUnparsable);
    changed[i] = "";
    EXPECT_EQ(rejection(absl::StrJoin(changed, ".")),
              i % 2 == 0 ? Rejection::kUnparsable : Rejection::kInvalid);
    changed[i] = "AAAA";
    EXPECT_EQ(rejection(absl::StrJoin(changed, ".")), Rejection::kInvalid);
  }
  parts[0] = Base64UrlEncode(AsBytes(R"({"alg":"dir"})"));
  EXPECT_EQ(rejection(absl::StrJoin(parts, ".")), Rejection::kUnparsable);
}

// --- exi. ---

// covers: ACE-TOK-8
TEST(TokenVerifierTest, ALifeMayCountFromTheFirstTime) {
  const TokenVerifier verifier = TokenVerifier::Create(TestOptions()).value();
  Json claims = ClaimsWithout("exp");
  claims["exi"] = 60;
  const std::string alone = TestToken(claims);
  const absl::StatusOr<VerifiedToken> token =
      verifier.Verify(AsBytes(alone), TestNow());
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->exi, absl::Seconds(60));
  EXPECT_EQ(token->expires_at, absl::InfiniteFuture());
  EXPECT_EQ(ExpiryFrom(*token, TestNow()), TestNow() + absl::Seconds(60));
  // As long as messages can say.
  EXPECT_EQ(ExpiryFrom(*token, kLastInstant - absl::Seconds(59)), kLastInstant);

  // Beside an exp, whichever is sooner.
  claims["exp"] = kTestNow + 10;
  const std::string both = TestToken(claims);
  const absl::StatusOr<VerifiedToken> sooner =
      verifier.Verify(AsBytes(both), TestNow());
  ASSERT_TRUE(sooner.ok()) << sooner.status();
  EXPECT_EQ(ExpiryFrom(*sooner, TestNow()), TestNow() + absl::Seconds(10));
  EXPECT_EQ(ExpiryFrom(*sooner, TestNow() - absl::Seconds(55)),
            TestNow() + absl::Seconds(5));
  // Without exi, exp it is.
  EXPECT_EQ(ExpiryFrom(*Verify(TestClaims()), TestNow()),
            TestNow() + absl::Seconds(60));

  // Nobody could remember it.
  claims.erase("jti");
  const std::string nameless = TestToken(claims);
  const absl::Status status =
      verifier.Verify(AsBytes(nameless), TestNow()).status();
  EXPECT_EQ(RejectionOf(status), Rejection::kInvalid);
  EXPECT_EQ(status.message(), "exi: without jti or cti");
}

// --- cnonce. ---

// covers: ACE-CON-2
TEST(TokenVerifierTest, TheClientNonceIsHandedOn) {
  Json claims = TestClaims();
  EXPECT_EQ(Verify(claims)->client_nonce, "");
  claims["cnonce"] = "4KFWuz8";
  EXPECT_EQ(Verify(claims)->client_nonce, "\xe0\xa1\x56\xbb\x3f");
}

// --- Time. ---

TEST(TokenVerifierTest, ExpiresAtExpAndTheLeeway) {
  const absl::Time exp = TestNow() + absl::Seconds(60);
  const auto rejection = [](absl::Time now) {
    return RejectionOf(Verify(TestClaims(), now).status());
  };
  EXPECT_EQ(rejection(exp + absl::Seconds(30) - absl::Nanoseconds(1)),
            std::nullopt);
  EXPECT_EQ(rejection(exp + absl::Seconds(30)), Rejection::kExpired);
  EXPECT_EQ(rejection(exp + absl::Hours(1)), Rejection::kExpired);
}

TEST(TokenVerifierTest, WithoutLeewayExpIsExact) {
  TokenVerifier::Options options = TestOptions();
  options.clock_skew = absl::ZeroDuration();
  const TokenVerifier verifier = TokenVerifier::Create(options).value();
  const auto rejection = [&](const Json& claims, absl::Time now) {
    return RejectionOf(
        verifier.Verify(AsBytes(TestToken(claims)), now).status());
  };
  const absl::Time exp = TestNow() + absl::Seconds(60);
  EXPECT_EQ(rejection(TestClaims(), exp - absl::Nanoseconds(1)), std::nullopt);
  EXPECT_EQ(rejection(TestClaims(), exp), Rejection::kExpired);
  EXPECT_EQ(rejection(ClaimsWith("nbf", kTestNow), TestNow()), std::nullopt);
  EXPECT_EQ(rejection(ClaimsWith("nbf", kTestNow + 1), TestNow()),
            Rejection::kInvalid);
  EXPECT_EQ(rejection(ClaimsWith("iat", kTestNow + 1), TestNow()),
            Rejection::kInvalid);
}

// The leeway admits; it does not prolong.
TEST(TokenVerifierTest, LeewayDoesNotProlongALivingToken) {
  const absl::Time exp = TestNow() + absl::Seconds(60);
  EXPECT_EQ(Verify(TestClaims(), exp - absl::Nanoseconds(1))->expires_at, exp);
  EXPECT_EQ(Verify(TestClaims(), exp)->expires_at, exp + absl::Seconds(30));
}

// covers: ACE-TOK-3
TEST(TokenVerifierTest, ATokenIsTakenForAsLongWheneverItIsPresented) {
  const absl::Time exp = TestNow() + absl::Seconds(60);
  for (const absl::Time now : {TestNow(), exp, exp + absl::Seconds(29)}) {
    EXPECT_EQ(Verify(TestClaims(), now)->taken_until, exp + absl::Seconds(30));
  }
  EXPECT_EQ(
      Verify(ClaimsWith("exp", absl::ToUnixSeconds(kLastInstant)))->taken_until,
      kLastInstant);
}

TEST(TokenVerifierTest, KeepsFractionsOfASecond) {
  EXPECT_EQ(Verify(ClaimsWith("exp", kTestNow + 0.25))->expires_at,
            TestNow() + absl::Milliseconds(250));
}

TEST(TokenVerifierTest, TellsExpiredOnlyWhereAllElseIsInOrder) {
  Json claims = ClaimsWith("aud", "elsewhere");
  claims["exp"] = 0;
  EXPECT_EQ(RejectionOf(Verify(claims).status()), Rejection::kInvalid);
  EXPECT_EQ(RejectionOf(Verify(ClaimsWith("exp", 0)).status()),
            Rejection::kExpired);
}

// --- Secrets. ---

TEST(TokenVerifierTest, MessagesHoldNothingOfTheToken) {
  const SigningKey key = TestKey(kEd25519PrivateJwk);
  std::vector<std::string> tokens;
  for (const char* claim : {"iss", "aud", "exp", "nbf", "iat", "jti",
                            "ace_profile", "scope", "cnf"}) {
    tokens.push_back(TestToken(ClaimsWith(claim, "s3cret\n")));
    tokens.push_back(TestToken(ClaimsWith(claim, {{"s3cret", "s3cret"}})));
  }
  for (const char* member : {"kty", "crv", "x", "kid", "alg", "use"}) {
    tokens.push_back(TestToken(
        ClaimsWith("cnf", {{"jwk", With(kEd25519Public, member, "s3cret")}})));
  }
  tokens.push_back(TestToken(
      ClaimsWith("cnf", {{"jwk", {{"kty", "oct"}, {"k", "s3crets3cret"}}}})));
  tokens.push_back(TestToken(ClaimsWith(
      "cnf", {{"jwe", Encrypt(R"({"kty":"oct","k":"s3cret=="})")}})));
  tokens.push_back(TestToken(ClaimsWith("cnf", {{"jwe", "s3cret.a.b.c.d"}})));
  for (const char* header :
       {R"({"alg":"s3cret"})", R"({"alg":"EdDSA","kid":"s3cret"})",
        R"({"alg":"EdDSA","crit":["s3cret"]})"}) {
    tokens.push_back(SignJws(key, header, "{}").value());
  }
  tokens.push_back(SignJwt(key, R"({"s3cret" s3cret})").value());
  tokens.push_back("s3cret.s3cret.s3cret");
  tokens.push_back(EncryptToken("s3cret"));
  tokens.push_back(TestToken(ClaimsWith("cnf", {{"x5t#S256", "s3cret="}})));
  tokens.push_back(TestToken(ClaimsWith("cnf", {{"kid", "s3cret"}})));
  for (const std::string& token : tokens) {
    const absl::Status status =
        TestVerifier().Verify(AsBytes(token), TestNow()).status();
    // A JWK's kid is a name like any other; that token is good.
    if (status.ok()) continue;
    EXPECT_FALSE(absl::StrContains(status.ToString(), "s3cret")) << status;
    for (const absl::string_view part : absl::StrSplit(token, '.')) {
      if (part.size() < 4) continue;
      EXPECT_FALSE(absl::StrContains(status.ToString(), part)) << status;
    }
  }
}

// --- What is remembered of tokens. ---

TEST(TokenVerifierTest, ChecksTheClaimsOfATokenThatItRemembers) {
  const TokenVerifier verifier = TestVerifier();
  const std::string token = TestToken();
  TokenCache cache;
  const absl::StatusOr<VerifiedToken> first =
      verifier.Verify(AsBytes(token), TestNow(), &cache);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_NE(cache.Find(Sha256(AsBytes(token))), nullptr);
  const absl::StatusOr<VerifiedToken> again =
      verifier.Verify(AsBytes(token), TestNow() + absl::Seconds(59), &cache);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->subject, first->subject);
  EXPECT_EQ(again->scope, first->scope);
  EXPECT_EQ(again->pop_key.thumbprint(), first->pop_key.thumbprint());
  EXPECT_EQ(again->expires_at, first->expires_at);
  EXPECT_EQ(again->digest, first->digest);
  EXPECT_EQ(
      RejectionOf(
          verifier.Verify(AsBytes(token), TestNow() + absl::Seconds(91), &cache)
              .status()),
      Rejection::kExpired);
}

TEST(TokenVerifierTest, RemembersNothingOfATokenThatIsNotVouchedFor) {
  const TokenVerifier verifier = TestVerifier();
  std::string token = TestToken();
  token[token.size() - 2] = token[token.size() - 2] == 'A' ? 'B' : 'A';
  TokenCache cache;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(RejectionOf(
                  verifier.Verify(AsBytes(token), TestNow(), &cache).status()),
              Rejection::kInvalid);
    EXPECT_EQ(cache.bytes(), 0u);
  }
}

// Else a key that takes over a name would not be the one that is asked for.
TEST(TokenVerifierTest, RemembersNoTokenThatOnlyNamesItsKey) {
  TokenVerifier::Options options = TestOptions();
  options.known_keys = std::make_shared<FakeKnownKeys>();
  const TokenVerifier verifier = TokenVerifier::Create(options).value();
  const std::string token = TestToken(ClaimsWith("cnf", {{"kid", "known"}}));
  TokenCache cache;
  ASSERT_TRUE(verifier.Verify(AsBytes(token), TestNow(), &cache).ok());
  EXPECT_EQ(cache.bytes(), 0u);
}

}  // namespace
}  // namespace sluice::ace
