#include "policy/ace/cose.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/ace/base64url.h"
#include "policy/ace/cbor_writer.h"
#include "policy/ace/cose_key.h"
#include "policy/ace/cose_sign.h"
#include "policy/ace/rejection.h"
#include "proxy/base/bytes.h"
#include "test/policy/ace/test_tokens.h"

// covers: ACE-TOK-1, ACE-TOK-2

namespace sluice::ace {
namespace {

// --- RFC 8392 appendix A. ---

constexpr absl::string_view kClaims =
    "a70175636f61703a2f2f61732e6578616d706c652e636f6d02656572696b77037818636f61"
    "703a2f2f6c696768742e6578616d706c652e636f6d041a5612aeb0051a5610d9f0061a5610"
    "d9f007420b71";

// A.2.1 to A.2.3.
std::string Symmetric128() {
  return absl::StrCat(R"({"kty":"oct","kid":"Symmetric128","k":")",
                      Base64UrlEncode(AsBytes(absl::HexStringToBytes(
                          "231f4c4d4d3051fdc2ec0a3851d5b383"))),
                      R"("})");
}

std::string AsymmetricEcdsa256() {
  return absl::StrCat(
      R"({"kty":"EC","crv":"P-256","kid":"AsymmetricECDSA256","x":")",
      Base64UrlEncode(AsBytes(absl::HexStringToBytes(
          "143329cce7868e416927599cf65a34f3ce2ffda55a7eca69ed8919a394d42f0f"))),
      R"(","y":")",
      Base64UrlEncode(AsBytes(absl::HexStringToBytes(
          "60f7f1a780d8a783bfb7a2dd6b2796e8128dbbcef9d3d168db9529971a36e7b9"))),
      R"("})");
}

constexpr absl::string_view kSymmetric256 =
    "403697de87af64611c1d32a05dab0fe1fcb715a86ab435f1ec99192d79569388";

// A.3.
constexpr absl::string_view kSigned =
    "d28443a10126a104524173796d6d657472696345434453413235365850a70175636f61703a"
    "2f2f61732e6578616d706c652e636f6d02656572696b77037818636f61703a2f2f6c696768"
    "742e6578616d706c652e636f6d041a5612aeb0051a5610d9f0061a5610d9f007420b715840"
    "5427c1ff28d23fbad1f29c4c7c6a555e601d6fa29f9179bc3d7438bacaca5acd08c8d4d4f9"
    "6131680c429a01f85951ecee743a52b9b63632c57209120e1c9e30";
// A.4.
constexpr absl::string_view kMaced =
    "d83dd18443a10104a1044c53796d6d65747269633235365850a70175636f61703a2f2f6173"
    "2e6578616d706c652e636f6d02656572696b77037818636f61703a2f2f6c696768742e6578"
    "616d706c652e636f6d041a5612aeb0051a5610d9f0061a5610d9f007420b7148093101ef6d"
    "789200";
// A.5.
constexpr absl::string_view kEncrypted =
    "d08343a1010aa2044c53796d6d6574726963313238054d99a0d7846e762c49ffe8a63e0b58"
    "58b918a11fd81e438b7f973d9e2e119bcb22424ba0f38a80f27562f400ee1d0d6c0fdb559c"
    "02421fd384fc2ebe22d7071378b0ea7428fff157444d45f7e6afcda1aae5f6495830c58627"
    "087fc5b4974f319a8707a635dd643b";
// A.6.
constexpr absl::string_view kNested =
    "d08343a1010aa2044c53796d6d6574726963313238054d4a0694c0e69ee6b5956655c7b258"
    "b7f6b0914f993de822cc47e5e57a188d7960b528a747446fe12f0e7de05650dec747243667"
    "63f167a29c002dfd15b34d8993391cf49bc91127f545dba8703d66f5b7f1ae91237503d371"
    "e6333df9708d78c4fb8a8386c8ff09dc49af768b23179deab78d96490a66d5724fb33900c6"
    "0799d9872fac6da3bdb89043d67c2a05414ce331b5b8f1ed8ff7138f45905db2c4d5bc8045"
    "ab372bff142631610a7e0f677b7e9b0bc73adefdcee16d9d5d284c616abeab5d8c291ce0";

std::string Bytes(absl::string_view hex) { return absl::HexStringToBytes(hex); }

TEST(CoseTest, VerifiesTheStandardsSignedExample) {
  const std::string bytes = Bytes(kSigned);
  const absl::StatusOr<CoseMessage> message =
      CoseMessage::Parse(AsBytes(bytes));
  ASSERT_TRUE(message.ok()) << message.status();
  EXPECT_EQ(message->type(), CoseType::kSign1);
  EXPECT_EQ(AsString(message->unverified_content()), Bytes(kClaims));
  EXPECT_EQ(message->Verify(TestKeySet({AsymmetricEcdsa256()})),
            absl::OkStatus());
}

// Its MAC is cut to 8 bytes, which we do not take; it is that of our bytes.
TEST(CoseTest, AgreesWithTheStandardsMacedExampleButRefusesIt) {
  EXPECT_EQ(CoseMessage::Parse(AsBytes(Bytes(kMaced))).status().message(),
            "the header's alg is not supported");
  const SigningKey key = TestKey(
      absl::StrCat(R"({"kty":"oct","k":")",
                   Base64UrlEncode(AsBytes(Bytes(kSymmetric256))), R"("})"));
  const std::string mac =
      key.Sign(AsBytes(CoseAuthenticatedBytes(CoseType::kMac0,
                                              AsBytes(Bytes("a10104")),
                                              AsBytes(Bytes(kClaims)))))
          .value();
  EXPECT_EQ(absl::BytesToHexString(mac.substr(0, 8)), "093101ef6d789200");
}

TEST(CoseTest, DecryptsTheStandardsEncryptedExamples) {
  const JwkSet keys = TestKeySet({Symmetric128()});
  const std::string encrypted = Bytes(kEncrypted);
  const CoseMessage message = CoseMessage::Parse(AsBytes(encrypted)).value();
  EXPECT_EQ(message.type(), CoseType::kEncrypt0);
  const absl::StatusOr<SecretBytes> claims = message.Decrypt({&keys.keys()[0]});
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ(AsString(claims->view()), Bytes(kClaims));

  const std::string nested = Bytes(kNested);
  const absl::StatusOr<SecretBytes> inner =
      CoseMessage::Parse(AsBytes(nested))->Decrypt({&keys.keys()[0]});
  ASSERT_TRUE(inner.ok()) << inner.status();
  EXPECT_EQ(AsString(inner->view()), Bytes(kSigned));
}

// --- Examples of the COSE working group. ---

TEST(CoseTest, AgreesWithTheWorkingGroupsExamples) {
  // eddsa-sig-01, with a content type in the protected header.
  const std::string signed_bytes = Bytes(
      "d28445a201270300a10442313154546869732069732074686520636f6e74656e742e5840"
      "7142fd2ff96d56db85bee905a76ba1d0b7321a95c8c4d3607c5781932b7afb8711497dfa"
      "751bf40b58b3bcc32300b1487f3db34085eef013bf08f4a44d6fef0d");
  EXPECT_EQ(
      CoseMessage::Parse(AsBytes(signed_bytes))
          ->Verify(TestKeySet(
              {TestKey(kEd25519PrivateJwk, R"({"kid":"11"})").jwk().ToJson()})),
      absl::OkStatus());

  // mac0-tests/HMac-01.
  const std::string maced = Bytes(
      "d18443a10105a054546869732069732074686520636f6e74656e742e5820a1a848d3471f"
      "9d61ee49018d244c824772f223ad4f935293f1789fc3a08d8c58");
  EXPECT_EQ(CoseMessage::Parse(AsBytes(maced))
                ->Verify(TestKeySet(
                    {R"({"kty":"oct",)"
                     R"("k":"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg"})"})),
            absl::OkStatus());

  // aes-gcm-examples/aes-gcm-enc-01.
  const std::string encrypted = Bytes(
      "d08343a10101a1054c02d1f7e6f26c43d4868d87ce582460973a94bb2898009ee52ecfd9"
      "ab1dd25867374b162e2c03568b41f57c3cc16f9166250a");
  const Jwk key =
      Jwk::Parse(R"({"kty":"oct","k":"hJtXIZ2uSN5kbQfbtTNWbg"})").value();
  const absl::StatusOr<SecretBytes> plaintext =
      CoseMessage::Parse(AsBytes(encrypted))->Decrypt({&key});
  ASSERT_TRUE(plaintext.ok()) << plaintext.status();
  EXPECT_EQ(AsString(plaintext->view()), "This is the content.");

  // sign1-tests/sign-pass-01: right for COSE, but its alg is not protected.
  EXPECT_EQ(
      CoseMessage::Parse(
          AsBytes(Bytes("d28441a0a201260442313154546869732069732074686520636f6e"
                        "74656e742e584087db0d2e5571843b78ac33ecb2830df7b6e0a4d5"
                        "b7376de336b23c591c90c425317e56127fbe04370097ce347087b2"
                        "33bf722b64072beb4486bda4031d27244f")))
          .status()
          .message(),
      "the protected header has no alg");
}

TEST(CoseTest, RefusesEveryChangeOfAByte) {
  const JwkSet symmetric = TestKeySet({Symmetric128()});
  const JwkSet asymmetric = TestKeySet({AsymmetricEcdsa256()});
  const auto accepts = [&](const std::string& bytes) {
    const absl::StatusOr<CoseMessage> message =
        CoseMessage::Parse(AsBytes(bytes));
    return message.ok() && (message->type() == CoseType::kEncrypt0
                                ? message->Decrypt({&symmetric.keys()[0]}).ok()
                                : message->Verify(asymmetric).ok());
  };
  for (const absl::string_view hex : {kSigned, kEncrypted}) {
    const std::string bytes = Bytes(hex);
    ASSERT_TRUE(accepts(bytes));
    for (size_t i = 0; i < bytes.size(); ++i) {
      // The label of the kid, which nobody protects: without a kid the only
      // key is found as well.
      if (bytes[0] == '\xd2' && i == 7) continue;
      std::string changed = bytes;
      changed[i] ^= 1;
      EXPECT_FALSE(accepts(changed)) << i;
      EXPECT_FALSE(accepts(bytes.substr(0, i))) << i;
    }
    EXPECT_FALSE(accepts(bytes + std::string(1, '\0')));
  }
}

// --- Structure and headers. ---

// An item of four parts: headers in hexadecimal, no payload that matters.
std::string Message(absl::string_view protected_header,
                    absl::string_view unprotected_header,
                    absl::string_view rest = "41004100") {
  return Bytes(absl::StrCat("84", protected_header, unprotected_header, rest));
}

absl::Status Parse(const std::string& bytes) {
  return CoseMessage::Parse(AsBytes(bytes)).status();
}

TEST(CoseTest, TakesAMessageTaggedOrNot) {
  const std::string bare = Message("43a10127", "a0");
  for (const absl::string_view tag : {"", "d2", "d83dd2"}) {
    const absl::StatusOr<CoseMessage> message =
        CoseMessage::Parse(AsBytes(Bytes(tag) + bare));
    ASSERT_TRUE(message.ok()) << tag << message.status();
    EXPECT_EQ(message->type(), CoseType::kSign1);
  }
  EXPECT_EQ(CoseMessage::Parse(AsBytes(Message("43a10105", "a0")))->type(),
            CoseType::kMac0);
  EXPECT_EQ(CoseMessage::Parse(AsBytes(Bytes("8343a10101a04100")))->type(),
            CoseType::kEncrypt0);
}

TEST(CoseTest, TellsWhatIsNoStructure) {
  const std::string bare = absl::BytesToHexString(Message("43a10127", "a0"));
  for (const std::string& hex : {
           std::string(""), std::string("84"), std::string("8443a10127"),
           std::string("80"), std::string("a0"), std::string("d280"),
           std::string("8543a10127a0410041004100"),  // five parts
           absl::StrCat("d0", bare),                 // COSE_Encrypt0 of four
           std::string("d28343a10101a04100"),        // COSE_Sign1 of three
           absl::StrCat("d3", bare),                 // tag 19
           absl::StrCat("d862", bare),               // COSE_Sign
           absl::StrCat("d83d", bare),               // 61 without 18
           absl::StrCat("d2d83d", bare),             // the wrong way round
           absl::StrCat("d2d2", bare), absl::StrCat(bare, "00"),
           std::string("8401a041004100"),        // no protected header
           std::string("8443a101278041004100"),  // no unprotected header
           std::string("8443a10127a04100f6"),    // no signature
       }) {
    const absl::Status status = Parse(Bytes(hex));
    EXPECT_EQ(RejectionOf(status), Rejection::kUnparsable) << hex << status;
  }
}

struct HeaderCase {
  absl::string_view protected_header;  // with its length
  absl::string_view unprotected_header;
  absl::string_view message;
};

TEST(CoseTest, RefusesHeadersThatItMustNotFollow) {
  for (const HeaderCase& test : {
           // The empty header, both ways, and alg where nobody protects it.
           HeaderCase{"40", "a0", "the protected header has no alg"},
           {"41a0", "a0", "the protected header has no alg"},
           {"40", "a10127", "the protected header has no alg"},
           {"41a0", "a10127", "the protected header has no alg"},
           {"4180", "a0", "the protected header is not a CBOR map"},
           {"4100", "a0", "the protected header is not a CBOR map"},
           {"44a1012700", "a0", "the protected header is not a CBOR map"},
           {"45a201270127", "a0", "the protected header is not a CBOR map"},
           {"46a20127012700", "a0", "the protected header is not a CBOR map"},
           {"43a10127", "a10127", "a parameter is in both headers"},
           {"46a20127044161", "a1044161", "a parameter is in both headers"},
           {"43a10100", "a0", "the header's alg is not supported"},
           {"43a10104", "a0", "the header's alg is not supported"},
           {"43a10101", "a0", "the header's alg is not supported"},  // A128GCM
           {"45a101390100", "a0",
            "the header's alg is not supported"},  // RS256
           {"48a101654564445341", "a0", "the header's alg is not supported"},
           {"46a20127028103", "a0",
            "the header's crit names an unknown parameter"},
           {"47a2012702816178", "a0",
            "the header's crit names an unknown parameter"},
           {"46a20127028104", "a0",
            "the header's crit names a parameter that is not there"},
           {"45a201270280", "a0", "the header's crit is not a list of labels"},
           {"45a201270201", "a0", "the header's crit is not a list of labels"},
           {"43a10127", "a1028101", "the header's crit is not protected"},
           {"43a10127", "a1046161", "the header's kid is not a byte string"},
           {"46a20127046161", "a0", "the header's kid is not a byte string"},
           {"43a10127", "a10500", "the header's IV is not a byte string"},
           {"43a10127", "a1064101", "the header has a partial IV"},
           {"46a20127064101", "a0", "the header has a partial IV"},
       }) {
    const absl::Status status =
        Parse(Message(test.protected_header, test.unprotected_header));
    EXPECT_EQ(RejectionOf(status), Rejection::kInvalid)
        << test.protected_header << test.unprotected_header;
    EXPECT_EQ(status.message(), test.message)
        << test.protected_header << test.unprotected_header;
  }
  EXPECT_EQ(Parse(Bytes("d1") + Message("43a10127", "a0")).message(),
            "the header's alg is not for this structure");
  EXPECT_EQ(Parse(Bytes("d2") + Message("43a10105", "a0")).message(),
            "the header's alg is not for this structure");
  EXPECT_EQ(Parse(Bytes("8343a10127a04100")).message(),
            "the header's alg is not supported");
  EXPECT_EQ(Parse(Message("43a10127", "a0", "f64100")).message(),
            "the content is not there");
  EXPECT_EQ(Parse(Bytes("8343a10101a0f6")).message(),
            "the content is not there");
  // What is understood, and what is ignored.
  EXPECT_TRUE(Parse(Message("46a20127028101", "a0")).ok());
  EXPECT_TRUE(Parse(Message("43a10127", "a10342abcd")).ok());
}

// --- Keys. ---

constexpr char kPayload[] = "payload";

struct KeyCase {
  std::vector<std::string> keys;
  absl::string_view kid;  // where not empty
  absl::string_view message;
};

TEST(CoseTest, ChoosesTheOneKeyThatFits) {
  const SigningKey key = TestKey(kEd25519PrivateJwk, R"({"kid":"k"})");
  const std::string own = key.jwk().ToJson();
  const std::string other =
      WithMembers(SigningKey::Generate(Algorithm::kEdDsa)->jwk().ToJson(),
                  R"({"kid":"other"})");
  const std::string p256 =
      WithMembers(TestKey(kP256PrivateJwk).jwk().ToJson(), R"({"kid":"k"})");
  for (const KeyCase& test : std::vector<KeyCase>{
           {{own}, "", ""},
           {{own, p256}, "", ""},
           {{own, other}, "k", ""},
           {{own, p256}, "k", ""},
           {{other}, "", "the signature is wrong"},
           {{own, other}, "other", "the signature is wrong"},
           {{own, other},
            "",
            "the header has no kid, and the issuer has several keys for its "
            "alg"},
           {{own}, "x", "the issuer has no key with the header's kid"},
           {{p256},
            "k",
            "the header's alg is not allowed for the key of its kid"},
           {{p256}, "", "the issuer has no key for the header's alg"},
           {{}, "", "the issuer has no key for the header's alg"},
           {{WithMembers(own, R"({"alg":"ES256"})")},
            "",
            "the issuer has no key for the header's alg"},
           {{WithMembers(own, R"({"use":"enc"})")},
            "",
            "the issuer has no key for the header's alg"},
       }) {
    CborWriter unprotected;
    unprotected.Map(test.kid.empty() ? 0 : 1);
    if (!test.kid.empty()) unprotected.Integer(4).Bytes(AsBytes(test.kid));
    const std::string bytes =
        SignCose(key, Bytes("a10127"), unprotected.bytes(), "payload").value();
    const absl::Status status =
        CoseMessage::Parse(AsBytes(bytes))->Verify(TestKeySet(test.keys));
    EXPECT_EQ(status.message(), test.message) << test.kid;
  }
}

// The bytes of a public key are no MAC key.
TEST(CoseTest, DoesNotMixUpAlgorithms) {
  const SigningKey forger = TestKey(absl::StrCat(
      R"({"kty":"oct","k":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})"));
  const std::string bytes =
      SignCose(forger, Bytes("a10105"), Bytes("a0"), "x").value();
  EXPECT_EQ(
      CoseMessage::Parse(AsBytes(bytes))
          ->Verify(TestKeySet({TestKey(kEd25519PrivateJwk).jwk().ToJson()}))
          .message(),
      "the issuer has no key for the header's alg");
}

TEST(CoseTest, RoundTripsEveryAlgorithm) {
  for (const Algorithm algorithm :
       {Algorithm::kEdDsa, Algorithm::kEs256, Algorithm::kHs256}) {
    const SigningKey key = SigningKey::Generate(algorithm).value();
    const std::string bytes = SignCwt(key, kPayload).value();
    const absl::StatusOr<CoseMessage> message =
        CoseMessage::Parse(AsBytes(bytes));
    ASSERT_TRUE(message.ok()) << message.status();
    EXPECT_EQ(AsString(message->unverified_content()), kPayload);
    EXPECT_EQ(message->Verify(TestKeySet({key.jwk().ToJson()})),
              absl::OkStatus());
    EXPECT_EQ(message->Decrypt({&key.jwk()}).status().message(),
              "not encrypted");
  }
}

// An empty protected header is signed as an empty string, however it is sent.
TEST(CoseTest, AuthenticatesTheStandardsBytes) {
  EXPECT_EQ(absl::BytesToHexString(
                CoseAuthenticatedBytes(CoseType::kSign1, {}, AsBytes("x"))),
            "846a5369676e61747572653140404178");
  EXPECT_EQ(absl::BytesToHexString(
                CoseAuthenticatedBytes(CoseType::kMac0, {}, AsBytes("x"))),
            "84644d4143304040"
            "4178");
  EXPECT_EQ(absl::BytesToHexString(CoseAuthenticatedBytes(
                CoseType::kEncrypt0, AsBytes(Bytes("a10101")), {})),
            "8368456e63727970743043a1010140");
}

// --- Decryption. ---

constexpr absl::string_view kKey16 =
    R"({"kty":"oct","k":"QEFCQ0RFRkdISUpLTE1OTw","kid":"a"})";
constexpr absl::string_view kKey32 =
    R"({"kty":"oct","k":"QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8"})";

TEST(CoseTest, DecryptsWhatItEncrypts) {
  struct Case {
    absl::string_view key;
    ContentEncryption encryption;
  };
  for (const Case& test : {Case{kKey16, ContentEncryption::kA128Gcm},
                           Case{kKey32, ContentEncryption::kA256Gcm},
                           Case{kKey16, ContentEncryption::kAesCcm16_64_128}}) {
    const Jwk key = Jwk::Parse(test.key).value();
    const std::string bytes =
        EncryptCose(AsBytes("secret"), key, test.encryption).value();
    const absl::StatusOr<CoseMessage> message =
        CoseMessage::Parse(AsBytes(bytes));
    ASSERT_TRUE(message.ok()) << message.status();
    size_t used = 7;
    const Jwk other = SigningKey::Generate(Algorithm::kEdDsa)->jwk();
    const absl::StatusOr<SecretBytes> plaintext =
        message->Decrypt({&other, &key}, &used);
    ASSERT_TRUE(plaintext.ok()) << plaintext.status();
    EXPECT_EQ(AsString(plaintext->view()), "secret");
    EXPECT_EQ(used, 1u);
    EXPECT_EQ(message->Verify(JwkSet()).message(), "neither signed nor MACed");
  }
  EXPECT_FALSE(
      EncryptCose({}, Jwk::Parse(kKey16).value(), ContentEncryption::kA256Gcm)
          .ok());
  EXPECT_FALSE(EncryptCose({}, Jwk::Parse(kKey32).value(),
                           ContentEncryption::kA128CbcHs256)
                   .ok());
}

TEST(CoseTest, ChoosesTheOneDecryptionKeyThatFits) {
  const std::string bytes =
      EncryptCose(AsBytes("x"), Jwk::Parse(kKey16).value(),
                  ContentEncryption::kA128Gcm)
          .value();
  const CoseMessage message = CoseMessage::Parse(AsBytes(bytes)).value();
  const auto error = [&](const std::vector<std::string>& jwks) {
    const JwkSet set = TestKeySet(jwks);
    std::vector<const Jwk*> keys;
    for (const Jwk& key : set.keys()) keys.push_back(&key);
    const absl::Status status = message.Decrypt(keys).status();
    EXPECT_EQ(message.IsEncryptedForOneOf(keys),
              status.message() != "no decryption key fits");
    return std::string(status.message());
  };
  const std::string own(kKey16);
  EXPECT_EQ(error({own}), "");
  EXPECT_EQ(error({WithMembers(own, R"({"alg":"A128GCM"})")}), "");
  EXPECT_EQ(error({WithMembers(own, R"({"alg":"dir","use":"enc"})")}), "");
  EXPECT_EQ(error({}), "no decryption key fits");
  EXPECT_EQ(error({std::string(kKey32)}), "no decryption key fits");
  EXPECT_EQ(error({WithMembers(own, R"({"kid":"b"})")}),
            "no decryption key fits");
  EXPECT_EQ(error({WithMembers(own, R"({"alg":"A128KW"})")}),
            "no decryption key fits");
  EXPECT_EQ(error({WithMembers(own, R"({"use":"sig"})")}),
            "no decryption key fits");
  EXPECT_EQ(error({own, own}), "several decryption keys fit");
  EXPECT_EQ(error({WithMembers(own, R"({"k":"QEFCQ0RFRkdISUpLTE1OTA"})")}),
            "cannot be decrypted");
}

TEST(CoseTest, RefusesAnIvOrATextOfTheWrongSize) {
  const Jwk key = Jwk::Parse(kKey16).value();
  const auto error = [&](absl::string_view hex) {
    const std::string bytes = Bytes(hex);
    return std::string(
        CoseMessage::Parse(AsBytes(bytes))->Decrypt({&key}).status().message());
  };
  EXPECT_EQ(error("8343a10101a04100"), "the header has no IV");
  EXPECT_EQ(error("8343a10101a105404100"), "cannot be decrypted");
  EXPECT_EQ(error("8343a10101a1054c00000000000000000000000040"),
            "cannot be decrypted");
  EXPECT_EQ(error("8343a10101a1054c0000000000000000000000004100"),
            "cannot be decrypted");
}

}  // namespace
}  // namespace sluice::ace
