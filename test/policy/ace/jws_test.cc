#include "policy/ace/jws.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "policy/ace/base64url.h"
#include "policy/ace/jws_sign.h"
#include "policy/ace/rejection.h"
#include "proxy/base/bytes.h"
#include "test/policy/ace/test_tokens.h"

// covers: ACE-TOK-2, ACE-TOK-4

namespace sluice::ace {
namespace {

// RFC 7515 appendix A.1.1.
constexpr absl::string_view kHs256Token =
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv"
    "bS9pc19yb290Ijp0cnVlfQ."
    "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
// RFC 7515 appendix A.3.1.
constexpr absl::string_view kEs256Token =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv"
    "bS9pc19yb290Ijp0cnVlfQ."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKT"
    "UJqPP3-Kg6NU1Q";
// RFC 8037 appendix A.4.
constexpr absl::string_view kEdDsaToken =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7"
    "sVvpAr_MuM0KAg";

// RFC 7515 appendix A.2.
constexpr absl::string_view kRsaJwk =
    R"({"kty":"RSA","e":"AQAB","n":")"
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qP"
    "CJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47s"
    "oMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2"
    "R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoud"
    "F8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
    R"("})";
constexpr absl::string_view kRs256Token =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh"
    "0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB"
    "__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9"
    "uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARN"
    "PvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZES"
    "c6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVm"
    "tVrBp0igcN_IoypGlUPQGe77Rw";
std::string PublicJwk(absl::string_view private_jwk,
                      absl::string_view members = "{}") {
  return WithMembers(TestKey(private_jwk).jwk().ToJson(), members);
}

absl::Status Verify(absl::string_view token, const JwkSet& keys) {
  const absl::StatusOr<Jws> jws = Jws::Parse(token);
  return jws.ok() ? jws->Verify(keys) : jws.status();
}

void ExpectInvalid(const absl::Status& status, absl::string_view message) {
  EXPECT_EQ(RejectionOf(status), Rejection::kInvalid) << status;
  EXPECT_EQ(status.message(), message);
}

TEST(JwsTest, VerifiesTheStandardsExamples) {
  const std::string claims =
      "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "
      "\"http://example.com/is_root\":true}";
  EXPECT_EQ(Jws::Parse(kHs256Token)->unverified_payload(), claims);
  EXPECT_EQ(Jws::Parse(kEs256Token)->unverified_payload(), claims);
  EXPECT_EQ(Jws::Parse(kEdDsaToken)->unverified_payload(),
            "Example of Ed25519 signing");
  EXPECT_EQ(Verify(kHs256Token, TestKeySet({std::string(kHs256Jwk)})),
            absl::OkStatus());
  EXPECT_EQ(Verify(kEs256Token, TestKeySet({PublicJwk(kP256PrivateJwk)})),
            absl::OkStatus());
  EXPECT_EQ(Verify(kEdDsaToken, TestKeySet({PublicJwk(kEd25519PrivateJwk)})),
            absl::OkStatus());
}

// Ed25519 is deterministic, so the signer can be held to the example too.
TEST(JwsTest, SignsTheStandardsExample) {
  EXPECT_EQ(SignJws(TestKey(kEd25519PrivateJwk), R"({"alg":"EdDSA"})",
                    "Example of Ed25519 signing")
                .value(),
            kEdDsaToken);
}

TEST(JwsTest, RefusesEveryChangeOfACharacter) {
  const JwkSet keys =
      TestKeySet({std::string(kHs256Jwk), PublicJwk(kP256PrivateJwk),
                  PublicJwk(kEd25519PrivateJwk)});
  for (const absl::string_view token :
       {kHs256Token, kEs256Token, kEdDsaToken}) {
    ASSERT_EQ(Verify(token, keys), absl::OkStatus());
    for (size_t i = 0; i < token.size(); ++i) {
      std::string changed(token);
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      const absl::Status status = Verify(changed, keys);
      EXPECT_TRUE(RejectionOf(status).has_value()) << i << ": " << status;
    }
  }
}

TEST(JwsTest, RefusesEveryTruncation) {
  const JwkSet keys = TestKeySet({PublicJwk(kEd25519PrivateJwk)});
  for (size_t size = 0; size < kEdDsaToken.size(); ++size) {
    EXPECT_FALSE(Verify(kEdDsaToken.substr(0, size), keys).ok()) << size;
  }
  EXPECT_FALSE(Verify(absl::StrCat(kEdDsaToken, "A"), keys).ok());
}

TEST(JwsTest, WhatHasNotTheFormOfAJwtIsUnparsable) {
  const std::string no_alg = Base64UrlEncode(AsBytes(R"({"typ":"JWT"})"));
  const std::string bad_alg = Base64UrlEncode(AsBytes(R"({"alg":7})"));
  for (const std::string& token : std::vector<std::string>{
           "", "opaque-reference", "..", "a.b", "a.b.c", "eyJhbGciOiJFZERTQSJ9",
           "eyJhbGciOiJFZERTQSJ9.e30", "eyJhbGciOiJFZERTQSJ9.e30.AA.AA",
           "eyJhbGciOiJFZERTQSJ9.e30.AA.AA.AA.AA",
           " eyJhbGciOiJFZERTQSJ9.e30.AA", "eyJhbGciOiJFZERTQSJ9=.e30.AA",
           "W10.e30.AA",  // an array
           absl::StrCat(no_alg, ".e30.AA"), absl::StrCat(bad_alg, ".e30.AA"),
           std::string("\xd2\x84\x43\xa1\x01\x26", 6),  // a COSE_Sign1
       }) {
    EXPECT_EQ(RejectionOf(Jws::Parse(token).status()), Rejection::kUnparsable)
        << token;
  }
}

struct HeaderCase {
  absl::string_view header;
  absl::string_view message;
};

TEST(JwsTest, RefusesHeadersThatItMustNotFollow) {
  const SigningKey key = TestKey(kEd25519PrivateJwk);
  const JwkSet keys = TestKeySet({PublicJwk(kEd25519PrivateJwk)});
  for (const HeaderCase& test : {
           HeaderCase{R"({"alg":"none"})", "the header's alg is none"},
           {R"({"alg":"None"})", "the header's alg is not supported"},
           {R"({"alg":"eddsa"})", "the header's alg is not supported"},
           {R"({"alg":"HS512"})", "the header's alg is not supported"},
           {R"({"alg":""})", "the header's alg is not supported"},
           {R"({"alg":"EdDSA","crit":["exp"]})",
            "the header's crit names an unknown extension"},
           {R"({"alg":"EdDSA","crit":[]})",
            "the header's crit names an unknown extension"},
           {R"({"alg":"EdDSA","crit":["b64"],"b64":false})",
            "the header's crit names an unknown extension"},
           {R"({"alg":"EdDSA","b64":false})", "the header has b64"},
           {R"({"alg":"EdDSA","kid":7})", "the header's kid is not a string"},
           {R"({"alg":"ES256"})", "the issuer has no key for the header's alg"},
           {R"({"alg":"HS256"})", "the issuer has no key for the header's alg"},
           {R"({"alg":"EdDSA","kid":"x"})",
            "the issuer has no key with the header's kid"},
       }) {
    ExpectInvalid(Verify(SignJws(key, test.header, "{}").value(), keys),
                  test.message);
  }
  // A header member twice is no JSON object that two readers agree about.
  EXPECT_EQ(RejectionOf(Verify(
                SignJws(key, R"({"alg":"EdDSA","alg":"EdDSA"})", "{}").value(),
                keys)),
            Rejection::kUnparsable);
}

TEST(JwsTest, RefusesAnUnsignedToken) {
  const std::string header = Base64UrlEncode(AsBytes(R"({"alg":"none"})"));
  const JwkSet keys = TestKeySet({PublicJwk(kEd25519PrivateJwk)});
  ExpectInvalid(Verify(absl::StrCat(header, ".e30."), keys),
                "the header's alg is none");
  ExpectInvalid(Verify("eyJhbGciOiJFZERTQSJ9.e30.", keys),
                "the signature is wrong");
}

// covers: ACE-AZI-2
TEST(JwsTest, PartsThatAreNotBase64UrlAreUnparsable) {
  const auto expect = [](absl::string_view token, absl::string_view message) {
    const absl::Status status = Jws::Parse(token).status();
    EXPECT_EQ(RejectionOf(status), Rejection::kUnparsable) << token;
    EXPECT_EQ(status.message(), message);
  };
  expect("eyJhbGciOiJFZERTQSJ9.e30=.AA", "the payload is not base64url");
  expect("eyJhbGciOiJFZERTQSJ9.e30.AB", "the signature is not base64url");
}

TEST(JwsTest, IsOfThreeParts) {
  const std::string header =
      Base64UrlEncode(AsBytes(R"({"alg":"dir","enc":"A256GCM"})"));
  const absl::Status status =
      Jws::Parse(absl::StrCat(header, "..AA.AA.AA")).status();
  EXPECT_EQ(RejectionOf(status), Rejection::kUnparsable);
}

// --- RSA. ---

TEST(JwsTest, VerifiesTheStandardsRsaExample) {
  EXPECT_EQ(Verify(kRs256Token, TestKeySet({std::string(kRsaJwk)})),
            absl::OkStatus());
}

TEST(JwsTest, VerifiesRsaWithEitherPadding) {
  const std::string key(kRsaIssuerJwk);
  for (const absl::string_view token : {kRs256Jwt, kPs256Jwt}) {
    EXPECT_EQ(Verify(token, TestKeySet({key})), absl::OkStatus());
    ExpectInvalid(Verify(token, TestKeySet({std::string(kRsaJwk)})),
                  "the signature is wrong");
    std::string changed(token);
    changed[token.size() - 10] ^= 1;
    EXPECT_FALSE(Verify(changed, TestKeySet({key})).ok());
  }
  // A key that names one padding is not for the other.
  const std::string pss = WithMembers(key, R"({"alg":"PS256"})");
  EXPECT_EQ(Verify(kPs256Jwt, TestKeySet({pss})), absl::OkStatus());
  ExpectInvalid(Verify(kRs256Jwt, TestKeySet({pss})),
                "the issuer has no key for the header's alg");
  // One padding under the other's name.
  std::vector<std::string> parts = absl::StrSplit(kRs256Jwt, '.');
  parts[0] = Base64UrlEncode(AsBytes(R"({"alg":"PS256"})"));
  ExpectInvalid(Verify(absl::StrJoin(parts, "."), TestKeySet({key})),
                "the signature is wrong");
}

TEST(JwsTest, IgnoresKeysThatTheHeaderBrings) {
  const SigningKey attacker = SigningKey::Generate(Algorithm::kEdDsa).value();
  const std::string header =
      absl::StrCat(R"({"alg":"EdDSA","jku":"https://attacker.example","jwk":)",
                   attacker.jwk().ToJson(), "}");
  const std::string token = SignJws(attacker, header, "{}").value();
  ExpectInvalid(Verify(token, TestKeySet({PublicJwk(kEd25519PrivateJwk)})),
                "the signature is wrong");
}

// A MAC keyed with the bytes that everybody knows.
TEST(JwsTest, APublicKeyIsNeverAMacKey) {
  const std::string x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
  const std::string public_jwk =
      PublicJwk(kEd25519PrivateJwk, R"({"kid":"k"})");
  const std::string canonical = Jwk::Parse(public_jwk)->key().CanonicalJwk();
  for (const std::string& secret : {x, Base64UrlEncode(AsBytes(canonical)),
                                    Base64UrlEncode(AsBytes(public_jwk))}) {
    const SigningKey forger =
        TestKey(absl::StrCat(R"({"kty":"oct","k":")", secret, R"("})"));
    const std::string unnamed =
        SignJws(forger, R"({"alg":"HS256"})", "{}").value();
    const std::string named =
        SignJws(forger, R"({"alg":"HS256","kid":"k"})", "{}").value();
    const std::string disguised =
        SignJws(forger, R"({"alg":"EdDSA","kid":"k"})", "{}").value();
    const JwkSet keys = TestKeySet({public_jwk});
    ExpectInvalid(Verify(unnamed, keys),
                  "the issuer has no key for the header's alg");
    ExpectInvalid(Verify(named, keys),
                  "the header's alg is not allowed for the key of its kid");
    ExpectInvalid(Verify(disguised, keys), "the signature is wrong");
    // Nor where the key set itself lies about the key.
    const JwkSet lying = TestKeySet(
        {PublicJwk(kEd25519PrivateJwk, R"({"kid":"k","alg":"HS256"})")});
    ExpectInvalid(Verify(named, lying),
                  "the header's alg is not allowed for the key of its kid");
  }
}

TEST(JwsTest, WithoutKidTakesTheOnlyKeyForTheAlg) {
  const std::string token =
      SignJws(TestKey(kEd25519PrivateJwk), R"({"alg":"EdDSA"})", "{}").value();
  const std::string key = PublicJwk(kEd25519PrivateJwk, R"({"kid":"a"})");
  const std::string other =
      SigningKey::Generate(Algorithm::kEdDsa)->jwk().ToJson();
  EXPECT_EQ(Verify(token, TestKeySet({std::string(kHs256Jwk), key,
                                      PublicJwk(kP256PrivateJwk)})),
            absl::OkStatus());
  ExpectInvalid(
      Verify(token, TestKeySet({key, other})),
      "the header has no kid, and the issuer has several keys for its alg");
  // `use` and `alg` bind, so this one does not count.
  EXPECT_EQ(
      Verify(token, TestKeySet({key, WithMembers(other, R"({"use":"enc"})")})),
      absl::OkStatus());
  ExpectInvalid(
      Verify(token, TestKeySet({WithMembers(key, R"({"use":"enc"})")})),
      "the issuer has no key for the header's alg");
  ExpectInvalid(Verify(token, JwkSet()),
                "the issuer has no key for the header's alg");
}

TEST(JwsTest, KidChoosesTheKey) {
  const std::string a = PublicJwk(kEd25519PrivateJwk, R"({"kid":"a"})");
  const std::string b =
      WithMembers(SigningKey::Generate(Algorithm::kEdDsa)->jwk().ToJson(),
                  R"({"kid":"b"})");
  const SigningKey key = TestKey(kEd25519PrivateJwk);
  const std::string by_a =
      SignJws(key, R"({"alg":"EdDSA","kid":"a"})", "{}").value();
  const std::string by_b =
      SignJws(key, R"({"alg":"EdDSA","kid":"b"})", "{}").value();
  EXPECT_EQ(Verify(by_a, TestKeySet({a, b})), absl::OkStatus());
  ExpectInvalid(Verify(by_b, TestKeySet({a, b})), "the signature is wrong");
  // A key without a kid is not the key of any kid.
  ExpectInvalid(Verify(by_a, TestKeySet({PublicJwk(kEd25519PrivateJwk)})),
                "the issuer has no key with the header's kid");
  ExpectInvalid(Verify(by_a, TestKeySet({a, WithMembers(b, R"({"kid":"a"})")})),
                "the issuer has several keys with the header's kid");
  // The same kid for another type of key does no harm.
  EXPECT_EQ(
      Verify(by_a,
             TestKeySet({PublicJwk(kP256PrivateJwk, R"({"kid":"a"})"), a})),
      absl::OkStatus());
  ExpectInvalid(
      Verify(by_a, TestKeySet({WithMembers(a, R"({"alg":"ES256"})")})),
      "the header's alg is not allowed for the key of its kid");
}

TEST(JwsTest, Es256SignaturesAreRawAndWhole) {
  const SigningKey key = TestKey(kP256PrivateJwk);
  const Key& public_key = key.jwk().key();
  const ByteView message = AsBytes("message");
  const std::string signature = key.Sign(message).value();
  ASSERT_EQ(signature.size(), 64u);
  EXPECT_TRUE(public_key.Verify(message, AsBytes(signature)));
  EXPECT_FALSE(public_key.Verify(message, AsBytes(signature).first(63)));
  EXPECT_FALSE(public_key.Verify(message, AsBytes(signature + '\0')));
  // r or s zero, or not below the order.
  for (const std::string& half :
       {std::string(32, '\0'), std::string(32, '\xff')}) {
    EXPECT_FALSE(
        public_key.Verify(message, AsBytes(half + signature.substr(32))));
    EXPECT_FALSE(
        public_key.Verify(message, AsBytes(signature.substr(0, 32) + half)));
  }
}

}  // namespace
}  // namespace sluice::ace
