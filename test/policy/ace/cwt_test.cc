#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/ace/cbor_writer.h"
#include "policy/ace/cose_key.h"
#include "policy/ace/cose_sign.h"
#include "policy/ace/rejection.h"
#include "policy/ace/token_verifier.h"
#include "proxy/base/bytes.h"
#include "test/policy/ace/test_tokens.h"

// covers: ACE-TOK-1, ACE-TOK-2, ACE-TOK-3, ACE-TOK-4, ACE-TOK-6, ACE-SCP-1,
// ACE-SCP-5

namespace sluice::ace {
namespace {

constexpr char kRsKey[] =
    R"({"kty":"oct","kid":"rs","k":"QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8"})";
constexpr char kIssuerKey[] =
    R"({"kty":"oct","use":"enc","kid":"as","k":"AAECAwQFBgcICQoLDA0ODw"})";

std::string Bytes(absl::string_view hex) { return absl::HexStringToBytes(hex); }

TokenVerifier::Options TestOptions() {
  TokenVerifier::Options options;
  options.issuers = {
      {kTestIssuer, Profile::kRfc9431,
       TestKeySet({TestKey(kEd25519PrivateJwk).jwk().ToJson(), kIssuerKey})}};
  options.audience = kTestAudience;
  options.decryption_keys = TestDecryptionKeys({kRsKey});
  return options;
}

absl::StatusOr<VerifiedToken> Verify(
    const std::string& token,
    const TokenVerifier::Options& options = TestOptions()) {
  return TokenVerifier::Create(options)->Verify(AsBytes(token), TestNow());
}

// --- Claims: encoded values by their keys. ---

using Claims = std::map<int64_t, std::string>;

std::string Text(absl::string_view text) {
  return CborWriter().Text(text).bytes();
}
std::string Number(int64_t number) {
  return CborWriter().Integer(number).bytes();
}
std::string Octets(absl::string_view bytes) {
  return CborWriter().Bytes(AsBytes(bytes)).bytes();
}

std::string Map(const Claims& entries) {
  CborWriter writer;
  writer.Map(entries.size());
  for (const auto& [key, value] : entries) writer.Integer(key).Encoded(value);
  return writer.bytes();
}

// [["a/#", ["pub", "sub"]]]
const std::string kScope = Bytes("818263612f23826370756263737562");

std::string PublicKey() {
  return EncodeCoseKey(TestKey(kP256PrivateJwk).jwk());
}

Claims ValidClaims() {
  return {{1, Text(kTestIssuer)},
          {2, Text("alice")},
          {3, Text(kTestAudience)},
          {4, Number(kTestNow + 60)},
          {5, Number(kTestNow - 10)},
          {6, Number(kTestNow - 10)},
          {7, Octets(Bytes("0b71"))},
          {8, Map({{1, PublicKey()}})},
          {9, kScope},
          {38, Number(3)}};
}

Claims With(int64_t key, const std::string& value) {
  Claims claims = ValidClaims();
  claims[key] = value;
  return claims;
}

Claims Without(int64_t key) {
  Claims claims = ValidClaims();
  claims.erase(key);
  return claims;
}

std::string Sign(const Claims& claims) {
  return SignCwt(TestKey(kEd25519PrivateJwk), Map(claims)).value();
}

std::string EncryptForRs(absl::string_view plaintext) {
  return EncryptCose(AsBytes(plaintext), Jwk::Parse(kRsKey).value(),
                     ContentEncryption::kA256Gcm)
      .value();
}

TEST(CwtTest, ReadsAValidToken) {
  const std::string token = Sign(ValidClaims());
  for (const std::string& form :
       {token, Bytes("d83d") + token, token.substr(1)}) {
    const absl::StatusOr<VerifiedToken> verified = Verify(form);
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_EQ(verified->issuer, kTestIssuer);
    EXPECT_EQ(verified->profile, Profile::kRfc9431);
    EXPECT_EQ(verified->subject, "alice");
    EXPECT_EQ(verified->token_id, "0b71");
    EXPECT_EQ(verified->scope, (Scope{{{"a/#", true, true}}}));
    EXPECT_EQ(verified->expires_at, TestNow() + absl::Seconds(60));
    const SigningKey client = TestKey(kP256PrivateJwk);
    EXPECT_EQ(verified->pop_key.thumbprint(), client.jwk().Thumbprint());
    const std::string proof = client.Sign(AsBytes("content")).value();
    EXPECT_EQ(
        VerifyProof(verified->pop_key, AsBytes("content"), AsBytes(proof)),
        absl::OkStatus());
  }
}

TEST(CwtTest, TakesEveryAlgorithm) {
  for (const Algorithm algorithm :
       {Algorithm::kEdDsa, Algorithm::kEs256, Algorithm::kHs256}) {
    const SigningKey key = SigningKey::Generate(algorithm).value();
    TokenVerifier::Options options = TestOptions();
    options.issuers[0].keys = TestKeySet({key.jwk().ToJson()});
    const std::string token = SignCwt(key, Map(ValidClaims())).value();
    EXPECT_EQ(Verify(token, options).status(), absl::OkStatus());
  }
}

TEST(CwtTest, RefusesEveryChangeOfAByte) {
  const TokenVerifier verifier = TokenVerifier::Create(TestOptions()).value();
  for (const std::string& token :
       {Sign(ValidClaims()), EncryptForRs(Sign(ValidClaims()))}) {
    for (size_t i = 0; i < token.size(); ++i) {
      std::string changed = token;
      changed[i] ^= 1;
      const absl::Status status =
          verifier.Verify(AsBytes(changed), TestNow()).status();
      EXPECT_TRUE(RejectionOf(status).has_value()) << i << status;
    }
  }
}

TEST(CwtTest, ChecksTheSignatureBeforeTheClaims) {
  const SigningKey forger = SigningKey::Generate(Algorithm::kEdDsa).value();
  Claims claims = With(3, Text("elsewhere"));
  claims[8] = Number(7);
  const std::string token =
      SignCose(forger, Bytes("a10127"), Bytes("a0"), Map(claims)).value();
  EXPECT_EQ(Verify(token).status().message(), "the signature is wrong");
}

TEST(CwtTest, TellsWhatIsNoToken) {
  EXPECT_EQ(RejectionOf(Verify("").status()), Rejection::kUnparsable);
  EXPECT_EQ(RejectionOf(Verify("\x84").status()), Rejection::kUnparsable);
  EXPECT_EQ(RejectionOf(Verify(Map(ValidClaims())).status()),
            Rejection::kUnparsable);
  EXPECT_EQ(RejectionOf(Verify(Sign(ValidClaims()) + "x").status()),
            Rejection::kUnparsable);
  for (const std::string& payload :
       {std::string(), Number(7), std::string("\x80"),
        Map(ValidClaims()) + "x"}) {
    const std::string token =
        SignCwt(TestKey(kEd25519PrivateJwk), payload).value();
    const absl::Status status = Verify(token).status();
    EXPECT_EQ(RejectionOf(status), Rejection::kUnparsable) << status;
    EXPECT_TRUE(absl::StartsWith(status.message(), "payload: ")) << status;
    EXPECT_EQ(RejectionOf(Verify(EncryptForRs(token)).status()),
              Rejection::kInvalid);
  }
}

// --- Each claim in each way in which it can be wrong. ---

struct ClaimCase {
  const char* name;
  int64_t claim;
  std::optional<std::string> value;  // none: taken out
  const char* message;
};

void PrintTo(const ClaimCase& test, std::ostream* out) { *out << test.name; }

class BadCwtClaimTest : public testing::TestWithParam<ClaimCase> {};

TEST_P(BadCwtClaimTest, IsRefused) {
  const ClaimCase& test = GetParam();
  const absl::Status status =
      Verify(Sign(test.value.has_value() ? With(test.claim, *test.value)
                                         : Without(test.claim)))
          .status();
  EXPECT_EQ(RejectionOf(status), Rejection::kInvalid) << status;
  EXPECT_EQ(status.message(), test.message);
}

std::string NameOf(const testing::TestParamInfo<ClaimCase>& info) {
  return info.param.name;
}

std::string Huge() { return Bytes("1bffffffffffffffff"); }

INSTANTIATE_TEST_SUITE_P(
    Claims, BadCwtClaimTest,
    testing::ValuesIn(std::vector<ClaimCase>{
        {"IssMissing", 1, std::nullopt, "iss: missing or not a text string"},
        {"IssBytes", 1, Octets(kTestIssuer),
         "iss: missing or not a text string"},
        {"IssUnknown", 1, Text("https://x"), "iss: not a configured issuer"},
        {"SubNumber", 2, Number(7), "sub: not a text string"},
        {"SubControl", 2, Text("a\nb"), "sub: holds a control character"},
        {"AudMissing", 3, std::nullopt, "aud: missing"},
        {"AudOther", 3, Text("x"), "aud: the token is for another audience"},
        {"AudEmptyArray", 3, Bytes("80"),
         "aud: the token is for another audience"},
        {"AudNumber", 3, Number(7), "aud: neither a text string nor an array"},
        {"AudBytes", 3, Octets(kTestAudience),
         "aud: neither a text string nor an array"},
        {"AudMixed", 3, Bytes("820001"), "aud: holds what is not text"},
        {"ExpMissing", 4, std::nullopt, "exp: missing"},
        {"ExpText", 4, Text("1"), "exp: not a number"},
        {"ExpNegative", 4, Number(-1), "exp: out of range"},
        {"ExpHuge", 4, Huge(), "exp: out of range"},
        {"ExpNotANumber", 4, Bytes("f97e00"), "exp: out of range"},
        {"ExpOtherTag", 4, Bytes("c200"), "exp: not a number"},
        {"ExpTaggedTwice", 4, Bytes("c1c100"), "exp: not a number"},
        {"NbfAhead", 5, Number(kTestNow + 31),
         "nbf: the token is not valid yet"},
        {"NbfNull", 5, Bytes("f6"), "nbf: not a number"},
        {"IatAhead", 6, Number(kTestNow + 31),
         "iat: the token is issued in the future"},
        {"IatBoolean", 6, Bytes("f5"), "iat: not a number"},
        {"CtiText", 7, Text("x"), "cti: not a byte string"},
        {"ProfileOther", 38, Number(1), "ace_profile: not mqtt_tls"},
        {"ProfileText", 38, Text("coap_dtls"), "ace_profile: not mqtt_tls"},
        {"CnonceText", 39, Text("x"), "cnonce: not a byte string"},
        {"CnonceEmpty", 39, Octets(""), "cnonce: empty"},
        {"ExiZero", 40, Number(0), "exi: not a positive whole number"},
        {"ExiFloat", 40, Bytes("f93c00"), "exi: not a positive whole number"},
        {"ExiHuge", 40, Huge(), "exi: out of range"},
        {"ScopeNumber", 9, Number(7), "scope: not a CBOR array"},
        {"ScopeWords", 9, Text("publish_a"), "scope: not a CBOR array"},
        {"ScopeMap", 9, Bytes("a0"), "scope: not a CBOR array"},
        {"ScopeNull", 9, Bytes("f6"), "scope: not a CBOR array"},
        {"ScopeBytesOfBytes", 9, Octets(Octets(kScope)),
         "scope: not a CBOR array"},
        {"ScopeBytesCut", 9, Octets(kScope.substr(0, 5)),
         "scope: malformed CBOR at byte 2"},
        {"ScopeNoPair", 9, Bytes("81816161"), "scope entry 0: not a pair"},
        {"ScopeFilterNumber", 9, Bytes("8182018163707562"),
         "scope entry 0: the filter is no string"},
        {"ScopeBadFilter", 9, Bytes("81826261238163707562"),
         "scope entry 0: not a valid topic filter"},
        // Not the bits of other profiles' permissions.
        {"ScopeNumericPermission", 9, Bytes("8182616101"),
         "scope entry 0: not a list of permissions"},
        {"ScopeNoPermission", 9, Bytes("8182616180"),
         "scope entry 0: not a list of permissions"},
        {"ScopeOtherPermission", 9, Bytes("81826161816178"),
         "scope entry 0: a permission is neither pub nor sub"},
    }),
    NameOf);

std::string Cnf(int64_t member, const std::string& value) {
  return Map({{member, value}});
}

std::string SecretKey() { return EncodeCoseKey(TestKey(kHs256Jwk).jwk()); }

INSTANTIATE_TEST_SUITE_P(
    Confirmation, BadCwtClaimTest,
    testing::ValuesIn(std::vector<ClaimCase>{
        {"CnfMissing", 8, std::nullopt, "cnf: missing"},
        {"CnfBytes", 8, Octets("x"), "cnf: not a map"},
        {"CnfEmpty", 8, Bytes("a0"),
         "cnf: none of COSE_Key, Encrypted_COSE_Key and kid"},
        {"CnfUnknown", 8, Cnf(7, Number(1)),
         "cnf: none of COSE_Key, Encrypted_COSE_Key and kid"},
        {"CnfBoth", 8, Map({{1, PublicKey()}, {2, EncryptForRs(SecretKey())}}),
         "cnf: both COSE_Key and Encrypted_COSE_Key"},
        {"KidAlone", 8, Cnf(3, Octets("x")),
         "cnf.kid: the name of no known key of the subject"},
        {"KidText", 8, Cnf(3, Text("x")), "cnf.kid: not a byte string"},
        {"SymmetricInClear", 8, Cnf(1, SecretKey()),
         "cnf.COSE_Key: a symmetric key in clear"},
        {"KeyNoMap", 8, Cnf(1, Number(1)), "cnf.COSE_Key: not a CBOR map"},
        {"KeyNoType", 8, Cnf(1, Bytes("a0")), "cnf.COSE_Key: kty: missing"},
        {"EncryptedBytes", 8, Cnf(2, Octets(EncryptForRs(SecretKey()))),
         "cnf.Encrypted_COSE_Key: not a COSE structure of three or four "
         "parts"},
        {"EncryptedSigned", 8,
         Cnf(2, SignCwt(TestKey(kEd25519PrivateJwk), "x").value()),
         "cnf.Encrypted_COSE_Key: not encrypted"},
        {"EncryptedForOthers", 8,
         Cnf(2,
             EncryptCose(AsBytes(SecretKey()), Jwk::Parse(kIssuerKey).value(),
                         ContentEncryption::kA128Gcm)
                 .value()),
         "cnf.Encrypted_COSE_Key: no decryption key fits"},
        {"EncryptedNoKey", 8, Cnf(2, EncryptForRs(Number(1))),
         "cnf.Encrypted_COSE_Key, the key inside: not a CBOR map"},
        {"EncryptedNoCbor", 8, Cnf(2, EncryptForRs("\xff")),
         "cnf.Encrypted_COSE_Key: CBOR of indefinite length at byte 0"},
        {"EncryptedAsymmetric", 8, Cnf(2, EncryptForRs(PublicKey())),
         "cnf.Encrypted_COSE_Key: the key inside is not symmetric"},
        {"EncryptedShort", 8, Cnf(2, EncryptForRs(Bytes("a20104204101"))),
         "cnf.Encrypted_COSE_Key, the key inside: k is shorter than 16 bytes"},
    }),
    NameOf);

// --- What is allowed. ---

class GoodCwtClaimTest : public testing::TestWithParam<
                             std::pair<int64_t, std::optional<std::string>>> {};

TEST_P(GoodCwtClaimTest, IsAccepted) {
  const auto& [claim, value] = GetParam();
  const absl::StatusOr<VerifiedToken> token =
      Verify(Sign(value.has_value() ? With(claim, *value) : Without(claim)));
  EXPECT_TRUE(token.ok()) << claim << token.status();
}

INSTANTIATE_TEST_SUITE_P(
    Claims, GoodCwtClaimTest,
    testing::ValuesIn(
        std::vector<std::pair<int64_t, std::optional<std::string>>>{
            {2, std::nullopt},
            {3, CborWriter().Array(2).Text("x").Text(kTestAudience).bytes()},
            {4, CborWriter().Float(kTestNow + 0.5).bytes()},
            {4, CborWriter().Tag(1).Integer(kTestNow + 1).bytes()},
            {4, CborWriter().Tag(1).Float(kTestNow + 1.5).bytes()},
            {5, std::nullopt},
            {5, Number(kTestNow + 30)},
            {6, std::nullopt},
            {7, std::nullopt},
            {7, Octets("")},
            {9, std::nullopt},
            {9, Bytes("80")},
            {9, Octets(kScope)},
            {38, std::nullopt},
            {38, Text("mqtt_tls")},
            {39, Octets("cnonce")},
            {1000, Bytes("a0")},
            {8, Map({{1, PublicKey()}, {3, Octets("name")}})},
            {8, Map({{2, EncryptForRs(SecretKey())}})},
        }));

TEST(CwtTest, AnEmptyScopeIsNoPermission) {
  for (const std::string& scope :
       {Bytes("80"), Octets(""), Text(""), Octets(Bytes("80"))}) {
    const absl::StatusOr<VerifiedToken> token = Verify(Sign(With(9, scope)));
    ASSERT_TRUE(token.ok()) << token.status();
    EXPECT_EQ(token->scope, Scope());
  }
  EXPECT_EQ(Verify(Sign(With(9, Octets(kScope))))->scope,
            (Scope{{{"a/#", true, true}}}));
}

TEST(CwtTest, ReadsADraftsWords) {
  TokenVerifier::Options options = TestOptions();
  options.issuers[0].profile = Profile::kDraft01;
  EXPECT_EQ(Verify(Sign(With(9, Text("publish_a"))), options)->scope,
            (Scope{{{"a", true, false}}}));
  EXPECT_EQ(Verify(Sign(ValidClaims()), options).status().message(),
            "scope: not text");
}

TEST(CwtTest, DecryptsASymmetricKey) {
  const absl::StatusOr<VerifiedToken> token =
      Verify(Sign(With(8, Cnf(2, EncryptForRs(SecretKey())))));
  ASSERT_TRUE(token.ok()) << token.status();
  const SigningKey client = TestKey(kHs256Jwk);
  const std::string proof = client.Sign(AsBytes("content")).value();
  EXPECT_EQ(VerifyProof(token->pop_key, AsBytes("content"), AsBytes(proof)),
            absl::OkStatus());
  EXPECT_EQ(token->pop_key.thumbprint(), client.jwk().Thumbprint());
}

// covers: ACE-TOK-4
TEST(CwtTest, NamesAKeyBeside) {
  const std::string name("\0\xff", 2);
  for (const auto& [member, key] :
       {std::make_pair(int64_t{1}, PublicKey()),
        std::make_pair(int64_t{2}, EncryptForRs(SecretKey()))}) {
    const absl::StatusOr<VerifiedToken> token =
        Verify(Sign(With(8, Map({{member, key}, {3, Octets(name)}}))));
    ASSERT_TRUE(token.ok()) << token.status();
    EXPECT_EQ(token->pop_key.kid(), name);
  }
  EXPECT_EQ(Verify(Sign(With(8, Map({{1, PublicKey()}, {3, Text("x")}}))))
                .status()
                .message(),
            "cnf.kid: not a byte string");
}

// covers: ACE-TOK-8
TEST(CwtTest, ALifeMayCountFromTheFirstTime) {
  Claims claims = With(40, Number(60));
  claims.erase(4);
  const absl::StatusOr<VerifiedToken> token = Verify(Sign(claims));
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->exi, absl::Seconds(60));
  claims.erase(7);
  EXPECT_EQ(Verify(Sign(claims)).status().message(), "exi: without jti or cti");
}

// covers: ACE-CON-2
TEST(CwtTest, TheClientNonceIsHandedOn) {
  EXPECT_EQ(Verify(Sign(ValidClaims()))->client_nonce, "");
  EXPECT_EQ(Verify(Sign(With(39, Octets(Bytes("e0a156bb3f")))))->client_nonce,
            Bytes("e0a156bb3f"));
}

// --- Encrypted tokens. ---

TEST(CwtTest, DecryptsASignedToken) {
  for (const std::string& cnf : {Cnf(1, PublicKey()), Cnf(1, SecretKey()),
                                 Cnf(2, EncryptForRs(SecretKey()))}) {
    const std::string token = Sign(With(8, cnf));
    for (const std::string& form :
         {token, Bytes("d83d") + token, token.substr(1)}) {
      const absl::StatusOr<VerifiedToken> verified = Verify(EncryptForRs(form));
      ASSERT_TRUE(verified.ok()) << verified.status();
      EXPECT_EQ(verified->subject, "alice");
    }
  }
}

TEST(CwtTest, AnIssuersOwnKeyVouches) {
  const Jwk key = Jwk::Parse(kIssuerKey).value();
  for (const ContentEncryption encryption :
       {ContentEncryption::kA128Gcm, ContentEncryption::kAesCcm16_64_128}) {
    const std::string token =
        EncryptCose(AsBytes(Map(ValidClaims())), key, encryption).value();
    EXPECT_EQ(Verify(token).status(), absl::OkStatus());
  }
  // For that issuer only.
  TokenVerifier::Options options = TestOptions();
  options.issuers.push_back(
      {"https://other.example", Profile::kRfc9431, TestKeySet({kIssuerKey})});
  options.issuers[0].keys =
      TestKeySet({TestKey(kEd25519PrivateJwk).jwk().ToJson()});
  const std::string forged =
      EncryptCose(AsBytes(Map(ValidClaims())), key, ContentEncryption::kA128Gcm)
          .value();
  EXPECT_EQ(Verify(forged, options).status().message(),
            "encrypted, but not with a key of its issuer, nor signed");
}

TEST(CwtTest, EncryptionForTheBrokerVouchesForNothing) {
  const SigningKey forger = SigningKey::Generate(Algorithm::kEdDsa).value();
  struct Case {
    std::string inner;
    absl::string_view message;
  };
  for (const Case& test : std::vector<Case>{
           {Map(ValidClaims()),
            "encrypted, but not with a key of its issuer, nor signed"},
           {"", "what is encrypted: malformed CBOR at byte 0"},
           {Number(7),
            "what is encrypted: not a COSE structure of three or four parts"},
           {EncryptForRs(Sign(ValidClaims())),
            "what is encrypted: encrypted once more"},
           {SignCose(forger, Bytes("a10127"), Bytes("a0"), Map(ValidClaims()))
                .value(),
            "the signature is wrong"},
       }) {
    const absl::Status status = Verify(EncryptForRs(test.inner)).status();
    EXPECT_EQ(RejectionOf(status), Rejection::kInvalid) << status;
    EXPECT_EQ(status.message(), test.message);
  }
}

// --- Secrets. ---

TEST(CwtTest, MessagesHoldNothingOfTheToken) {
  std::vector<std::string> tokens;
  for (const int64_t claim : {1, 2, 3, 4, 5, 6, 7, 8, 9, 38, 40}) {
    tokens.push_back(Sign(With(claim, Text("s3cret\n"))));
    tokens.push_back(Sign(With(claim, Octets("s3cret"))));
    tokens.push_back(
        Sign(With(claim, Bytes("a166733363726574") + Text("s3cret"))));
  }
  for (const int64_t parameter : {1, 2, 3, 4, -1, -2, -3, -4}) {
    tokens.push_back(Sign(
        With(8, Cnf(1, Map({{1, Number(2)}, {parameter, Octets("s3cret")}})))));
  }
  tokens.push_back(EncryptForRs("s3cret"));
  tokens.push_back("\x84s3cret");
  tokens.push_back(
      SignCose(TestKey(kEd25519PrivateJwk), "s3cret", Bytes("a0"), "s3cret")
          .value());
  for (const std::string& token : tokens) {
    const absl::Status status = Verify(token).status();
    if (status.ok()) continue;  // where the claim is free text
    EXPECT_FALSE(absl::StrContains(status.ToString(), "s3cret")) << status;
  }
}

}  // namespace
}  // namespace sluice::ace
