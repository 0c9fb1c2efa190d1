#include "policy/service/jwks_fetcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "test/policy/service/fake_http_client.h"
#include "test/policy/testing/test_issuer.h"

// covers: ACE-TOK-2

namespace sluice::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kIssuer[] = "https://as.example";

std::string Jwks(const std::vector<const ace::SigningKey*>& keys) {
  std::vector<std::string> texts;
  for (const ace::SigningKey* key : keys) texts.push_back(key->jwk().ToJson());
  return absl::StrCat(R"({"keys":[)", absl::StrJoin(texts, ","), "]}");
}

class JwksFetcherTest : public ::testing::Test, public JwksObserverInterface {
 protected:
  JwksFetcherTest() { fetcher_->SetSources({Source()}); }

  static JwksSource Source(const std::string& url = "https://as.example/jwks") {
    JwksSource source;
    source.issuer = kIssuer;
    source.url = url;
    source.ca = "CA";
    return source;
  }

  void OnKeys(const std::string& issuer, const ace::JwkSet& keys) override {
    events_.push_back(absl::StrCat(issuer, " ", keys.keys().size()));
  }
  void OnFailure(const std::string& issuer, absl::string_view reason) override {
    events_.push_back(absl::StrCat(issuer, " failed: ", reason));
  }

  // What has happened since the last look.
  std::vector<std::string> Events() { return std::exchange(events_, {}); }

  // The names of the keys that the issuer is known to have.
  std::vector<std::string> Kids() const {
    std::vector<std::string> kids;
    const std::optional<ace::JwkSet> keys = fetcher_->Keys(kIssuer);
    if (!keys.has_value()) return {"pending"};
    for (const ace::Jwk& key : keys->keys()) kids.push_back(key.kid());
    return kids;
  }

  // Reads the first set: that of `key_`.
  void Start() {
    fetcher_->Poll();
    http_.Answer(200, Jwks({&key_}));
    Events();
  }

  void ReadEarly() {
    fetcher_->ReadEarly(kIssuer, [this] { events_.push_back("over"); });
  }

  const ace::SigningKey key_ = NewKey(ace::Algorithm::kEdDsa);
  const ace::SigningKey new_key_ = NewKey(ace::Algorithm::kEs256);
  std::vector<std::string> events_;
  FakeHttpClient http_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  const std::shared_ptr<JwksFetcher> fetcher_ =
      std::make_shared<JwksFetcher>(&http_, this, [this] { return now_; });
};

TEST_F(JwksFetcherTest, ReadsAtFirstAndThenEverySoOften) {
  EXPECT_THAT(Kids(), ElementsAre("pending"));
  fetcher_->Poll();
  ASSERT_EQ(http_.requests.size(), 1u);
  EXPECT_EQ(http_.requests[0].url, "https://as.example/jwks");
  EXPECT_EQ(http_.requests[0].ca, "CA");
  EXPECT_FALSE(http_.requests[0].body.has_value());
  http_.Answer(200, Jwks({&key_}));
  EXPECT_THAT(Events(), ElementsAre("https://as.example 1"));
  EXPECT_THAT(Kids(), ElementsAre(key_.jwk().kid()));
  EXPECT_EQ(fetcher_->Poll(), absl::Minutes(5));
  now_ += absl::Minutes(5) - absl::Seconds(1);
  EXPECT_EQ(fetcher_->Poll(), absl::Seconds(1));
  EXPECT_EQ(http_.requests.size(), 1u);
  now_ += absl::Seconds(1);
  fetcher_->Poll();
  EXPECT_EQ(http_.requests.size(), 2u);
}

TEST_F(JwksFetcherTest, SaysWhenTheKeysAreOthers) {
  Start();
  now_ += absl::Minutes(5);
  fetcher_->Poll();
  http_.Answer(200, Jwks({&key_}));
  EXPECT_THAT(Events(), IsEmpty());
  now_ += absl::Minutes(5);
  fetcher_->Poll();
  http_.Answer(200, Jwks({&new_key_}));
  EXPECT_THAT(Events(), ElementsAre("https://as.example 1"));
  EXPECT_THAT(Kids(), ElementsAre(new_key_.jwk().kid()));
}

TEST_F(JwksFetcherTest, WhatIsNoKeySetCountsForNothing) {
  Start();
  const ace::SigningKey secret = NewKey(ace::Algorithm::kHs256);
  const struct {
    int status;
    std::string body;
    const char* reason;
  } kCases[] = {
      {404, Jwks({&new_key_}), "HTTP status 404"},
      {302, "", "HTTP status 302"},
      {200, "", "malformed JSON"},
      {200, "<html>", "malformed JSON"},
      {200, "{}", "keys: missing"},
      {200, Jwks({}), "no key"},
      {200, R"({"keys":[{"kty":"EC","crv":"P-384","x":"","y":""}]})",
       "no key that can be used: keys[0].crv"},
      {200, R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"!"}]})",
       "no key that can be used: keys[0].x"},
      {200, Jwks({&new_key_, &secret}), "a symmetric key is published"},
  };
  for (const auto& c : kCases) {
    now_ += absl::Minutes(5);
    fetcher_->Poll();
    http_.Answer(c.status, c.body);
    EXPECT_THAT(Events(), ElementsAre(::testing::StartsWith(absl::StrCat(
                              "https://as.example failed: ", c.reason))));
    EXPECT_THAT(Kids(), ElementsAre(key_.jwk().kid()));
  }
}

TEST_F(JwksFetcherTest, PassesOverADefectiveKey) {
  Start();
  now_ += absl::Minutes(5);
  fetcher_->Poll();
  http_.Answer(200, absl::StrCat(R"({"keys":[{"kty":"oct"},)",
                                 new_key_.jwk().ToJson(), "]}"));
  EXPECT_THAT(Kids(), ElementsAre(new_key_.jwk().kid()));
}

TEST_F(JwksFetcherTest, TriesAgainSoonAfterAFailure) {
  fetcher_->Poll();
  http_.Fail();
  EXPECT_THAT(Events(),
              ElementsAre("https://as.example failed: no connection"));
  EXPECT_EQ(fetcher_->Poll(), JwksFetcher::kRetry);
  now_ += JwksFetcher::kRetry;
  fetcher_->Poll();
  http_.Answer(200, Jwks({&key_}));
  EXPECT_THAT(Events(), ElementsAre("https://as.example 1"));
}

TEST_F(JwksFetcherTest, WhoReadsOftenTriesAgainAsOften) {
  JwksSource source = Source("https://as.example/other");
  source.refresh = absl::Seconds(1);
  fetcher_->SetSources({source});
  fetcher_->Poll();
  http_.Fail();
  EXPECT_EQ(fetcher_->Poll(), absl::Seconds(1));
}

TEST_F(JwksFetcherTest, ReadsEarlyForWhoMissesAKey) {
  Start();
  ReadEarly();
  ReadEarly();  // of the same reading
  EXPECT_EQ(http_.requests.size(), 2u);
  EXPECT_THAT(Events(), IsEmpty());
  http_.Answer(200, Jwks({&key_, &new_key_}));
  EXPECT_THAT(Events(), ElementsAre("https://as.example 2", "over", "over"));
}

TEST_F(JwksFetcherTest, AFailureEndsTheWaitToo) {
  ReadEarly();
  http_.Fail();
  EXPECT_THAT(Events(),
              ElementsAre("https://as.example failed: no connection", "over"));
}

TEST_F(JwksFetcherTest, ReadsEarlyOnceInAWhile) {
  Start();
  ReadEarly();
  http_.Answer(200, Jwks({&key_}));
  Events();
  now_ += JwksFetcher::kEarlyInterval - absl::Seconds(1);
  ReadEarly();
  EXPECT_THAT(Events(), ElementsAre("over"));
  EXPECT_EQ(http_.requests.size(), 2u);
  now_ += absl::Seconds(1);
  ReadEarly();
  EXPECT_EQ(http_.requests.size(), 3u);
}

TEST_F(JwksFetcherTest, JoinsAReadingThatIsUnderWay) {
  fetcher_->Poll();
  ReadEarly();
  EXPECT_EQ(http_.requests.size(), 1u);
  http_.Answer(200, Jwks({&key_}));
  EXPECT_THAT(Events(), ElementsAre("https://as.example 1", "over"));
  // Which was nobody's early reading.
  ReadEarly();
  EXPECT_EQ(http_.requests.size(), 2u);
}

TEST_F(JwksFetcherTest, KnowsNothingOfOtherIssuers) {
  fetcher_->ReadEarly("https://other.example",
                      [this] { events_.push_back("over"); });
  EXPECT_THAT(Events(), ElementsAre("over"));
  EXPECT_THAT(http_.requests, IsEmpty());
  EXPECT_EQ(fetcher_->Keys("https://other.example"), std::nullopt);
}

TEST_F(JwksFetcherTest, KeepsTheKeysOfSourcesThatStay) {
  Start();
  JwksSource other = Source();
  other.issuer = "https://other.example";
  JwksSource sooner = Source();
  sooner.refresh = absl::Seconds(30);
  fetcher_->SetSources({other, sooner});
  EXPECT_THAT(Kids(), ElementsAre(key_.jwk().kid()));
  fetcher_->Poll();
  ASSERT_EQ(http_.requests.size(), 2u);  // of the other
  http_.Answer(200, Jwks({&new_key_}));
  EXPECT_EQ(fetcher_->Poll(), absl::Seconds(30));
}

TEST_F(JwksFetcherTest, ForgetsTheKeysOfSourcesThatMove) {
  Start();
  fetcher_->SetSources({Source("https://as.example/elsewhere")});
  EXPECT_THAT(Kids(), ElementsAre("pending"));
  JwksSource trusted = Source("https://as.example/elsewhere");
  fetcher_->Poll();
  http_.Answer(200, Jwks({&key_}));
  trusted.ca = "another CA";
  fetcher_->SetSources({trusted});
  EXPECT_THAT(Kids(), ElementsAre("pending"));
  fetcher_->SetSources({});
  EXPECT_FALSE(fetcher_->has_sources());
  EXPECT_EQ(fetcher_->Poll(), absl::InfiniteDuration());
}

TEST_F(JwksFetcherTest, AnAnswerForASourceThatIsGoneIsNobodys) {
  ReadEarly();
  fetcher_->SetSources({Source("https://as.example/elsewhere")});
  http_.Answer(200, Jwks({&key_}));
  EXPECT_THAT(Events(), ElementsAre("over"));
  EXPECT_THAT(Kids(), ElementsAre("pending"));
}

}  // namespace
}  // namespace sluice::policy
