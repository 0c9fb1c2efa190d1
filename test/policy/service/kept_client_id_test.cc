#include "policy/service/kept_client_id.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::policy {
namespace {

TEST(KeptClientIdTest, AShortOneIsItself) {
  EXPECT_EQ(KeptClientId(""), "");
  EXPECT_EQ(KeptClientId("pump-7"), "pump-7");
  EXPECT_EQ(KeptClientId(std::string(64, 'x')), std::string(64, 'x'));
}

TEST(KeptClientIdTest, ALongOneIsItsHash) {
  EXPECT_EQ(KeptClientId(std::string(65, 'a')),
            "sha256:"
            "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0");
  const std::string kept = KeptClientId(std::string(65'535, 'a'));
  EXPECT_EQ(kept.size(), 71u);
  // One that is called like another's hash is not that other one.
  EXPECT_NE(KeptClientId(kept), kept);
}

}  // namespace
}  // namespace sluice::policy
