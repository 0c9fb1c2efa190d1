#include "policy/ace/jwe.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "policy/ace/base64url.h"
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
        DecryptJwe(example.jwe, TestKeySet({std::string(example.key)}));
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
      DecryptJwe(kCbcJwe, TestKeySet({std::string(kCbcKey)}));
  ASSERT_TRUE(plaintext.ok()) << plaintext.status();
  EXPECT_EQ(AsString(plaintext->view()), "Live long and prosper.");
}

TEST(JweTest, RefusesEveryChangeOfACharacter) {
  const JwkSet keys = TestKeySet({std::string(kKey16), std::string(kKey32)});
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
  const JwkSet cbc_keys = TestKeySet({std::string(kCbcKey)});
  for (size_t i = 0; i < kCbcJwe.size(); ++i) {
    std::string changed(kCbcJwe);
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(DecryptJwe(changed, cbc_keys).ok()) << i;
  }
}

TEST(JweTest, AWrongKeyCannotDecrypt) {
  const std::string other =
      SigningKey::Generate(Algorithm::kHs256)->jwk().ToJson();
  EXPECT_EQ(
      DecryptJwe(kExamples[5].jwe, TestKeySet({other})).status().message(),
      "cannot be decrypted");
  EXPECT_EQ(
      DecryptJwe(kExamples[1].jwe, TestKeySet({other})).status().message(),
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
           {{WithMembers(kKey32, R"({"use":"sig"})")}, "{}", kNone},
           {{WithMembers(kKey32, R"({"key_ops":["verify"]})")}, "{}", kNone},
           {{WithMembers(kKey32, R"({"alg":"HS256"})")}, "{}", kNone},
           {{WithMembers(kKey32, R"({"alg":"dir"})")}, "{}", kNone},
           {{WithMembers(kKey32, R"({"alg":"A256GCM"})")}, "{}", kNone},
           {{WithMembers(kKey32, R"({"alg":"A256KW"})")}, "{}", kFound},
           {{WithMembers(kKey32, R"({"use":"enc"})")}, "{}", kFound},
           {{TestKey(kEd25519PrivateJwk).jwk().ToJson()}, "{}", kNone},
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
    EXPECT_EQ(DecryptJwe(absl::StrJoin(parts, "."), TestKeySet(test.keys))
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
    EXPECT_EQ(
        DecryptJwe(absl::StrJoin(parts, "."), TestKeySet({std::string(kKey32)}))
            .status()
            .message(),
        test.message);
  }
  EXPECT_EQ(DecryptJwe("a.b.c", JwkSet()).status().message(),
            "not five parts divided by dots");
  EXPECT_EQ(DecryptJwe("a.b.c.d.e", JwkSet()).status().message(),
            "the header is not base64url");
}

TEST(JweTest, RefusesAWrappedKeyOfTheWrongSize) {
  // Wraps 16 bytes where A256GCM needs 32.
  std::vector<std::string> parts = absl::StrSplit(kExamples[5].jwe, '.');
  parts[1] = std::vector<std::string>(absl::StrSplit(kExamples[4].jwe, '.'))[1];
  const JwkSet keys = TestKeySet({std::string(kKey32)});
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
  const JwkSet keys = TestKeySet(
      {SigningKey::Generate(Algorithm::kHs256)->jwk().ToJson(), key.ToJson()});
  const absl::StatusOr<SecretBytes> plaintext = DecryptJwe(*jwe, keys);
  ASSERT_TRUE(plaintext.ok()) << plaintext.status();
  EXPECT_EQ(AsString(plaintext->view()), kPlaintext);
}

TEST(JweTest, EncryptsOnlyForAKeyThatFits) {
  for (const std::string& jwk : {std::string(kKey16), std::string(kHs256Jwk),
                                 WithMembers(kKey32, R"({"use":"sig"})"),
                                 TestKey(kP256PrivateJwk).jwk().ToJson()}) {
    EXPECT_FALSE(EncryptJwe(AsBytes(kPlaintext), Jwk::Parse(jwk).value()).ok());
  }
}

}  // namespace
}  // namespace sluice::ace
