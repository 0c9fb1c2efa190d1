#include "policy/service/key_ids.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "test/policy/testing/test_issuer.h"

// covers: ACE-EXP-4

namespace sluice::policy {
namespace {

using ::testing::ElementsAre;

TEST(KeyIdsTest, AreTheThumbprintAndTheKid) {
  const ace::PopKey key =
      ace::PopKey::FromJwk(NewKey(ace::Algorithm::kEs256).jwk()).value();
  const std::string& thumbprint = key.thumbprint();
  EXPECT_THAT(KeyIdsOf(key.WithKid("device 7")),
              ElementsAre(thumbprint, "device 7"));
  EXPECT_THAT(KeyIdsOf(key.WithKid("")), ElementsAre(thumbprint));
  EXPECT_THAT(KeyIdsOf(key.WithKid(thumbprint)), ElementsAre(thumbprint));
}

TEST(KeyIdsTest, WriteAKidThatIsNoTextInHexadecimal) {
  const ace::PopKey key =
      ace::PopKey::FromJwk(NewKey(ace::Algorithm::kEs256).jwk()).value();
  EXPECT_EQ(KeyIdsOf(key.WithKid("\xff\x01"))[1], "ff01");
  EXPECT_EQ(KeyIdsOf(key.WithKid("a\nb"))[1], "610a62");
}

}  // namespace
}  // namespace sluice::policy
