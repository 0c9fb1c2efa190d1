// What is a memory store's own; token_store_test.cc has what all stores do.
#include "policy/store/memory_token_store.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace sluice::policy {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

TokenRecord Record(const std::string& binding,
                   const std::string& token = "token",
                   absl::Duration life = absl::Hours(1),
                   const std::string& client_id = "") {
  return TokenRecord{binding, token, kNow + life, client_id};
}

TEST(MemoryTokenStoreTest, AClientIdThatMovesOnIsPaidForOnce) {
  TokenLimits limits;
  limits.max_bytes = 12'000;
  MemoryTokenStore store(limits);
  const std::string client_id(5'000, 'c');
  for (const std::string binding : {"a", "b", "a", "b"}) {
    ASSERT_TRUE(
        store.Put(Record(binding, "t", absl::Hours(1), client_id), kNow).ok());
  }
  ASSERT_TRUE(store.Put(Record("c", std::string(5'000, 'x')), kNow).ok());
  const auto kept = store.List("", 10, kNow);
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(kept->size(), 3u);
}

}  // namespace
}  // namespace sluice::policy
