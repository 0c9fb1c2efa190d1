#include "policy/service/key_ids.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "policy/ace/base64url.h"
#include "policy/ace/digest.h"
#include "proxy/base/bytes.h"
#include "test/policy/testing/test_issuer.h"

// covers: ACE-EXP-4

namespace sluice::policy {
namespace {

using ::testing::ElementsAre;

TEST(KeyIdsTest, AreTheThumbprintAndTheKid) {
  const ace::PopKey key =
      ace::PopKey::FromJwk(NewKey(ace::Algorithm::kEs256).jwk()).value();
  const std::string& thumbprint = key.thumbprint();
  EXPECT_THAT(KeyIdsOf(key.WithKid("device 7"), ""),
              ElementsAre(thumbprint, "device 7"));
  EXPECT_THAT(KeyIdsOf(key.WithKid(""), ""), ElementsAre(thumbprint));
  EXPECT_THAT(KeyIdsOf(key.WithKid(thumbprint), ""), ElementsAre(thumbprint));
}

TEST(KeyIdsTest, WriteAKidThatIsNoTextInHexadecimal) {
  const ace::PopKey key =
      ace::PopKey::FromJwk(NewKey(ace::Algorithm::kEs256).jwk()).value();
  EXPECT_EQ(KeyIdsOf(key.WithKid("\xff\x01"), "")[1], "ff01");
  EXPECT_EQ(KeyIdsOf(key.WithKid("a\nb"), "")[1], "610a62");
}

// covers: ACE-TOK-4
TEST(KeyIdsTest, OfACertificateAreItsHashAndItsKey) {
  for (const ace::Algorithm algorithm :
       {ace::Algorithm::kEdDsa, ace::Algorithm::kEs256}) {
    const ace::SigningKey key = NewKey(algorithm);
    const std::string shown = CertificateOf(key);
    const std::string hash = ace::Sha256(AsBytes(shown));
    const std::string bare = ace::Base64UrlEncode(AsBytes(hash));
    const std::string named = "x5t#S256:" + bare;
    const ace::PopKey bound =
        ace::PopKey::FromCertificateHash(AsBytes(hash)).value();
    EXPECT_THAT(KeyIdsOf(bound, shown),
                ElementsAre(named, bare, key.jwk().Thumbprint()));
    // Another certificate says nothing of this one, nor does what is none.
    for (const std::string& other :
         {std::string(), CertificateOf(NewKey(algorithm)),
          std::string("not even DER")}) {
      EXPECT_THAT(KeyIdsOf(bound, other), ElementsAre(named, bare));
    }
  }
}

// covers: ACE-TOK-4
TEST(KeyIdsTest, OfACertificateWithAnotherKindOfKeyAreItsHash) {
  const std::string hash = ace::Sha256(AsBytes("an RSA key's"));
  const ace::PopKey bound =
      ace::PopKey::FromCertificateHash(AsBytes(hash)).value();
  EXPECT_EQ(KeyIdsOf(bound, "an RSA key's").size(), 2u);
}

// What the TLS handshake shows beside a token for another key is not its own.
TEST(KeyIdsTest, OfAKeyAreNotThoseOfACertificateBesideIt) {
  const ace::PopKey key =
      ace::PopKey::FromJwk(NewKey(ace::Algorithm::kEs256).jwk()).value();
  EXPECT_THAT(
      KeyIdsOf(key.WithKid(""), CertificateOf(NewKey(ace::Algorithm::kEdDsa))),
      ElementsAre(key.thumbprint()));
}

}  // namespace
}  // namespace sluice::policy
