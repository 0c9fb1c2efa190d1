#include "policy/ace/token_cache.h"

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "policy/ace/issuer.h"
#include "policy/ace/pop_key.h"
#include "policy/ace/token_contents.h"
#include "test/policy/ace/test_tokens.h"

namespace sluice::ace {
namespace {

TokenContents Contents(absl::string_view subject,
                       absl::string_view jwk = kP256PrivateJwk) {
  static const Issuer* const issuer = new Issuer;
  Claims claims;
  claims.subject = std::string(subject);
  return TokenContents{issuer, std::move(claims),
                       PopKey::FromJwk(TestKey(jwk).jwk()).value(), Scope()};
}

TEST(TokenCacheTest, FindsWhatWasAdded) {
  TokenCache cache;
  EXPECT_EQ(cache.Find("alice's"), nullptr);
  cache.Add("alice's", Contents("alice"));
  cache.Add("bob's", Contents("bob"));
  ASSERT_NE(cache.Find("alice's"), nullptr);
  EXPECT_EQ(cache.Find("alice's")->claims.subject, "alice");
  EXPECT_EQ(cache.Find("bob's")->claims.subject, "bob");
  EXPECT_EQ(cache.Find("carol's"), nullptr);
}

TEST(TokenCacheTest, HoldsNoMoreThanItMay) {
  constexpr size_t kMaxBytes = 64 * 1024;
  TokenCache cache(kMaxBytes);
  for (int i = 0; i < 1000; ++i) {
    cache.Add(absl::StrCat(i), Contents(absl::StrCat("client-", i)));
    ASSERT_LE(cache.bytes(), kMaxBytes);
  }
  EXPECT_EQ(cache.Find("0"), nullptr);
  EXPECT_NE(cache.Find("999"), nullptr);
}

// A client that comes back now and then is not forgotten for those that came
// once.
TEST(TokenCacheTest, KeepsWhatIsOfUse) {
  TokenCache cache(64 * 1024);
  cache.Add("regular", Contents("regular"));
  for (int i = 0; i < 1000; ++i) {
    cache.Add(absl::StrCat(i), Contents("once"));
    ASSERT_NE(cache.Find("regular"), nullptr) << i;
  }
  EXPECT_LE(cache.bytes(), 64u * 1024);
}

TEST(TokenCacheTest, TheSameTokenCountsOnce) {
  TokenCache cache;
  cache.Add("alice's", Contents("alice"));
  const size_t bytes = cache.bytes();
  cache.Add("alice's", Contents("alice"));
  EXPECT_EQ(cache.bytes(), bytes);
}

TEST(TokenCacheTest, CountsTheScope) {
  TokenCache cache(64 * 1024);
  TokenContents contents = Contents("alice");
  contents.scope.permissions.assign(
      1000, Permission{std::string(100, 'x'), true, true});
  cache.Add("large", contents);
  EXPECT_EQ(cache.Find("large"), nullptr);
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST(TokenCacheTest, CountsTheNameOfTheKey) {
  TokenCache cache(64 * 1024);
  TokenContents contents = Contents("alice");
  contents.pop_key = contents.pop_key.WithKid(std::string(40'000, 'k'));
  cache.Add("long", contents);
  EXPECT_EQ(cache.Find("long"), nullptr);
}

TEST(TokenCacheTest, HoldsNoSymmetricKey) {
  TokenCache cache;
  cache.Add("alice's", Contents("alice", kHs256Jwk));
  EXPECT_EQ(cache.Find("alice's"), nullptr);
  EXPECT_EQ(cache.bytes(), 0u);
}

}  // namespace
}  // namespace sluice::ace
