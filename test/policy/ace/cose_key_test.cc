#include "policy/ace/cose_key.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/ace/pop_key.h"
#include "proxy/base/bytes.h"
#include "test/policy/ace/test_tokens.h"

// covers: ACE-TOK-4, ACE-POP-1

namespace sluice::ace {
namespace {

absl::StatusOr<Jwk> Read(absl::string_view hex) {
  const std::string bytes = absl::HexStringToBytes(hex);
  return CoseKeyReader::Read(ParseCbor(AsBytes(bytes)).value());
}

// RFC 8392 appendix A.2.3, without its private part.
constexpr absl::string_view kX =
    "143329cce7868e416927599cf65a34f3ce2ffda55a7eca69ed8919a394d42f0f";
constexpr absl::string_view kY =
    "60f7f1a780d8a783bfb7a2dd6b2796e8128dbbcef9d3d168db9529971a36e7b9";
// RFC 8037 appendix A.2.
constexpr absl::string_view kEd25519X =
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

std::string Ec2(absl::string_view y) {
  return absl::StrCat("a401022001215820", kX, "22", y);
}

std::string Okp(absl::string_view more, absl::string_view head = "a3") {
  return absl::StrCat(head, "01012006215820", kEd25519X, more);
}

TEST(CoseKeyTest, ReadsEveryType) {
  const absl::StatusOr<Jwk> okp = Read(Okp(""));
  ASSERT_TRUE(okp.ok()) << okp.status();
  EXPECT_EQ(okp->Thumbprint(), TestKey(kEd25519PrivateJwk).jwk().Thumbprint());
  EXPECT_EQ(okp->kid(), "");
  EXPECT_EQ(okp->alg(), "");

  const absl::StatusOr<Jwk> ec2 = Read(Ec2(absl::StrCat("5820", kY)));
  ASSERT_TRUE(ec2.ok()) << ec2.status();
  EXPECT_EQ(ec2->type(), KeyType::kP256);

  // RFC 8392 appendix A.2.1: {-1: k, 1: 4, 2: 'Symmetric128', 3: 10}
  const absl::StatusOr<Jwk> symmetric = Read(
      "a42050231f4c4d4d3051fdc2ec0a3851d5b3830104024c53796d6d657472696331"
      "3238030a");
  ASSERT_TRUE(symmetric.ok()) << symmetric.status();
  EXPECT_EQ(symmetric->type(), KeyType::kSymmetric);
  EXPECT_EQ(symmetric->kid(), "Symmetric128");
  EXPECT_EQ(symmetric->alg(), "AES-CCM-16-64-128");
}

// y = ...b9, which is odd.
TEST(CoseKeyTest, ReadsACompressedPoint) {
  const Jwk whole = Read(Ec2(absl::StrCat("5820", kY))).value();
  EXPECT_EQ(Read(Ec2("f5"))->Thumbprint(), whole.Thumbprint());
  EXPECT_NE(Read(Ec2("f4"))->Thumbprint(), whole.Thumbprint());
}

TEST(CoseKeyTest, ReadsWhatBinds) {
  // kid h'ff00', alg EdDSA, key_ops [2]
  const absl::StatusOr<Jwk> key = Read(Okp("0242ff000327048102", "a6"));
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(key->kid(), absl::string_view("\xff\0", 2));
  EXPECT_EQ(key->alg(), "EdDSA");
  EXPECT_TRUE(key->Permits(Algorithm::kEdDsa));
  EXPECT_FALSE(key->Permits(KeyUse::kEncryption));
  // As JSON it is still text.
  EXPECT_TRUE(ParseJsonObject(key->ToJson()).ok());
  EXPECT_FALSE(Read(Okp("0326", "a4"))->Permits(Algorithm::kEdDsa));  // ES256
  EXPECT_FALSE(Read(Okp("0312", "a4"))->Permits(Algorithm::kEdDsa));  // unknown
  EXPECT_FALSE(Read(Okp("048103", "a4"))->Permits(KeyUse::kSignature));
  EXPECT_TRUE(Read(Okp("0481190100", "a4")).ok());
}

struct Case {
  std::string hex;
  absl::string_view message;
};

TEST(CoseKeyTest, RefusesMalformedAndForeignKeys) {
  for (const Case& test : {
           Case{"80", "not a CBOR map"},
           {"a0", "kty: missing"},
           {"a10103", "kty: not supported"},
           {"a10163454332", "kty: not supported"},
           {"a201012004", "crv: not supported"},  // X25519
           {"a10101", "crv: not supported"},
           {"a201022002", "crv: not supported"},  // P-384
           {"a201012006", "x: missing"},
           {"a301012006216141", "x: not a byte string"},
           {"a301012006214141", "x: not 32 bytes"},
           {absl::StrCat("a301022001215820", kX), "y: missing"},
           {Ec2("01"), "y: not a byte string"},
           {Ec2("4141"), "x, y: not 32 bytes"},
           {Ec2(absl::StrCat("5820", kX)), "x, y: not a point on P-256"},
           {Okp("234100", "a4"), "d: a private key where a public one belongs"},
           {"a10104", "k: missing"},
           {"a2010420616b", "k: not a byte string"},
           {"a201042040", "k: empty"},
           {Okp("026178", "a4"), "kid: not a byte string"},
           {Okp("036178", "a4"), "alg: not an integer"},
           {Okp("0402", "a4"), "key_ops: not an array"},
           {Okp("04816178", "a4"), "key_ops: holds no integer"},
       }) {
    EXPECT_EQ(Read(test.hex).status().message(), test.message) << test.hex;
  }
}

TEST(CoseKeyTest, ReadsWhatItWrites) {
  for (const absl::string_view jwk :
       {kEd25519PrivateJwk, kP256PrivateJwk, kHs256Jwk}) {
    for (const absl::string_view members : {"{}", R"({"kid":"k"})"}) {
      const Jwk key = TestKey(jwk, members).jwk();
      const std::string bytes = EncodeCoseKey(key);
      const absl::StatusOr<Cbor> cbor = ParseCbor(AsBytes(bytes));
      ASSERT_TRUE(cbor.ok()) << cbor.status();
      const absl::StatusOr<Jwk> read = CoseKeyReader::Read(*cbor);
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_EQ(read->ToJson(), key.ToJson());
    }
  }
  const Jwk named = TestKey(kEd25519PrivateJwk, R"({"alg":"EdDSA"})").jwk();
  const std::string bytes = EncodeCoseKey(named);
  EXPECT_EQ(CoseKeyReader::Read(ParseCbor(AsBytes(bytes)).value())->alg(),
            "EdDSA");
}

}  // namespace
}  // namespace sluice::ace
