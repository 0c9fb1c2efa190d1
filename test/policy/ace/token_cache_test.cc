#include "policy/ace/token_cache.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "policy/ace/issuer.h"
#include "policy/ace/pop_key.h"
#include "policy/ace/token_contents.h"
#include "test/policy/ace/test_tokens.h"

namespace sluice::ace {
namespace {

// Good for a minute.
TokenContents Contents(absl::string_view subject,
                       absl::string_view jwk = kP256PrivateJwk) {
  static const Issuer* const issuer = new Issuer;
  Claims claims;
  claims.subject = std::string(subject);
  claims.expires_at = TestNow() + absl::Minutes(1);
  return TokenContents{issuer, std::move(claims),
                       PopKey::FromJwk(TestKey(jwk).jwk()).value(), Scope()};
}

TEST(TokenCacheTest, FindsWhatWasAdded) {
  TokenCache cache;
  EXPECT_EQ(cache.Find("alice's"), nullptr);
  cache.Add("alice's", Contents("alice"), TestNow());
  cache.Add("bob's", Contents("bob"), TestNow());
  ASSERT_NE(cache.Find("alice's"), nullptr);
  EXPECT_EQ(cache.Find("alice's")->claims.subject, "alice");
  EXPECT_EQ(cache.Find("bob's")->claims.subject, "bob");
  EXPECT_EQ(cache.Find("carol's"), nullptr);
}

TEST(TokenCacheTest, HoldsNoMoreThanItMay) {
  constexpr size_t kMaxBytes = 64 * 1024;
  TokenCache cache(kMaxBytes);
  for (int i = 0; i < 1000; ++i) {
    cache.Add(absl::StrCat(i), Contents(absl::StrCat("client-", i)), TestNow());
    ASSERT_LE(cache.bytes(), kMaxBytes);
  }
  EXPECT_EQ(cache.Find("0"), nullptr);
  EXPECT_NE(cache.Find("999"), nullptr);
}

TEST(TokenCacheTest, WhatExpiresFirstMakesRoom) {
  TokenCache cache(64 * 1024);
  TokenContents lasting = Contents("lasting");
  lasting.claims.expires_at = TestNow() + absl::Hours(1);
  cache.Add("lasting", lasting, TestNow());
  for (int i = 0; i < 1000; ++i) {
    cache.Add(absl::StrCat(i), Contents("short"), TestNow());
    ASSERT_NE(cache.Find("lasting"), nullptr) << i;
  }
  EXPECT_EQ(cache.Find("0"), nullptr);
  EXPECT_LE(cache.bytes(), 64u * 1024);
}

TEST(TokenCacheTest, ForgetsWhatHasExpired) {
  TokenCache cache;
  cache.Add("alice's", Contents("alice"), TestNow());
  const size_t bytes = cache.bytes();
  // It counts for a while yet, within the leeway.
  EXPECT_NE(cache.Find("alice's"), nullptr);
  TokenContents later = Contents("alice");
  later.claims.expires_at = TestNow() + absl::Hours(1);
  cache.Add("her next", later, TestNow() + absl::Minutes(1));
  EXPECT_EQ(cache.Find("alice's"), nullptr);
  EXPECT_NE(cache.Find("her next"), nullptr);
  EXPECT_EQ(cache.bytes(), bytes);
}

// covers: ACE-TOK-8
TEST(TokenCacheTest, ATokenWithoutAnEndLastsFromWhenItIsSeen) {
  TokenCache cache;
  TokenContents contents = Contents("alice");
  contents.claims.expires_at.reset();
  contents.claims.exi = absl::Seconds(10);
  cache.Add("alice's", contents, TestNow());
  cache.Add("another", Contents("bob"), TestNow() + absl::Seconds(9));
  EXPECT_NE(cache.Find("alice's"), nullptr);
  cache.Add("a third", Contents("bob"), TestNow() + absl::Seconds(10));
  EXPECT_EQ(cache.Find("alice's"), nullptr);
}

TEST(TokenCacheTest, TheSameTokenCountsOnce) {
  TokenCache cache;
  cache.Add("alice's", Contents("alice"), TestNow());
  const size_t bytes = cache.bytes();
  cache.Add("alice's", Contents("alice"), TestNow());
  EXPECT_EQ(cache.bytes(), bytes);
}

TEST(TokenCacheTest, CountsTheScope) {
  TokenCache cache(64 * 1024);
  TokenContents contents = Contents("alice");
  contents.scope.permissions.assign(
      1000, Permission{std::string(100, 'x'), true, true});
  cache.Add("large", contents, TestNow());
  EXPECT_EQ(cache.Find("large"), nullptr);
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST(TokenCacheTest, CountsTheNameOfTheKey) {
  TokenCache cache(64 * 1024);
  TokenContents contents = Contents("alice");
  contents.pop_key = contents.pop_key.WithKid(std::string(70'000, 'k'));
  cache.Add("long", contents, TestNow());
  EXPECT_EQ(cache.Find("long"), nullptr);
}

TEST(TokenCacheTest, HoldsNoSymmetricKey) {
  TokenCache cache;
  cache.Add("alice's", Contents("alice", kHs256Jwk), TestNow());
  EXPECT_EQ(cache.Find("alice's"), nullptr);
  EXPECT_EQ(cache.bytes(), 0u);
}

}  // namespace
}  // namespace sluice::ace
