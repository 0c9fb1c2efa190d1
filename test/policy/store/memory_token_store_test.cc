#include "policy/store/memory_token_store.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

namespace sluice::policy {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

TokenRecord Record(const std::string& key, const std::string& token = "token",
                   absl::Duration life = absl::Hours(1)) {
  return TokenRecord{key, token, kNow + life};
}

// The token stored for `key`, "" for none.
std::string TokenOf(MemoryTokenStore& store, const std::string& key,
                    absl::Time now = kNow) {
  const auto found = store.Find(key, now);
  EXPECT_TRUE(found.ok());
  return found.ok() && found->has_value() ? (*found)->token : "";
}

TEST(MemoryTokenStoreTest, FindsWhatWasPut) {
  MemoryTokenStore store;
  ASSERT_TRUE(store.Put(Record("key", "a"), kNow).ok());
  const auto found = store.Find("key", kNow);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->key_thumbprint, "key");
  EXPECT_EQ((*found)->token, "a");
  EXPECT_EQ((*found)->expires_at, kNow + absl::Hours(1));
  EXPECT_EQ(TokenOf(store, "other"), "");
}

// covers: ACE-TOK-7
TEST(MemoryTokenStoreTest, NewerTokenReplacesTheOneOfTheSameKey) {
  MemoryTokenStore store;
  ASSERT_TRUE(store.Put(Record("key", "a"), kNow).ok());
  const size_t bytes = store.bytes();
  ASSERT_TRUE(store.Put(Record("key", "b"), kNow).ok());
  EXPECT_EQ(TokenOf(store, "key"), "b");
  EXPECT_EQ(store.records(), 1u);
  EXPECT_EQ(store.bytes(), bytes);
}

// covers: ACE-AZI-3
TEST(MemoryTokenStoreTest, DropsTheOldestBeyondTheNumberOfRecords) {
  MemoryTokenStore store({/*max_records=*/3, /*max_bytes=*/1 << 20});
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(store.Put(Record(absl::StrCat(i)), kNow).ok());
  }
  EXPECT_EQ(store.records(), 3u);
  EXPECT_EQ(TokenOf(store, "1"), "");
  for (const char* kept : {"2", "3", "4"}) {
    EXPECT_EQ(TokenOf(store, kept), "token") << kept;
  }
}

TEST(MemoryTokenStoreTest, ReplacingMakesARecordTheNewest) {
  MemoryTokenStore store({/*max_records=*/2, /*max_bytes=*/1 << 20});
  for (const char* key : {"a", "b", "a", "c"}) {
    ASSERT_TRUE(store.Put(Record(key), kNow).ok());
  }
  EXPECT_EQ(TokenOf(store, "a"), "token");
  EXPECT_EQ(TokenOf(store, "b"), "");
  EXPECT_EQ(TokenOf(store, "c"), "token");
}

// covers: ACE-AZI-3
TEST(MemoryTokenStoreTest, DropsTheOldestBeyondTheBytes) {
  MemoryTokenStore store({/*max_records=*/100, /*max_bytes=*/10'000});
  const std::string big(3'000, 'x');
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(store.Put(Record(absl::StrCat(i), big), kNow).ok());
    EXPECT_LE(store.bytes(), 10'000u);
  }
  EXPECT_EQ(store.records(), 3u);
  EXPECT_EQ(TokenOf(store, "9"), big);
  EXPECT_EQ(TokenOf(store, "6"), "");
}

TEST(MemoryTokenStoreTest, RefusesWhatCanNeverFitAndKeepsTheRest) {
  MemoryTokenStore store({/*max_records=*/100, /*max_bytes=*/10'000});
  ASSERT_TRUE(store.Put(Record("a"), kNow).ok());
  EXPECT_EQ(store.Put(Record("b", std::string(10'000, 'x')), kNow).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(TokenOf(store, "a"), "token");
  MemoryTokenStore none({/*max_records=*/0, /*max_bytes=*/10'000});
  EXPECT_EQ(none.Put(Record("a"), kNow).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(MemoryTokenStoreTest, RefusesAnExpiredRecordAndKeepsTheEarlierOne) {
  MemoryTokenStore store;
  ASSERT_TRUE(store.Put(Record("a"), kNow).ok());
  EXPECT_EQ(store.Put(Record("a", "b", absl::ZeroDuration()), kNow).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(TokenOf(store, "a"), "token");
}

TEST(MemoryTokenStoreTest, HidesARecordFromTheInstantItExpires) {
  MemoryTokenStore store;
  ASSERT_TRUE(store.Put(Record("a"), kNow).ok());
  const absl::Time expiry = kNow + absl::Hours(1);
  EXPECT_EQ(TokenOf(store, "a", expiry - absl::Nanoseconds(1)), "token");
  EXPECT_EQ(TokenOf(store, "a", expiry), "");
}

// covers: ACE-AZI-3
TEST(MemoryTokenStoreTest, RemovesExpiredRecordsBeforeLiveOnes) {
  MemoryTokenStore store({/*max_records=*/2, /*max_bytes=*/1 << 20});
  ASSERT_TRUE(store.Put(Record("long"), kNow).ok());
  ASSERT_TRUE(store.Put(Record("short", "t", absl::Minutes(1)), kNow).ok());
  ASSERT_TRUE(store.Put(Record("new"), kNow + absl::Minutes(1)).ok());
  EXPECT_EQ(store.records(), 2u);
  EXPECT_EQ(TokenOf(store, "long"), "token");
  EXPECT_EQ(TokenOf(store, "new"), "token");
}

TEST(MemoryTokenStoreTest, FreesAllBytesOnceEverythingExpired) {
  MemoryTokenStore store;
  ASSERT_TRUE(store.Put(Record("z"), kNow).ok());
  const size_t one = store.bytes();
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(store.Put(Record(absl::StrCat(i)), kNow).ok());
  }
  ASSERT_TRUE(
      store.Put(Record("y", "token", absl::Hours(3)), kNow + absl::Hours(2))
          .ok());
  EXPECT_EQ(store.records(), 1u);
  EXPECT_EQ(store.bytes(), one);
}

TEST(MemoryTokenStoreTest, TakesCallsFromManyThreads) {
  MemoryTokenStore store({/*max_records=*/8, /*max_bytes=*/1 << 20});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&store, t] {
      for (int i = 0; i < 500; ++i) {
        const std::string key = absl::StrCat((i * 7 + t) % 16);
        EXPECT_TRUE(store.Put(Record(key), kNow).ok());
        EXPECT_TRUE(store.Find(key, kNow).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store.records(), 8u);
}

}  // namespace
}  // namespace sluice::policy
