#include "policy/ace/jwe.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "policy/ace/base64url.h"
#include "policy/ace/concat_kdf.h"
#include "policy/ace/jwe_encrypt.h"
#include "policy/ace/rejection.h"
#include "proxy/base/bytes.h"
#include "test/policy/ace/test_tokens.h"

// covers: ACE-TOK-4

namespace sluice::ace {
namespace {

// 16 and 32 bytes, 0x40 upward.
constexpr absl::string_view kKey16 =
    R"({"kty":"oct","k":"QEFCQ0RFRkdISUpLTE1OTw"})";
constexpr absl::string_view kKey32 =
    R"({"kty":"oct","k":"QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8"})";

// What the texts below hold.
constexpr absl::string_view kPlaintext =
    R"({"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODw"})";

struct Example {
  absl::string_view name;
  absl::string_view key;
  absl::string_view jwe;
};

// Made with an independent program.
constexpr Example kExamples[] = {
    {"dir, A128GCM", kKey16,
     "eyJhbGciOiAiZGlyIiwgImVuYyI6ICJBMTI4R0NNIn0..AAECAwQFBgcICQoL."
     "CtbtN7h-qERmRX5d-TcZ2gQqh1VUTWULBDYB27BlkjD3I70Kfst0zv9M."
     "D5wIcgVPd_R0stjGjvQAQQ"},
    {"dir, A256GCM", kKey32,
     "eyJhbGciOiAiZGlyIiwgImVuYyI6ICJBMjU2R0NNIn0..AAECAwQFBgcICQoL."
     "QScHDA6ufoKtcfTglM-nmbnmbEgpD-wkv2aq8SL4Kg8vPIBAiw1PCJJl."
     "A-LitoAbaHMOC142h13gKA"},
    {"A128KW, A128GCM", kKey16,
     "eyJhbGciOiAiQTEyOEtXIiwgImVuYyI6ICJBMTI4R0NNIn0."
     "gffiKCc2towlIHWb3JgaWmA2s2cJnk5S.AAECAwQFBgcICQoL."
     "QeZKJ-kPL7zlDV_fdinNBWKoc2nBhd7CbJDrRkMXj5Pyn63fMp42TQGJ."
     "dUt3qGwQROdLj_xvUvCuvg"},
    {"A128KW, A256GCM", kKey16,
     "eyJhbGciOiAiQTEyOEtXIiwgImVuYyI6ICJBMjU2R0NNIn0."
     "jij2-c46gHfeGTs321zmiEW_D8dyZdl7gZRwE7sndD0HGTHfoqUXmQ."
     "AAECAwQFBgcICQoL."
     "iGIUXWwEQImpFy1OBHSWg86l54gx5JbJkBqB3ds1N2PyHEOA2mJ_PN62."
     "cdi9OivCwav9mUPVGpto5w"},
    {"A256KW, A128GCM", kKey32,
     "eyJhbGciOiAiQTI1NktXIiwgImVuYyI6ICJBMTI4R0NNIn0."
     "1ttNIV4KurC_3-shxJl3BnOuWRkKy8-K.AAECAwQFBgcICQoL."
     "QeZKJ-kPL7zlDV_fdinNBWKoc2nBhd7CbJDrRkMXj5Pyn63fMp42TQGJ."
     "afgul5icMyGMKYUHGXOFkA"},
    {"A256KW, A256GCM", kKey32,
     "eyJhbGciOiAiQTI1NktXIiwgImVuYyI6ICJBMjU2R0NNIn0."
     "2uabbzi5uBiS_imjI9q-SCBdGUmgxKdO-Tfvg-lvG2TrjdoiCPulpg."
     "AAECAwQFBgcICQoL."
     "iGIUXWwEQImpFy1OBHSWg86l54gx5JbJkBqB3ds1N2PyHEOA2mJ_PN62."
     "O4rkw9lByaEFAlGpdnzPNQ"},
};

TEST(JweTest, DecryptsEveryAlgAndEnc) {
  for (const Example& example : kExamples) {
    const absl::StatusOr<SecretBytes> plaintext =
        DecryptJwe(example.jwe, TestDecryptionKeys({std::string(example.key)}));
    ASSERT_TRUE(plaintext.ok()) << example.name << plaintext.status();
    EXPECT_EQ(AsString(plaintext->view()), kPlaintext) << example.name;
  }
}

// RFC 7516 appendix A.3: A128KW, A128CBC-HS256.
constexpr absl::string_view kCbcKey =
    R"({"kty":"oct","k":"GawgguFyGrWKav7AX4VKUg"})";
constexpr absl::string_view kCbcJwe =
    "eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0."
    "6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ."
    "AxY8DCtDaGlsbGljb3RoZQ."
    "KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY."
    "U0m_YmjN04DJvceFICbCVQ";

TEST(JweTest, DecryptsTheStandardsExample) {
  const absl::StatusOr<SecretBytes> plaintext =
      DecryptJwe(kCbcJwe, TestDecryptionKeys({std::string(kCbcKey)}));
  ASSERT_TRUE(plaintext.ok()) << plaintext.status();
  EXPECT_EQ(AsString(plaintext->view()), "Live long and prosper.");
}

// --- ECDH-ES. ---

// RFC 7520 section 5.5.
constexpr absl::string_view kAgreementKey =
    R"({"kty":"EC","kid":"meriadoc.brandybuck@buckland.example","use":"enc",
        "crv":"P-256",
        "x":"Ze2loSV3wrroKUN_4zhwGhCqo3Xhu1td4QjeQ5wIVR0",
        "y":"HlLtdXARY_f55A3fnzQbPcm6hgr34Mp8p-nuzQCE0Zw",
        "d":"r_kHyZ-a06rmxM3yESK84r1otSg-aQcVStkRhA-iCM8"})";
constexpr absl::string_view kAgreementJwe =
    "eyJhbGciOiJFQ0RILUVTIiwia2lkIjoibWVyaWFkb2MuYnJhbmR5YnVja0BidWNrbGFuZC5l"
    "eGFtcGxlIiwiZXBrIjp7Imt0eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJ4IjoibVBVS1RfYkFX"
    "R0hJaGcwVHBqanFWc1AxclhXUXVfdndWT0hIdE5rZFlvQSIsInkiOiI4QlFBc0ltR2VBUzQ2"
    "ZnlXdzVNaFlmR1RUMElqQnBGdzJTUzM0RHY0SXJzIn0sImVuYyI6IkExMjhDQkMtSFMyNTYi"
    "fQ..yc9N8v5sYyv3iGQT926IUg.BoDlwPnTypYq-ivjmQvAYJLb5Q6l-F3LIgQomlz87yW4O"
    "PKbWE1zSTEFjDfhU9IPIOSA9Bml4m7iDFwA-1ZXvHteLDtw4R1XRGMEsDIqAYtskTTmzmzNa"
    "-_q4F_evAPUmwlO-ZG45Mnq4uhM1fm_D9rBtWolqZSF3xGNNkpOMQKF1Cl8i8wjzRli7-IXg"
    "yirlKQsbhhqRzkv8IcY6aHl24j03C-AR2le1r7URUhArM79BY8soZU0lzwI-sD5PZ3l4NDCC"
    "ei9XkoIAfsXJWmySPoeRb2Ni5UZL4mYpvKDiwmyzGd65KqVw7MsFfI_K767G9C9Azp73gKZD"
    "0DyUn1mn0WW5LmyX_yJ-3AROq8p1WZBfG-ZyJ6195_JGG2m9Csg.WCCkNa-x4BeB9hIDIfFu"
    "hg";

TEST(JweTest, DecryptsTheStandardsAgreementExample) {
  const absl::StatusOr<SecretBytes> plaintext = DecryptJwe(
      kAgreementJwe, TestDecryptionKeys({std::string(kAgreementKey)}));
  ASSERT_TRUE(plaintext.ok()) << plaintext.status();
  EXPECT_TRUE(absl::StartsWith(AsString(plaintext->view()),
                               "You can trust us to stick with you through"));
}

// RFC 7518 appendix C, both parties' names included.
TEST(JweTest, DerivesTheStandardsKey) {
  const std::string secret = absl::HexStringToBytes(
      "9e56d91d817135d372834283bf84269cfb316ea3da806a48f6daa7798cfe90c4");
  EXPECT_EQ(
      Base64UrlEncode(DeriveConcatKdf(AsBytes(secret), "A128GCM",
                                      AsBytes("Alice"), AsBytes("Bob"), 16)
                          .view()),
      "VqqN6vgjbSBcIijNcacQGg");
}

// The receiver of RFC 7518 appendix C, and a key of our own.
constexpr absl::string_view kBobsKey =
    R"({"kty":"EC","crv":"P-256",
        "x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
        "y":"e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
        "d":"VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"})";
constexpr absl::string_view kX25519Key =
    R"({"kty":"OKP","crv":"X25519",
        "x":"j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8",
        "d":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"})";

// Made with an independent program; the first and the last name the parties.
constexpr Example kAgreements[] = {
    {"P-256, A128GCM", kBobsKey,
     "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTEyOEdDTSIsImVwayI6eyJrdHkiOiJFQyIsIm"
     "NydiI6IlAtMjU2IiwieCI6ImdJMEdBSUxCZHU3VDUzYWtyRm1NeUdjc0YzbjVkTzdNbXdO"
     "QkhLVzVTVjAiLCJ5IjoiU0xXX3hTZmZ6bFBXckhFVkkzMERITV80ZWdWd3QzTlFxZVVEN2"
     "5NRnBwcyJ9LCJhcHUiOiJRV3hwWTJVIiwiYXB2IjoiUW05aSJ9..AAECAwQFBgcICQoL.D"
     "6lpkDTzkJLVYUkzA69TlV22fvANcc2NuVJ-YElDuPUxGKu_vNcvReay.2FPDc4MQoLprD1"
     "Pql4JxJQ"},
    {"P-256, A256GCM", kBobsKey,
     "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6eyJrdHkiOiJFQyIsIm"
     "NydiI6IlAtMjU2IiwieCI6ImdJMEdBSUxCZHU3VDUzYWtyRm1NeUdjc0YzbjVkTzdNbXdO"
     "QkhLVzVTVjAiLCJ5IjoiU0xXX3hTZmZ6bFBXckhFVkkzMERITV80ZWdWd3QzTlFxZVVEN2"
     "5NRnBwcyJ9fQ..AAECAwQFBgcICQoL.LWNzCrnOMn_86DZb2cMa-dHIDU6pGsb7Xobjc0V"
     "g0jwBBTJZuVHO47Jo.JbAK0HMySZeASbFuFKCAxA"},
    {"X25519, A128GCM", kX25519Key,
     "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTEyOEdDTSIsImVwayI6eyJrdHkiOiJPS1AiLC"
     "JjcnYiOiJYMjU1MTkiLCJ4IjoiTllCeTFqWllnTkd1NmpLYTM1RWhPRGhSN1NHaWpqdDE2"
     "V1hRMHMwV1lsUSJ9fQ..AAECAwQFBgcICQoL.E05SsmCmyot3guwa579SFWf5ue2dO7JWN"
     "t4Lal5raH_dqWfSw36Uz5FQ.aoCPhk_OPLmBWacbbC0eXA"},
    {"X25519, A256GCM", kX25519Key,
     "eyJhbGciOiJFQ0RILUVTIiwiZW5jIjoiQTI1NkdDTSIsImVwayI6eyJrdHkiOiJPS1AiLC"
     "JjcnYiOiJYMjU1MTkiLCJ4IjoiTllCeTFqWllnTkd1NmpLYTM1RWhPRGhSN1NHaWpqdDE2"
     "V1hRMHMwV1lsUSJ9LCJhcHUiOiJRV3hwWTJVIiwiYXB2IjoiUW05aSJ9..AAECAwQFBgcI"
     "CQoL.8jMjv6UCAMDrKiGrhCFew-tECRUqvT9rM2m6apel7FnI598q5_E2UGPN.s3JnZKby"
     "dB9Ll59voHIraA"},
};

TEST(JweTest, AgreesOnEveryCurve) {
  const DecryptionKeySet both = TestDecryptionKeys(
      {std::string(kBobsKey), std::string(kX25519Key), std::string(kKey32)});
  for (const Example& example : kAgreements) {
    const absl::StatusOr<SecretBytes> plaintext = DecryptJwe(example.jwe, both);
    ASSERT_TRUE(plaintext.ok()) << example.name << plaintext.status();
    EXPECT_EQ(AsString(plaintext->view()), kPlaintext) << example.name;
    std::string other = WithMembers(example.key, R"({"alg":"A256KW"})");
    EXPECT_EQ(
        DecryptJwe(example.jwe, TestDecryptionKeys({other})).status().message(),
        "no decryption key fits");
    EXPECT_EQ(DecryptJwe(example.jwe, TestDecryptionKeys({std::string(kKey32)}))
                  .status()
                  .message(),
              "no decryption key fits");
    for (size_t i = 0; i < example.jwe.size(); ++i) {
      std::string changed(example.jwe);
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      EXPECT_FALSE(DecryptJwe(changed, both).ok()) << i;
    }
  }
}

TEST(JweTest, RefusesAgreementsThatItMustNotFollow) {
  struct Case {
    absl::string_view header;  // beside alg and enc
    absl::string_view message;
  };
  const DecryptionKeySet keys =
      TestDecryptionKeys({std::string(kBobsKey), std::string(kX25519Key)});
  for (const Case& test : {
           Case{"{}", "the header has no epk"},
           {R"({"epk":"x"})", "the header's epk: not a JSON object"},
           {R"({"epk":{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}})",
            "the header's epk: x, y: not 32 bytes"},
           // Not on the curve: it would tell the key bit by bit.
           {R"({"epk":{"kty":"EC","crv":"P-256",
               "x":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
               "y":"weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ"}})",
            "the header's epk: x, y: not a point on P-256"},
           {R"({"epk":{"kty":"oct","k":"AAAA"}})",
            "the header's epk is not for key agreement"},
           {R"({"epk":{"kty":"OKP","crv":"X25519",
               "x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}})",
            "cannot be decrypted"},
           {R"({"apu":"=","epk":{"kty":"OKP","crv":"X25519",
               "x":"j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8"}})",
            "the header's apu is not base64url"},
           {R"({"apv":7,"epk":{"kty":"OKP","crv":"X25519",
               "x":"j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8"}})",
            "the header's apv is not base64url"},
       }) {
    std::vector<std::string> parts = absl::StrSplit(kAgreements[0].jwe, '.');
    parts[0] = Base64UrlEncode(AsBytes(
        WithMembers(test.header, R"({"alg":"ECDH-ES","enc":"A128GCM"})")));
    EXPECT_EQ(DecryptJwe(absl::StrJoin(parts, "."), keys).status().message(),
              test.message);
  }
  std::vector<std::string> parts = absl::StrSplit(kAgreements[0].jwe, '.');
  parts[1] = "AAAA";
  EXPECT_EQ(DecryptJwe(absl::StrJoin(parts, "."), keys).status().message(),
            "ECDH-ES with an encrypted key");
}

TEST(JweTest, RefusesEveryChangeOfACharacter) {
  const DecryptionKeySet keys =
      TestDecryptionKeys({std::string(kKey16), std::string(kKey32)});
  std::vector<absl::string_view> texts;
  for (const Example& example : kExamples) texts.push_back(example.jwe);
  for (const absl::string_view jwe : texts) {
    for (size_t i = 0; i < jwe.size(); ++i) {
      std::string changed(jwe);
      changed[i] = changed[i] == 'A' ? 'B' : 'A';
      EXPECT_FALSE(DecryptJwe(changed, keys).ok()) << i;
    }
    for (size_t size = 0; size < jwe.size(); ++size) {
      EXPECT_FALSE(DecryptJwe(jwe.substr(0, size), keys).ok()) << size;
    }
  }
  const DecryptionKeySet cbc_keys = TestDecryptionKeys({std::string(kCbcKey)});
  for (size_t i = 0; i < kCbcJwe.size(); ++i) {
    std::string changed(kCbcJwe);
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(DecryptJwe(changed, cbc_keys).ok()) << i;
  }
}

TEST(JweTest, AWrongKeyCannotDecrypt) {
  const std::string other =
      SigningKey::Generate(Algorithm::kHs256)->jwk().ToJson();
  EXPECT_EQ(DecryptJwe(kExamples[5].jwe, TestDecryptionKeys({other}))
                .status()
                .message(),
            "cannot be decrypted");
  EXPECT_EQ(DecryptJwe(kExamples[1].jwe, TestDecryptionKeys({other}))
                .status()
                .message(),
            "cannot be decrypted");
}

struct KeyCase {
  std::vector<std::string> keys;
  absl::string_view header;  // of kExamples[5], with these members
  absl::string_view message;
};

// The header is authenticated, so a header that leads to a key ends in "cannot
// be decrypted".
TEST(JweTest, ChoosesTheOneKeyThatFits) {
  const std::string key32(kKey32);
  const std::string other =
      WithMembers(SigningKey::Generate(Algorithm::kHs256)->jwk().ToJson(),
                  R"({"kid":"other"})");
  const char kNone[] = "no decryption key fits";
  const char kFound[] = "cannot be decrypted";
  for (const KeyCase& test : std::vector<KeyCase>{
           {{}, "{}", kNone},
           {{std::string(kKey16)}, "{}", kNone},
           {{WithMembers(kKey32, R"({"alg":"HS256"})")}, "{}", kNone},
           {{WithMembers(kKey32, R"({"alg":"dir"})")}, "{}", kNone},
           {{WithMembers(kKey32, R"({"alg":"A256GCM"})")}, "{}", kNone},
           {{WithMembers(kKey32, R"({"alg":"A256KW"})")}, "{}", kFound},
           {{WithMembers(kKey32, R"({"use":"enc"})")}, "{}", kFound},
           {{std::string(kX25519Key)}, "{}", kNone},
           {{key32, other}, "{}", "several decryption keys fit"},
           {{key32, other}, R"({"kid":"other"})", kFound},
           {{key32, other}, R"({"kid":"another"})", kNone},
           {{key32}, R"({"kid":"other"})", kNone},
           {{WithMembers(kKey32, R"({"kid":"other"})"), other},
            R"({"kid":"other"})",
            "several decryption keys fit"},
       }) {
    std::vector<std::string> parts = absl::StrSplit(kExamples[5].jwe, '.');
    parts[0] = Base64UrlEncode(AsBytes(
        WithMembers(R"({"alg":"A256KW","enc":"A256GCM"})", test.header)));
    EXPECT_EQ(
        DecryptJwe(absl::StrJoin(parts, "."), TestDecryptionKeys(test.keys))
            .status()
            .message(),
        test.message);
  }
}

struct HeaderCase {
  absl::string_view header;
  absl::string_view message;
};

TEST(JweTest, RefusesHeadersThatItMustNotFollow) {
  for (const HeaderCase& test : {
           HeaderCase{R"([])", "the header is not a JSON object"},
           {R"({"enc":"A256GCM"})", "the header has no alg"},
           {R"({"alg":"dir"})", "the header has no enc"},
           {R"({"alg":"RSA1_5","enc":"A256GCM"})",
            "the header's alg is not supported"},
           {R"({"alg":"dir","enc":"A192GCM"})",
            "the header's enc is not supported"},
           {R"({"alg":"dir","enc":"A256GCM","zip":"DEF"})",
            "the content is compressed"},
           {R"({"alg":"dir","enc":"A256GCM","crit":["x"]})",
            "the header's crit names an unknown extension"},
           {R"({"alg":"dir","enc":"A256GCM","kid":1})",
            "the header's kid is not a string"},
           // With an encrypted key, which dir has none of.
           {R"({"alg":"dir","enc":"A256GCM"})", "dir with an encrypted key"},
       }) {
    std::vector<std::string> parts = absl::StrSplit(kExamples[5].jwe, '.');
    parts[0] = Base64UrlEncode(AsBytes(test.header));
    EXPECT_EQ(DecryptJwe(absl::StrJoin(parts, "."),
                         TestDecryptionKeys({std::string(kKey32)}))
                  .status()
                  .message(),
              test.message);
  }
  EXPECT_EQ(DecryptJwe("a.b.c", DecryptionKeySet()).status().message(),
            "not five parts divided by dots");
  EXPECT_EQ(DecryptJwe("a.b.c.d.e", DecryptionKeySet()).status().message(),
            "the header is not base64url");
}

TEST(JweTest, TellsWhatIsNoJweFromWhatIsRefused) {
  const DecryptionKeySet keys = TestDecryptionKeys({std::string(kKey32)});
  const auto rejection = [&keys](const std::vector<std::string>& parts) {
    return RejectionOf(DecryptJwe(absl::StrJoin(parts, "."), keys).status());
  };
  const std::vector<std::string> whole = absl::StrSplit(kExamples[5].jwe, '.');
  for (size_t i = 0; i < whole.size(); ++i) {
    std::vector<std::string> parts = whole;
    parts[i] += "=";
    EXPECT_EQ(rejection(parts), Rejection::kUnparsable) << i;
    parts = whole;
    parts.erase(parts.begin() + i);
    EXPECT_EQ(rejection(parts), Rejection::kUnparsable) << i;
    parts = whole;
    parts[i] = "";
    const bool may_be_empty = i == 1 || i == 3;
    EXPECT_EQ(rejection(parts),
              may_be_empty ? Rejection::kInvalid : Rejection::kUnparsable)
        << i;
    // Nothing in the header makes a JWE of it, nor less of one.
    for (const absl::string_view header :
         {R"({"alg":"dir","enc":"A256GCM","crit":["x"]})",
          R"({"alg":"none","enc":"A256GCM"})", R"({"alg":"dir","enc":"none"})",
          R"({"alg":"dir","enc":"A256GCM","zip":"DEF"})"}) {
      parts = whole;
      parts[0] = Base64UrlEncode(AsBytes(header));
      EXPECT_EQ(rejection(parts), Rejection::kInvalid) << header;
      parts[i] += "=";
      EXPECT_EQ(rejection(parts), Rejection::kUnparsable) << header << i;
    }
  }
  for (const absl::string_view header :
       {"[]", "{}", R"({"enc":"A256GCM"})", R"({"alg":"A256KW"})",
        R"({"alg":"A256KW","enc":1})"}) {
    std::vector<std::string> parts = whole;
    parts[0] = Base64UrlEncode(AsBytes(header));
    EXPECT_EQ(rejection(parts), Rejection::kUnparsable) << header;
  }
  EXPECT_EQ(
      RejectionOf(DecryptJwe(kExamples[5].jwe, DecryptionKeySet()).status()),
      Rejection::kInvalid);
}

TEST(JweTest, RefusesAWrappedKeyOfTheWrongSize) {
  // Wraps 16 bytes where A256GCM needs 32.
  std::vector<std::string> parts = absl::StrSplit(kExamples[5].jwe, '.');
  parts[1] = std::vector<std::string>(absl::StrSplit(kExamples[4].jwe, '.'))[1];
  const DecryptionKeySet keys = TestDecryptionKeys({std::string(kKey32)});
  EXPECT_FALSE(DecryptJwe(absl::StrJoin(parts, "."), keys).ok());
  for (const char* wrapped :
       {"", "AAAA", "AAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA"}) {
    parts[1] = wrapped;
    EXPECT_FALSE(DecryptJwe(absl::StrJoin(parts, "."), keys).ok()) << wrapped;
  }
}

TEST(JweTest, DecryptsWhatItEncrypts) {
  const Jwk key = Jwk::Parse(WithMembers(kKey32, R"({"kid":"rs"})")).value();
  const absl::StatusOr<std::string> jwe = EncryptJwe(AsBytes(kPlaintext), key);
  ASSERT_TRUE(jwe.ok()) << jwe.status();
  EXPECT_NE(*jwe, *EncryptJwe(AsBytes(kPlaintext), key));
  const DecryptionKeySet keys = TestDecryptionKeys(
      {SigningKey::Generate(Algorithm::kHs256)->jwk().ToJson(), key.ToJson()});
  const absl::StatusOr<SecretBytes> plaintext = DecryptJwe(*jwe, keys);
  ASSERT_TRUE(plaintext.ok()) << plaintext.status();
  EXPECT_EQ(AsString(plaintext->view()), kPlaintext);
}

TEST(JweTest, DecryptsWhatItEncryptsForAPublicKey) {
  for (const absl::string_view jwk : {kBobsKey, kX25519Key}) {
    const DecryptionKeySet keys =
        TestDecryptionKeys({WithMembers(jwk, R"({"kid":"rs"})")});
    const Jwk& key = keys.keys()[0].jwk();
    const absl::StatusOr<std::string> jwe =
        EncryptJwe(AsBytes(kPlaintext), key);
    ASSERT_TRUE(jwe.ok()) << jwe.status();
    EXPECT_NE(*jwe, *EncryptJwe(AsBytes(kPlaintext), key));
    const absl::StatusOr<SecretBytes> plaintext = DecryptJwe(*jwe, keys);
    ASSERT_TRUE(plaintext.ok()) << plaintext.status();
    EXPECT_EQ(AsString(plaintext->view()), kPlaintext);
  }
}

TEST(JweTest, EncryptsOnlyForAKeyThatFits) {
  for (const std::string& jwk :
       {std::string(kKey16), std::string(kHs256Jwk),
        WithMembers(kKey32, R"({"use":"sig"})"),
        TestKey(kEd25519PrivateJwk).jwk().ToJson(),
        WithMembers(TestKey(kP256PrivateJwk).jwk().ToJson(),
                    R"({"alg":"ES256"})")}) {
    EXPECT_FALSE(EncryptJwe(AsBytes(kPlaintext), Jwk::Parse(jwk).value()).ok());
  }
}

}  // namespace
}  // namespace sluice::ace
