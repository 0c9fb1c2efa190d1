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

TEST(MemoryTokenStoreTest, AReplacementCostsNothing) {
  MemoryTokenStore store;
  ASSERT_TRUE(store.Put(Record("key", "a"), kNow).ok());
  const size_t bytes = store.bytes();
  ASSERT_TRUE(store.Put(Record("key", "b"), kNow).ok());
  EXPECT_EQ(store.records(), 1u);
  EXPECT_EQ(store.bytes(), bytes);
}

// covers: ACE-AZI-3
TEST(MemoryTokenStoreTest, KeepsToTheBytes) {
  TokenLimits limits;
  limits.max_bytes = 10'500;
  MemoryTokenStore store(limits);
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(
        store.Put(Record(absl::StrCat(i), std::string(3'000, 'x')), kNow).ok());
    EXPECT_LE(store.bytes(), 10'500u);
  }
  EXPECT_EQ(store.records(), 3u);
}

TEST(MemoryTokenStoreTest, AClientIdThatMovesOnIsPaidForOnce) {
  MemoryTokenStore store;
  ASSERT_TRUE(store.Put(Record("a", "t", absl::Hours(1), "client"), kNow).ok());
  ASSERT_TRUE(store.Put(Record("b", "t"), kNow).ok());
  const size_t bytes = store.bytes();
  ASSERT_TRUE(store.Put(Record("b", "t", absl::Hours(1), "client"), kNow).ok());
  EXPECT_EQ(store.bytes(), bytes);
}

TEST(MemoryTokenStoreTest, FreesAllBytesOnceEverythingExpired) {
  MemoryTokenStore store;
  ASSERT_TRUE(store.Put(Record("z"), kNow).ok());
  const size_t one = store.bytes();
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(store
                    .Put(Record(absl::StrCat(i), "t", absl::Hours(1),
                                absl::StrCat("client", i % 7)),
                         kNow)
                    .ok());
  }
  ASSERT_TRUE(
      store.Put(Record("y", "token", absl::Hours(3)), kNow + absl::Hours(2))
          .ok());
  EXPECT_EQ(store.records(), 1u);
  EXPECT_EQ(store.bytes(), one);
}

}  // namespace
}  // namespace sluice::policy
