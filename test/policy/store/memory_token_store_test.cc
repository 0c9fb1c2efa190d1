// What is a memory store's own; token_store_test.cc has what all stores do.
#include "policy/store/memory_token_store.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "test/policy/store/store_samples.h"

namespace sluice::policy {
namespace {

TEST(MemoryTokenStoreTest, AClientIdThatMovesOnIsPaidForOnce) {
  TokenLimits limits;
  limits.max_bytes = 12'000;
  MemoryTokenStore store(limits);
  const std::string client_id(5'000, 'c');
  for (const std::string binding : {"a", "b", "a", "b"}) {
    ASSERT_TRUE(
        store.Put(TestRecord(binding, "t", absl::Hours(1), client_id), kNow)
            .ok());
  }
  ASSERT_TRUE(store.Put(TestRecord("c", std::string(5'000, 'x')), kNow).ok());
  const auto kept = store.List("", 10, kNow);
  ASSERT_TRUE(kept.ok());
  EXPECT_EQ(kept->size(), 3u);
}

}  // namespace
}  // namespace sluice::policy
