// What every store does, whatever it keeps its memory in.
#include "policy/store/token_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "test/policy/store/store_kind.h"
#include "test/policy/store/store_samples.h"
#include "test/policy/store/token_stores.h"
#include "test/testing/test_certificates.h"

namespace sluice::policy {
namespace {

class TokenStoreTest : public ::testing::TestWithParam<Kind> {
 protected:
  TokenStoreTest() { MakeStore(TokenLimits()); }

  // A new, empty store.
  void MakeStore(const TokenLimits& limits) {
    store_.reset();
    store_ = NewTokenStore(
        GetParam(), absl::StrCat(dir_.path(), "/", ++files_, ".db"), limits);
  }

  void Put(const TokenRecord& record, absl::Time now = kNow) {
    const absl::Status status = store_->Put(record, now);
    EXPECT_TRUE(status.ok()) << status;
  }

  // A record of alice's key, which `token` is bound to.
  static TokenRecord Issued(const std::string& token,
                            std::optional<absl::Duration> age,
                            absl::Duration life = absl::Hours(1),
                            const std::string& subject = "alice",
                            const std::string& issuer = "as") {
    TokenRecord record = TestRecord("key", token, life);
    record.subject = subject;
    record.issuer = issuer;
    if (age.has_value()) record.issued_at = kNow - *age;
    return record;
  }

  // Whether a token that nobody has proven takes its place.
  bool PutUnproven(const TokenRecord& record, absl::Time now = kNow) {
    const absl::Status status = store_->PutUnproven(record, now);
    EXPECT_TRUE(status.ok() || absl::IsAlreadyExists(status)) << status;
    return status.ok();
  }

  // The token stored for `binding`, "" for none.
  std::string TokenOf(const std::string& binding, absl::Time now = kNow) {
    const auto found = store_->Find(binding, now);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() && found->has_value() ? (*found)->token : "";
  }

  // What is one too many etcd forgets a moment later.
  void WaitUntilGone(const std::string& binding) {
    const absl::Time end = absl::Now() + absl::Seconds(20);
    while (TokenOf(binding) != "" && absl::Now() < end) {
    }
    EXPECT_EQ(TokenOf(binding), "") << binding;
  }

  // The bindings that are listed after `after`.
  std::vector<std::string> List(const std::string& after, size_t limit,
                                absl::Time now = kNow) {
    const auto found = store_->List(after, limit, now);
    EXPECT_TRUE(found.ok()) << found.status();
    std::vector<std::string> bindings;
    if (!found.ok()) return bindings;
    for (const TokenRecord& record : *found) {
      EXPECT_EQ(record.token, absl::StrCat("token of ", record.binding));
      bindings.push_back(record.binding);
    }
    return bindings;
  }

  std::string TokenOfClient(const std::string& client_id,
                            absl::Time now = kNow) {
    const auto found = store_->FindByClientId(client_id, now);
    EXPECT_TRUE(found.ok()) << found.status();
    return found.ok() && found->has_value() ? (*found)->token : "";
  }

  // A record whose key has a name.
  static TokenRecord NamedKeyRecord(const std::string& binding,
                                    const std::string& issuer,
                                    const std::string& kid,
                                    const std::string& subject = "alice") {
    TokenRecord record = TestRecord(binding);
    record.issuer = issuer;
    record.subject = subject;
    record.kid = kid;
    record.key = absl::StrCat("key of ", binding);
    return record;
  }

  static std::vector<std::string> BindingsOf(
      const absl::StatusOr<std::vector<TokenRecord>>& records) {
    EXPECT_TRUE(records.ok()) << records.status();
    std::vector<std::string> bindings;
    if (!records.ok()) return bindings;
    for (const TokenRecord& record : *records) {
      bindings.push_back(record.binding);
    }
    std::sort(bindings.begin(), bindings.end());
    return bindings;
  }

  std::vector<std::string> Namesakes(const std::string& issuer,
                                     const std::string& kid,
                                     absl::Time now = kNow,
                                     const std::string& subject = "alice") {
    return BindingsOf(store_->FindByKid(issuer, subject, kid, now));
  }

  // A record whose symmetric key has had its name since `age` ago.
  static TokenRecord Secret(const std::string& binding, absl::Duration age,
                            const std::string& subject = "alice",
                            const std::string& kid = "kid") {
    TokenRecord record = NamedKeyRecord(binding, "as", kid, subject);
    record.named_since = kNow - age;
    return record;
  }

  // The bindings of symmetric keys of that name, in the order in which they
  // are found.
  std::vector<std::string> Secrets(const std::string& kid,
                                   absl::Time now = kNow) {
    const auto found = store_->FindSymmetricByKid(kid, now);
    EXPECT_TRUE(found.ok()) << found.status();
    std::vector<std::string> bindings;
    if (!found.ok()) return bindings;
    for (const TokenRecord& record : *found) {
      bindings.push_back(record.binding);
    }
    return bindings;
  }

  static TokenRecord OfSubject(const std::string& binding,
                               const std::string& subject,
                               absl::Duration life = absl::Hours(1)) {
    TokenRecord record = TestRecord(binding, "token", life);
    record.subject = subject;
    return record;
  }

  std::vector<std::string> TokensOf(const std::string& subject,
                                    absl::Time now = kNow) {
    return BindingsOf(store_->FindBySubject("", subject, 100, now));
  }

  const sluice::testing::TempDir dir_;
  std::unique_ptr<TokenStoreInterface> store_;
  int files_ = 0;
};

// Stores that know how much they hold at any time.
using CountingTokenStoreTest = TokenStoreTest;

TEST_P(TokenStoreTest, ListsInOrder) {
  using Bindings = std::vector<std::string>;
  EXPECT_EQ(List("", 10), Bindings{});
  for (const std::string binding : {"c", "a", "b", "B", "soon"}) {
    Put(TestRecord(binding, absl::StrCat("token of ", binding),
                   binding == "soon" ? absl::Minutes(1) : absl::Hours(1)));
  }
  EXPECT_EQ(List("", 10), (Bindings{"B", "a", "b", "c", "soon"}));
  EXPECT_EQ(List("", 2), (Bindings{"B", "a"}));
  EXPECT_EQ(List("a", 2), (Bindings{"b", "c"}));
  EXPECT_EQ(List("aa", 1), Bindings{"b"});
  EXPECT_EQ(List("soon", 10), Bindings{});
  EXPECT_EQ(List("c", 10, kNow + absl::Minutes(2)), Bindings{});
  EXPECT_EQ(List("", 0), Bindings{});
}

// More than a store reads at once.
TEST_P(TokenStoreTest, ListsMany) {
  for (int i = 100; i < 160; ++i) {
    Put(TestRecord(absl::StrCat(i), absl::StrCat("token of ", i)));
  }
  EXPECT_EQ(List("", 1000).size(), 60u);
  EXPECT_EQ(List("109", 40).back(), "149");
}

TEST_P(TokenStoreTest, FindsWhatWasPut) {
  const std::string bytes("\0\xff'\"", 4);
  Put(TokenRecord{"binding", bytes, kLater, "client"});
  for (const auto& found : {store_->Find("binding", kNow),
                            store_->FindByClientId("client", kNow)}) {
    ASSERT_TRUE(found.ok() && found->has_value());
    EXPECT_EQ((*found)->binding, "binding");
    EXPECT_EQ((*found)->token, bytes);
    EXPECT_EQ((*found)->expires_at, kLater);
    EXPECT_EQ((*found)->client_id, "client");
  }
  EXPECT_EQ(TokenOf("other"), "");
  EXPECT_EQ(TokenOf(""), "");
  EXPECT_EQ(TokenOfClient("other"), "");
}

// covers: ACE-TOK-7
TEST_P(TokenStoreTest, ANewerTokenReplacesTheOneOfTheSameBinding) {
  Put(TestRecord("key", "a"));
  Put(TestRecord("key", "b", absl::Minutes(1)));
  EXPECT_EQ(TokenOf("key"), "b");
  EXPECT_EQ(TokenOf("key", kNow + absl::Minutes(1)), "");
}

// covers: ACE-TOK-7
TEST_P(TokenStoreTest, AnUnprovenTokenReplacesAnOlderOneOnly) {
  const absl::Duration kMinute = absl::Minutes(1);
  EXPECT_TRUE(PutUnproven(Issued("a", kMinute)));
  // It was issued earlier, so that it is older, however long it lives.
  EXPECT_FALSE(PutUnproven(Issued("b", 2 * kMinute, absl::Hours(5))));
  EXPECT_EQ(TokenOf("key"), "a");
  // The same one again, as a client does that missed the answer.
  EXPECT_TRUE(PutUnproven(Issued("a", kMinute, absl::Minutes(59))));
  EXPECT_TRUE(PutUnproven(Issued("c", absl::ZeroDuration(), kMinute)));
  EXPECT_EQ(TokenOf("key"), "c");
  // Nothing is in the way any more.
  EXPECT_TRUE(PutUnproven(Issued("b", 2 * kMinute), kNow + kMinute));
  EXPECT_EQ(TokenOf("key", kNow + kMinute), "b");
}

// covers: ACE-TOK-7
TEST_P(TokenStoreTest, WithoutIatTheLongerLivedTokenIsTheNewerOne) {
  EXPECT_TRUE(PutUnproven(Issued("a", std::nullopt)));
  EXPECT_FALSE(PutUnproven(Issued("b", std::nullopt, absl::Minutes(59))));
  EXPECT_FALSE(
      PutUnproven(Issued("b", absl::ZeroDuration(), absl::Minutes(59))));
  EXPECT_EQ(TokenOf("key"), "a");
  EXPECT_TRUE(PutUnproven(Issued("b", absl::ZeroDuration())));
  EXPECT_FALSE(PutUnproven(Issued("c", std::nullopt, absl::Minutes(59))));
  EXPECT_TRUE(PutUnproven(Issued("c", std::nullopt, absl::Minutes(61))));
  EXPECT_EQ(TokenOf("key"), "c");
}

// covers: ACE-TOK-7
TEST_P(TokenStoreTest, AnUnprovenTokenReplacesNoneOfSomebodyElse) {
  const absl::Duration kMinute = absl::Minutes(1);
  Put(Issued("a", kMinute));
  const absl::Duration kLife = absl::Hours(2);
  const absl::Duration kNew = absl::ZeroDuration();
  EXPECT_FALSE(PutUnproven(Issued("b", kNew, kLife, "mallory")));
  EXPECT_FALSE(PutUnproven(Issued("b", kNew, kLife, "")));
  EXPECT_FALSE(PutUnproven(Issued("b", kNew, kLife, "alice", "other")));
  EXPECT_EQ(TokenOf("key"), "a");
  EXPECT_EQ(TokensOf("mallory"), std::vector<std::string>());
}

// covers: ACE-TOK-7
TEST_P(TokenStoreTest, AnUnprovenTokenOfNobodyReplacesNone) {
  const absl::Duration kMinute = absl::Minutes(1);
  const absl::Duration kNew = absl::ZeroDuration();
  EXPECT_TRUE(PutUnproven(Issued("a", kMinute, kMinute, "")));
  EXPECT_FALSE(PutUnproven(Issued("b", kNew, absl::Hours(2), "")));
  EXPECT_FALSE(PutUnproven(Issued("b", kNew, absl::Hours(2), "alice")));
  EXPECT_EQ(TokenOf("key"), "a");
  EXPECT_TRUE(PutUnproven(Issued("a", kMinute, kMinute, "")));
  Put(Issued("c", kMinute, kMinute, ""));
  EXPECT_EQ(TokenOf("key"), "c");
  EXPECT_FALSE(PutUnproven(Issued("b", kNew, absl::Hours(2), "")));
  EXPECT_TRUE(
      PutUnproven(Issued("b", kNew, absl::Hours(2), ""), kNow + kMinute));
  EXPECT_EQ(TokenOf("key", kNow + kMinute), "b");
}

// covers: ACE-TOK-7
TEST_P(TokenStoreTest, AProvenTokenReplacesAnyOther) {
  EXPECT_TRUE(PutUnproven(Issued("a", absl::ZeroDuration())));
  Put(Issued("b", absl::Minutes(2), absl::Minutes(1), "bob", "other"));
  EXPECT_EQ(TokenOf("key"), "b");
}

// covers: ACE-TOK-7
TEST_P(TokenStoreTest, OfManyUnprovenTokensAtOnceTheNewestStays) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back(
        [this, i] { PutUnproven(Issued(absl::StrCat(i), absl::Minutes(i))); });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(TokenOf("key"), "0");
}

// covers: ACE-POP-5
TEST_P(TokenStoreTest, ATokenIsNotFoundUnderAClientIdUntilItWasProvenThere) {
  Put(TestRecord("key", "posted"));
  EXPECT_EQ(TokenOfClient(""), "");
  Put(TestRecord("key", "posted", absl::Hours(1), "client"));
  EXPECT_EQ(TokenOfClient("client"), "posted");
}

// covers: ACE-POP-5
TEST_P(TokenStoreTest, AReplacementKeepsTheClientIdOfItsBinding) {
  Put(TestRecord("key", "proven", absl::Hours(1), "client"));
  Put(TestRecord("key", "posted"));
  EXPECT_EQ(TokenOfClient("client"), "posted");
}

// covers: ACE-POP-5
TEST_P(TokenStoreTest, AClientIdIsThatOfTheTokenProvenLast) {
  Put(TestRecord("a", "of a", absl::Hours(1), "client"));
  Put(TestRecord("b", "of b", absl::Hours(1), "client"));
  EXPECT_EQ(TokenOfClient("client"), "of b");
  EXPECT_EQ(TokenOf("a"), "of a");
  // What replaces the loser does not win the identifier back.
  Put(TestRecord("a", "new of a"));
  EXPECT_EQ(TokenOfClient("client"), "of b");
  // The other way round, a token goes by the last identifier only.
  Put(TestRecord("b", "of b", absl::Hours(1), "another"));
  EXPECT_EQ(TokenOfClient("client"), "");
  EXPECT_EQ(TokenOfClient("another"), "of b");
}

// covers: ACE-TOK-4
TEST_P(TokenStoreTest, FindsKeysByTheirNames) {
  const std::string kid("\0\xff", 2);
  Put(NamedKeyRecord("a", "as", kid));
  Put(NamedKeyRecord("b", "as", "other"));
  Put(TestRecord("c"));
  const auto found = store_->FindByKid("as", "alice", kid, kNow);
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().binding, "a");
  EXPECT_EQ(found->front().issuer, "as");
  EXPECT_EQ(found->front().kid, kid);
  EXPECT_EQ(found->front().key, "key of a");
  EXPECT_EQ(Namesakes("as", "none"), std::vector<std::string>());
  EXPECT_EQ(Namesakes("a", kid), std::vector<std::string>());
  EXPECT_EQ(Namesakes("as", kid, kLater), std::vector<std::string>());
}

// covers: ACE-TOK-4
TEST_P(TokenStoreTest, AnIssuersNamesAreItsOwn) {
  Put(NamedKeyRecord("a", "as", "kid"));
  Put(NamedKeyRecord("b", "other", "kid"));
  EXPECT_EQ(Namesakes("as", "kid"), std::vector<std::string>({"a"}));
  EXPECT_EQ(Namesakes("other", "kid"), std::vector<std::string>({"b"}));
}

// covers: ACE-TOK-4
TEST_P(TokenStoreTest, ASubjectsNamesAreItsOwn) {
  using Bindings = std::vector<std::string>;
  Put(NamedKeyRecord("a", "as", "kid"));
  // However many others call their keys so.
  for (int i = 0; i < 40; ++i) {
    Put(NamedKeyRecord(absl::StrCat("0", i), "as", "kid", "mallory"));
    Put(NamedKeyRecord(absl::StrCat("1", i), "as", "kid", ""));
    Put(NamedKeyRecord(absl::StrCat("2", i), "other", "kid"));
  }
  EXPECT_EQ(Namesakes("as", "kid"), Bindings{"a"});
  EXPECT_EQ(Namesakes("as", "kid", kNow, "bob"), Bindings());
  // One that becomes another subject's is its own no more.
  Put(NamedKeyRecord("a", "as", "kid", "bob"));
  EXPECT_EQ(Namesakes("as", "kid"), Bindings());
  EXPECT_EQ(Namesakes("as", "kid", kNow, "bob"), Bindings{"a"});
}

// covers: ACE-TOK-4, ACE-TOK-7
TEST_P(TokenStoreTest, AReplacementHasItsOwnName) {
  Put(NamedKeyRecord("a", "as", "old"));
  Put(NamedKeyRecord("a", "as", "new"));
  EXPECT_EQ(Namesakes("as", "old"), std::vector<std::string>());
  EXPECT_EQ(Namesakes("as", "new"), std::vector<std::string>({"a"}));
  Put(TestRecord("a"));
  EXPECT_EQ(Namesakes("as", "new"), std::vector<std::string>());
}

// covers: ACE-AUTH-3
TEST_P(TokenStoreTest, FindsSymmetricKeysInTheOrderInWhichTheyGotTheirName) {
  using Bindings = std::vector<std::string>;
  for (int i = 0; i < 40; ++i)
    Put(NamedKeyRecord(absl::StrCat(i), "as", "kid"));
  EXPECT_EQ(Secrets("kid"), Bindings());
  Put(Secret("c", absl::Minutes(1), "carol"));
  Put(Secret("b", absl::Minutes(3), "bob"));
  Put(Secret("a", absl::Minutes(2), ""));
  Put(Secret("d", absl::Minutes(4), "dave", "ki"));
  EXPECT_EQ(Secrets("kid"), (Bindings{"b", "a", "c"}));
  EXPECT_EQ(Secrets("ki"), Bindings{"d"});
  EXPECT_EQ(Secrets("k"), Bindings());
  EXPECT_EQ(Secrets("kid", kLater), Bindings());
  for (int i = 0; i < 10; ++i) {
    Put(Secret(absl::StrCat("e", i), absl::Seconds(10 - i), absl::StrCat(i)));
  }
  EXPECT_EQ(Secrets("kid"),
            (Bindings{"b", "a", "c", "e0", "e1", "e2", "e3", "e4"}));
  // Who gives up the name loses it.
  Put(Secret("b", absl::ZeroDuration(), "bob", "other"));
  Put(TestRecord("a"));
  EXPECT_EQ(Secrets("kid").front(), "c");
  EXPECT_EQ(Secrets("other"), Bindings{"b"});
  Put(Secret("b", absl::ZeroDuration(), "bob"));
  EXPECT_EQ(Secrets("kid").front(), "c");
}

// covers: ACE-AUTH-3, ACE-TOK-7
TEST_P(TokenStoreTest, AReplacementHasHadItsNameForAsLongAsWhatItReplaces) {
  using Bindings = std::vector<std::string>;
  TokenRecord first = Secret("a", absl::Minutes(5), "");
  first.expires_at = kNow + absl::Minutes(1);
  Put(first);
  Put(Secret("b", absl::Minutes(4)));
  Put(Secret("c", absl::Minutes(3), "carol"));
  // The same key once more, whosever token it is.
  Put(Secret("a", absl::Minutes(2), ""));
  EXPECT_EQ(Secrets("kid"), (Bindings{"a", "b", "c"}));
  Put(Secret("a", absl::Minutes(2), "mallory"));
  EXPECT_EQ(Secrets("kid"), (Bindings{"a", "b", "c"}));
  // Another key of the same subject, but of no other one, nor of nobody.
  Put(Secret("0", absl::Minutes(2)));
  EXPECT_EQ(Secrets("kid"), (Bindings{"a", "0", "b", "c"}));
  Put(Secret("1", absl::Minutes(2), ""));
  Put(Secret("2", absl::Minutes(1), ""));
  EXPECT_EQ(Secrets("kid"), (Bindings{"a", "0", "b", "c", "1", "2"}));
  TokenRecord other = Secret("3", absl::Seconds(30));
  other.issuer = "other";
  Put(other);
  EXPECT_EQ(Secrets("kid").back(), "3");
  const auto found = store_->Find("0", kNow);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->named_since, kNow - absl::Minutes(4));
}

// covers: ACE-AUTH-3
TEST_P(TokenStoreTest, WhatHasExpiredHoldsNoName) {
  using Bindings = std::vector<std::string>;
  TokenRecord first = Secret("a", absl::Minutes(5));
  first.expires_at = kNow + absl::Minutes(1);
  Put(first);
  Put(Secret("b", absl::Minutes(4), "bob"));
  const absl::Time now = kNow + absl::Minutes(2);
  Put(Secret("a", -absl::Minutes(2)), now);
  Put(Secret("c", -absl::Minutes(3)), now);
  EXPECT_EQ(Secrets("kid", now), (Bindings{"b", "a", "c"}));
}

// covers: ACE-TOK-4
TEST_P(TokenStoreTest, ListsNoMoreNamesakesThanItSays) {
  for (int i = 0; i < 10; ++i)
    Put(NamedKeyRecord(absl::StrCat(i), "as", "kid"));
  EXPECT_EQ(Namesakes("as", "kid").size(), TokenStoreInterface::kMaxNamesakes);
}

TEST_P(TokenStoreTest, FindsTheTokensOfASubject) {
  const std::string subject("al\0ice/\xff", 9);
  Put(OfSubject("a", subject));
  Put(OfSubject("b", subject, absl::Minutes(1)));
  Put(OfSubject("c", "al"));
  Put(TestRecord("d"));
  using Strings = std::vector<std::string>;
  EXPECT_EQ(TokensOf(subject), (Strings{"a", "b"}));
  EXPECT_EQ(TokensOf(subject, kNow + absl::Minutes(1)), Strings{"a"});
  EXPECT_EQ(TokensOf("al"), Strings{"c"});
  EXPECT_EQ(TokensOf(""), Strings());
  const auto found = store_->FindBySubject("", "al", 100, kNow);
  ASSERT_TRUE(found.ok() && found->size() == 1);
  EXPECT_EQ(found->front().subject, "al");

  Put(OfSubject("a", "al"));
  EXPECT_EQ(TokensOf(subject), Strings{"b"});
  EXPECT_EQ(TokensOf("al"), (Strings{"a", "c"}));
}

TEST_P(TokenStoreTest, FindsAsManyTokensOfASubjectAsAreAskedFor) {
  for (int i = 0; i < 80; ++i) {
    TokenRecord record = OfSubject(absl::StrCat(i), "alice");
    record.issuer = i % 2 == 0 ? "even" : "odd";
    Put(record);
  }
  const auto count = [this](absl::string_view issuer, size_t limit) {
    const auto found = store_->FindBySubject(issuer, "alice", limit, kNow);
    return found.ok() ? found->size() : 0;
  };
  EXPECT_EQ(count("", 33), 33u);
  EXPECT_EQ(count("", 100), 80u);
  EXPECT_EQ(count("odd", 33), 33u);
  EXPECT_EQ(count("odd", 100), 40u);
  EXPECT_EQ(count("other", 100), 0u);
}

// covers: ACE-TOK-4, ACE-AZI-3
TEST_P(TokenStoreTest, KeysGoWithTheirRecordsAndCountAsBytes) {
  TokenLimits limits;
  limits.max_tokens = 1;
  MakeStore(limits);
  Put(Secret("a", absl::ZeroDuration(), "alice", "a"));
  Put(NamedKeyRecord("b", "as", "b"));
  WaitUntilGone("a");
  EXPECT_EQ(Secrets("a"), std::vector<std::string>());
  EXPECT_EQ(Namesakes("as", "a"), std::vector<std::string>());
  TokenRecord big = NamedKeyRecord("b", "as", "b");
  big.key = std::string(10'000, 'k');
  limits.max_bytes = 10'000;
  MakeStore(limits);
  EXPECT_EQ(store_->Put(big, kNow).code(),
            absl::StatusCode::kResourceExhausted);
}

// covers: ACE-AZI-3
TEST_P(TokenStoreTest, DropsTheOldestBeyondTheNumberOfTokens) {
  TokenLimits limits;
  limits.max_tokens = 3;
  MakeStore(limits);
  for (int i = 0; i < 5; ++i) {
    Put(TestRecord(absl::StrCat(i), "token", absl::Hours(1),
                   absl::StrCat("c", i)));
  }
  for (const char* gone : {"0", "1"}) {
    WaitUntilGone(gone);
    EXPECT_EQ(TokenOfClient(absl::StrCat("c", gone)), "") << gone;
  }
  for (const char* kept : {"2", "3", "4"}) {
    EXPECT_EQ(TokenOf(kept), "token") << kept;
    EXPECT_EQ(TokenOfClient(absl::StrCat("c", kept)), "token") << kept;
  }
}

TEST_P(TokenStoreTest, ReplacingMakesARecordTheNewest) {
  TokenLimits limits;
  limits.max_tokens = 2;
  MakeStore(limits);
  Put(TestRecord("a", "1"));
  Put(TestRecord("b", "2"));
  Put(TestRecord("a", "3"));
  Put(TestRecord("c", "4"));
  WaitUntilGone("b");
  EXPECT_EQ(TokenOf("a"), "3");
  EXPECT_EQ(TokenOf("c"), "4");
}

// covers: ACE-AZI-3
TEST_P(CountingTokenStoreTest, DropsTheOldestBeyondTheBytes) {
  TokenLimits limits;
  limits.max_bytes = 10'500;
  MakeStore(limits);
  const std::string big(3'000, 'x');
  for (int i = 0; i < 10; ++i) Put(TestRecord(absl::StrCat(i), big));
  for (const char* kept : {"7", "8", "9"}) EXPECT_EQ(TokenOf(kept), big);
  EXPECT_EQ(TokenOf("6"), "");
  // Client Identifiers count as well.
  Put(TestRecord("long", "token", absl::Hours(1), std::string(9'000, 'c')));
  EXPECT_EQ(TokenOf("9"), "");
  EXPECT_EQ(TokenOf("long"), "token");
}

TEST_P(CountingTokenStoreTest, AReplacementCostsNothing) {
  TokenLimits limits;
  limits.max_bytes = 10'500;
  MakeStore(limits);
  Put(TestRecord("other"));
  const std::string big(6'000, 'x');
  for (int i = 0; i < 4; ++i) Put(TestRecord("key", absl::StrCat(big, i)));
  EXPECT_EQ(TokenOf("key"), big + "3");
  EXPECT_EQ(TokenOf("other"), "token");
}

TEST_P(CountingTokenStoreTest, AsMuchFitsOnceEverythingHasExpired) {
  TokenLimits limits;
  limits.max_bytes = 10'500;
  MakeStore(limits);
  const auto fill = [this](absl::Time now) {
    for (int i = 0; i < 60; ++i) {
      TokenRecord record = TestRecord(absl::StrCat(i));
      record.expires_at = now + absl::Hours(1);
      record.client_id = absl::StrCat("client", i % 7);
      Put(record, now);
    }
    const auto kept = store_->List("", 60, now);
    EXPECT_TRUE(kept.ok()) << kept.status();
    return kept.ok() ? kept->size() : 0;
  };
  const size_t fit = fill(kNow);
  EXPECT_GT(fit, 1u);
  EXPECT_LT(fit, 60u);
  EXPECT_EQ(fill(kLater), fit);
}

TEST_P(TokenStoreTest, RefusesWhatCanNeverFitAndKeepsTheRest) {
  TokenLimits limits;
  limits.max_bytes = 10'000;
  MakeStore(limits);
  Put(TestRecord("a"));
  EXPECT_EQ(store_->Put(TestRecord("b", std::string(10'000, 'x')), kNow).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(store_->Put(TestRecord("a", std::string(10'000, 'x')), kNow).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(TokenOf("a"), "token");
  limits.max_tokens = 0;
  MakeStore(limits);
  EXPECT_EQ(store_->Put(TestRecord("a"), kNow).code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_P(TokenStoreTest, RefusesAnExpiredRecordAndKeepsTheEarlierOne) {
  Put(TestRecord("a"));
  EXPECT_EQ(
      store_->Put(TestRecord("a", "b", absl::ZeroDuration()), kNow).code(),
      absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(TokenOf("a"), "token");
}

TEST_P(TokenStoreTest, HidesARecordFromTheInstantItExpires) {
  Put(TestRecord("a", "token", absl::Hours(1), "client"));
  EXPECT_EQ(TokenOf("a", kLater - absl::Nanoseconds(1)), "token");
  EXPECT_EQ(TokenOf("a", kLater), "");
  EXPECT_EQ(TokenOfClient("client", kLater), "");
  // An expired record leaves no identifier to its successor.
  Put(TokenRecord{"a", "b", kLater + absl::Hours(1), ""}, kLater);
  EXPECT_EQ(TokenOfClient("client", kLater), "");
}

// covers: ACE-AZI-3
TEST_P(CountingTokenStoreTest, RemovesExpiredRecordsBeforeLiveOnes) {
  TokenLimits limits;
  limits.max_tokens = 2;
  MakeStore(limits);
  Put(TestRecord("long"));
  Put(TestRecord("short", "t", absl::Minutes(1)));
  Put(TestRecord("new"), kNow + absl::Minutes(1));
  EXPECT_EQ(TokenOf("long"), "token");
  EXPECT_EQ(TokenOf("new"), "token");
}

TEST_P(TokenStoreTest, TakesCallsFromManyThreads) {
  TokenLimits limits;
  limits.max_tokens = 8;
  MakeStore(limits);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 50; ++i) {
        const std::string key = absl::StrCat((i * 7 + t) % 16);
        const absl::Status put =
            store_->Put(TestRecord(key, absl::StrCat("token", i, t)), kNow);
        EXPECT_TRUE(put.ok() || absl::IsAlreadyExists(put)) << put;
        EXPECT_TRUE(store_->Find(key, kNow).ok());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

INSTANTIATE_TEST_SUITE_P(Stores, TokenStoreTest,
                         ::testing::Values(Kind::kMemory, Kind::kSqlite,
                                           Kind::kEtcd),
                         KindName);

INSTANTIATE_TEST_SUITE_P(Stores, CountingTokenStoreTest,
                         ::testing::Values(Kind::kMemory, Kind::kSqlite),
                         KindName);

}  // namespace
}  // namespace sluice::policy
