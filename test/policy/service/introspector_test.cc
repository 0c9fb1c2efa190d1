#include "policy/service/introspector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/ace/known_keys.h"
#include "policy/ace/rejection.h"
#include "policy/ace/token_verifier.h"
#include "policy/service/call_pool.h"
#include "test/policy/service/fake_http_client.h"
#include "test/policy/testing/test_issuer.h"

// covers: ACE-TOK-5

namespace sluice::policy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Freshness = Introspector::Freshness;

constexpr char kInactive[] = R"({"active":false})";

class IntrospectorTest : public ::testing::Test {
 protected:
  explicit IntrospectorTest(size_t endpoints = 1) { Restart(endpoints, 100); }

  Introspector::Options OptionsFor(size_t endpoints, size_t max_answers,
                                   ace::IntrospectionFormat format = {}) const {
    Introspector::Options options{issuer_.Verifier(), {}, max_answers};
    for (size_t i = 0; i < endpoints; ++i) {
      IntrospectionEndpoint endpoint;
      endpoint.issuer = "https://as.example";
      endpoint.url = absl::StrCat("https://as.example/", i);
      endpoint.ca = "CA";
      endpoint.certificate = "certificate";
      endpoint.private_key = SecretString("key");
      endpoint.client.format = format;
      endpoint.client.id = "rs";
      endpoint.client.secret = "s3cret";
      options.endpoints.push_back(endpoint);
    }
    return options;
  }
  void Restart(size_t endpoints, size_t max_answers,
               ace::IntrospectionFormat format = {}) {
    introspector_ = std::make_shared<Introspector>(
        OptionsFor(endpoints, max_answers, format), &http_, &pool_,
        [this] { return now_; });
  }

  // Asks; the answer comes to answers_.
  void Resolve(const std::string& token,
               Freshness freshness = Freshness::kRemembered) {
    introspector_->Resolve(token, freshness,
                           [this](ReferenceAnswers::Answer answer) {
                             answers_.push_back(std::move(answer));
                           });
  }

  // An answer about an active token, with members added.
  std::string Active(const std::string& more = "") const {
    return absl::StrCat(
        R"({"active":true,"aud":"broker","sub":"alice","cnf":{"jwk":)",
        client_.jwk().ToJson(), "}", more, "}");
  }
  std::string ActiveUntil(absl::Time expires_at) const {
    return Active(absl::StrCat(",\"exp\":", absl::ToUnixSeconds(expires_at)));
  }

  const TestIssuer issuer_;
  const ace::SigningKey client_ = NewKey(ace::Algorithm::kEdDsa);
  FakeHttpClient http_;
  CallPool pool_{0};  // which runs all where it comes from
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  std::shared_ptr<Introspector> introspector_;
  std::vector<ReferenceAnswers::Answer> answers_;
};

TEST_F(IntrospectorTest, AsksAndRemembersForTheTtl) {
  Resolve("opaque");
  ASSERT_EQ(http_.requests.size(), 1u);
  const http::HttpRequest& request = http_.requests[0];
  EXPECT_EQ(request.url, "https://as.example/0");
  EXPECT_EQ(request.ca, "CA");
  EXPECT_EQ(request.certificate, "certificate");
  EXPECT_EQ(request.private_key, "key");
  EXPECT_EQ(request.body, "token=opaque");
  EXPECT_EQ(request.authorization, "Basic cnM6czNjcmV0");
  EXPECT_TRUE(answers_.empty());
  http_.Answer(200, ActiveUntil(now_ + absl::Hours(1)));
  ASSERT_EQ(answers_.size(), 1u);
  ASSERT_TRUE(answers_[0].ok()) << answers_[0].status();
  EXPECT_EQ(answers_[0]->token.subject, "alice");
  EXPECT_EQ(answers_[0]->token.expires_at, now_ + absl::Hours(1));
  EXPECT_EQ(answers_[0]->recheck_at, now_ + absl::Seconds(60));

  const absl::Time recheck_at = answers_[0]->recheck_at;
  now_ += absl::Seconds(59);
  Resolve("opaque");
  ASSERT_EQ(answers_.size(), 2u);
  EXPECT_EQ(answers_[1]->recheck_at, recheck_at);
  Resolve("another");
  EXPECT_EQ(http_.requests.size(), 2u);
  now_ += absl::Seconds(1);
  Resolve("opaque");
  EXPECT_EQ(http_.requests.size(), 3u);
}

TEST_F(IntrospectorTest, AnAnswerIsNotKeptLongerThanTheTokenLives) {
  Resolve("opaque");
  http_.Answer(200, ActiveUntil(now_ + absl::Seconds(10)));
  ASSERT_TRUE(answers_[0].ok()) << answers_[0].status();
  EXPECT_EQ(answers_[0]->recheck_at, absl::InfiniteFuture());
  now_ += absl::Seconds(10);
  Resolve("opaque");
  EXPECT_EQ(http_.waiting(), 1u);
}

TEST_F(IntrospectorTest, AnAnswerMayBeCreated) {
  Resolve("opaque");
  http_.Answer(201, Active());
  EXPECT_TRUE(answers_[0].ok()) << answers_[0].status();
}

TEST_F(IntrospectorTest, WithoutAnExpiryTheTokenEndsWithTheTtl) {
  Resolve("opaque");
  http_.Answer(200, Active());
  ASSERT_TRUE(answers_[0].ok()) << answers_[0].status();
  EXPECT_EQ(answers_[0]->token.expires_at, now_ + absl::Seconds(60));
  EXPECT_EQ(answers_[0]->recheck_at, now_ + absl::Seconds(45));
}

TEST_F(IntrospectorTest, OneQuestionServesAllWhoAskMeanwhile) {
  Resolve("opaque");
  Resolve("opaque");
  Resolve("opaque", Freshness::kNew);
  EXPECT_EQ(http_.requests.size(), 1u);
  http_.Answer(200, Active());
  ASSERT_EQ(answers_.size(), 3u);
  for (const auto& answer : answers_) EXPECT_TRUE(answer.ok());
}

TEST_F(IntrospectorTest, ANewAnswerReplacesTheRememberedOne) {
  Resolve("opaque");
  http_.Answer(200, Active());
  Resolve("opaque", Freshness::kNew);
  http_.Answer(200, kInactive);
  Resolve("opaque");
  ASSERT_EQ(answers_.size(), 3u);
  EXPECT_TRUE(answers_[0].ok());
  for (size_t i = 1; i < 3; ++i) {
    EXPECT_EQ(ace::RejectionOf(answers_[i].status()), ace::Rejection::kInvalid);
  }
}

TEST_F(IntrospectorTest, ARefusalIsSoonForgotten) {
  Resolve("opaque");
  http_.Answer(200, kInactive);
  now_ += absl::Seconds(4);
  Resolve("opaque");
  EXPECT_EQ(answers_.size(), 2u);
  now_ += absl::Seconds(1);
  Resolve("opaque");
  EXPECT_EQ(http_.waiting(), 1u);
}

TEST_F(IntrospectorTest, FailuresDecideNothingAndAreNotRemembered) {
  const std::vector<std::pair<int, std::string>> kResponses = {
      {500, Active()},        {401, kInactive}, {302, ""},
      {200, "<html/>"},       {200, "{}"},      {204, ""},
      {200, "{\"active\":1}"}};
  for (const auto& [status, body] : kResponses) {
    Resolve("opaque");
    ASSERT_EQ(http_.waiting(), 1u);
    http_.Answer(status, body);
    EXPECT_TRUE(absl::IsUnavailable(answers_.back().status())) << body;
    EXPECT_EQ(ace::RejectionOf(answers_.back().status()), std::nullopt);
    EXPECT_THAT(std::string(answers_.back().status().message()),
                Not(HasSubstr("s3cret")));
  }
  Resolve("opaque");
  http_.Fail();
  EXPECT_TRUE(absl::IsUnavailable(answers_.back().status()));
  Resolve("opaque");
  http_.Answer(200, Active());
  EXPECT_TRUE(answers_.back().ok());
  // What is known stays known.
  Resolve("opaque", Freshness::kNew);
  http_.Fail();
  EXPECT_FALSE(answers_.back().ok());
  Resolve("opaque");
  EXPECT_TRUE(answers_.back().ok());
}

TEST_F(IntrospectorTest, AnActiveTokenIsHeldToTheRules) {
  const std::string kCases[] = {
      R"({"active":true,"aud":"broker"})",
      Active(R"(,"iss":"https://another.example")"),
      Active(R"(,"ace_profile":"coap_dtls")"),
      Active(absl::StrCat(",\"nbf\":", absl::ToUnixSeconds(now_) + 100)),
  };
  int number = 0;
  for (const std::string& body : kCases) {
    Resolve(absl::StrCat("token", ++number));
    http_.Answer(200, body);
    EXPECT_EQ(ace::RejectionOf(answers_.back().status()),
              ace::Rejection::kInvalid)
        << body;
  }
  Resolve("expired");
  http_.Answer(200, ActiveUntil(now_ - absl::Seconds(1)));
  EXPECT_EQ(ace::RejectionOf(answers_.back().status()),
            ace::Rejection::kExpired);
}

TEST_F(IntrospectorTest, WhatCannotBeAskedAboutIsRefused) {
  Restart(1, 100, ace::IntrospectionFormat::kAceJson);
  Resolve("\xff");
  EXPECT_TRUE(http_.requests.empty());
  EXPECT_EQ(ace::RejectionOf(answers_.back().status()),
            ace::Rejection::kUnparsable);
}

TEST_F(IntrospectorTest, TheOldestAnswerMakesRoom) {
  Restart(1, /*max_answers=*/2);
  for (const char* token : {"a", "b", "c"}) {
    Resolve(token);
    http_.Answer(200, Active());
  }
  Resolve("b");
  Resolve("c");
  EXPECT_EQ(http_.requests.size(), 3u);
  Resolve("a");
  EXPECT_EQ(http_.requests.size(), 4u);
}

class TwoEndpointsTest : public IntrospectorTest {
 protected:
  TwoEndpointsTest() : IntrospectorTest(2) {}
};

TEST_F(TwoEndpointsTest, TheFirstThatKnowsTheTokenDecides) {
  Resolve("opaque");
  http_.Answer(200, kInactive);
  ASSERT_EQ(http_.requests.size(), 2u);
  EXPECT_EQ(http_.requests[1].url, "https://as.example/1");
  http_.Answer(200, Active());
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_TRUE(answers_[0].ok());
  Resolve("another");
  http_.Answer(200, Active());
  EXPECT_EQ(http_.waiting(), 0u);
  EXPECT_EQ(answers_.size(), 2u);
}

TEST_F(TwoEndpointsTest, ARefusalIsKeptNoLongerThanAnAnswer) {
  Introspector::Options options = OptionsFor(2, 100);
  options.endpoints[0].cache_ttl = absl::Seconds(1);
  introspector_ = std::make_shared<Introspector>(
      std::move(options), &http_, &pool_, [this] { return now_; });
  Resolve("opaque");
  http_.Answer(200, kInactive);
  http_.Answer(200, kInactive);
  Resolve("opaque");
  EXPECT_EQ(answers_.size(), 2u);
  EXPECT_EQ(http_.waiting(), 0u);
  now_ += absl::Seconds(1);
  Resolve("opaque");
  EXPECT_EQ(http_.waiting(), 1u);
}

TEST_F(TwoEndpointsTest, OnlyTheWordOfAllIsARefusal) {
  Resolve("opaque");
  http_.Fail();
  http_.Answer(200, kInactive);
  EXPECT_TRUE(absl::IsUnavailable(answers_.back().status()));
  Resolve("opaque");
  http_.Fail();
  http_.Answer(200, Active());
  EXPECT_TRUE(answers_.back().ok());
  Resolve("another");
  http_.Answer(200, kInactive);
  http_.Answer(200, kInactive);
  EXPECT_EQ(ace::RejectionOf(answers_.back().status()),
            ace::Rejection::kInvalid);
}

TEST_F(IntrospectorTest, AnAnswerMayComeAfterEverybodyLetGo) {
  Resolve("opaque");
  introspector_.reset();
  http_.Answer(200, Active());
  EXPECT_EQ(answers_.size(), 1u);
}

TEST_F(IntrospectorTest, TellsWhetherItsAnswersAreThoseOfOthers) {
  const auto same_with = [this](auto change) {
    Introspector::Options options = OptionsFor(2, 100);
    change(&options.endpoints[1]);
    return introspector_->IsMadeOf(options);
  };
  Restart(2, 100);
  EXPECT_TRUE(introspector_->IsMadeOf(OptionsFor(2, 100)));
  EXPECT_FALSE(introspector_->IsMadeOf(OptionsFor(1, 100)));
  EXPECT_FALSE(introspector_->IsMadeOf(OptionsFor(2, 99)));
  EXPECT_TRUE(same_with([](auto*) {}));
  EXPECT_FALSE(same_with([](auto* e) { e->issuer = "https://other"; }));
  EXPECT_FALSE(same_with([](auto* e) { e->url += "x"; }));
  EXPECT_FALSE(same_with([](auto* e) { e->ca = ""; }));
  EXPECT_FALSE(same_with([](auto* e) { e->certificate = ""; }));
  EXPECT_FALSE(same_with([](auto* e) { e->private_key = SecretString(); }));
  EXPECT_FALSE(same_with([](auto* e) { e->cache_ttl = absl::Seconds(1); }));
  EXPECT_FALSE(same_with(
      [](auto* e) { e->client.format = ace::IntrospectionFormat::kAceCbor; }));
  EXPECT_FALSE(same_with([](auto* e) {
    e->client.authentication = ace::ClientAuthentication::kPost;
  }));
  EXPECT_FALSE(same_with([](auto* e) { e->client.id = "other"; }));
  EXPECT_FALSE(same_with([](auto* e) { e->client.secret = "other"; }));
}

TEST_F(IntrospectorTest, AnswersAreOthersByWhatTheyAreHeldTo) {
  const auto same_with = [this](auto change) {
    ace::TokenVerifier::Options held_to = issuer_.Verifier().options();
    change(&held_to);
    Introspector::Options options = OptionsFor(1, 100);
    options.verifier = *ace::TokenVerifier::Create(std::move(held_to));
    return introspector_->IsMadeOf(options);
  };
  EXPECT_TRUE(same_with([](auto*) {}));
  EXPECT_FALSE(same_with([](auto* v) { v->audience = "other"; }));
  EXPECT_FALSE(same_with([](auto* v) { v->clock_skew = absl::Seconds(9); }));
  EXPECT_FALSE(same_with([](auto* v) { v->decryption_keys = {}; }));
  EXPECT_FALSE(same_with(
      [](auto* v) { v->issuers[0].profile = ace::Profile::kDraft01; }));
  struct NoKeys final : ace::KnownKeysInterface {
    absl::StatusOr<std::optional<ace::PopKey>> FindByKid(
        absl::string_view, absl::string_view, absl::string_view,
        absl::Time) const override {
      return std::nullopt;
    }
  };
  EXPECT_FALSE(
      same_with([](auto* v) { v->known_keys = std::make_shared<NoKeys>(); }));
  // No answer is signed, and others' issuers are not asked.
  EXPECT_TRUE(same_with([](auto* v) { v->issuers[0].keys = {}; }));
  EXPECT_TRUE(same_with([](auto* v) {
    v->issuers.push_back(v->issuers[0]);
    v->issuers[1].name = "https://other";
  }));
}

// The thread of the HTTP client has others' answers to take meanwhile.
TEST_F(IntrospectorTest, KeysAreLookedForOnTheThreadsOfThePool) {
  struct SlowKeys final : ace::KnownKeysInterface {
    absl::StatusOr<std::optional<ace::PopKey>> FindByKid(
        absl::string_view, absl::string_view, absl::string_view kid,
        absl::Time) const override {
      asked->set_value({std::string(kid), std::this_thread::get_id()});
      return std::nullopt;
    }
    std::promise<std::pair<std::string, std::thread::id>>* asked;
  };
  std::promise<std::pair<std::string, std::thread::id>> asked;
  const auto keys = std::make_shared<SlowKeys>();
  keys->asked = &asked;
  Introspector::Options options = OptionsFor(1, 100);
  options.verifier = options.verifier.WithKnownKeys(keys);
  std::promise<ReferenceAnswers::Answer> answered;
  CallPool pool(1);
  const auto introspector = std::make_shared<Introspector>(
      std::move(options), &http_, &pool, [this] { return now_; });
  introspector->Resolve("opaque", Freshness::kRemembered,
                        [&answered](ReferenceAnswers::Answer answer) {
                          answered.set_value(std::move(answer));
                        });
  http_.Answer(
      200,
      R"({"active":true,"aud":"broker","sub":"alice","cnf":{"kid":"k-1"}})");
  const auto [kid, thread] = asked.get_future().get();
  EXPECT_EQ(kid, "k-1");
  EXPECT_NE(thread, std::this_thread::get_id());
  EXPECT_EQ(ace::RejectionOf(answered.get_future().get().status()),
            ace::Rejection::kInvalid);
}

}  // namespace
}  // namespace sluice::policy
