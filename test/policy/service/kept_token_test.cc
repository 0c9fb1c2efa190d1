// What of tokens is kept, and what becomes of grants where it cannot be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/ace/decryption_key.h"
#include "policy/ace/jwe_encrypt.h"
#include "policy/service/reference_answers.h"
#include "proxy/base/bytes.h"
#include "test/policy/service/authenticator_harness.h"

namespace sluice::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Facts in memory, which last no longer than they were made for.
class FullFactStore final : public FactStoreInterface {
 public:
  absl::StatusOr<std::optional<Fact>> Find(FactKind kind, absl::string_view key,
                                           absl::Time now) override {
    return facts_.Find(kind, key, now);
  }
  absl::StatusOr<std::optional<Fact>> Make(FactKind kind, absl::string_view key,
                                           const Fact& fact,
                                           absl::Time now) override {
    return facts_.Make(kind, key, fact, now);
  }
  absl::StatusOr<bool> Extend(FactKind, absl::string_view, const Fact&,
                              absl::Time) override {
    ++extensions_;
    return absl::ResourceExhaustedError("no room");
  }

  int extensions() const { return extensions_; }

 private:
  MemoryFactStore facts_;
  int extensions_ = 0;
};

class KeptTokenTest : public AuthenticatorHarness {
 protected:
  // What is stored for the client.
  TokenRecord Kept(absl::Time now = kNow) {
    const auto found = store_->Find(client_.jwk().Thumbprint(), now);
    EXPECT_TRUE(found.ok() && found->has_value()) << found.status();
    return found.ok() && found->has_value() ? **found : TokenRecord();
  }

  // The token in a JWE for the broker: other bytes each time.
  std::string Encrypted(const std::string& token) {
    const ace::TokenVerifier verifier = issuer_.Verifier();
    const auto jwe = ace::EncryptJwe(
        AsBytes(token), verifier.options().decryption_keys.keys()[0].jwk());
    EXPECT_TRUE(jwe.ok()) << jwe.status();
    return jwe.value_or("");
  }

  // An authenticator with those stores, which writes down what was not kept.
  Authenticator With(std::shared_ptr<TokenStoreInterface> tokens,
                     std::shared_ptr<FactStoreInterface> facts) {
    return Authenticator(issuer_.Verifier(), {}, std::move(tokens),
                         std::move(facts), managed_,
                         [this](const absl::Status& status) {
                           unwritten_.emplace_back(status.message());
                         });
  }

  // The authorization server's answer at `now` about "opaque", which is good
  // for a minute: the server does not say when the token ends.
  ReferenceAnswers Active(absl::Time now) {
    auto token = issuer_.Verifier().Verify(AsBytes(Token(client_)), kNow);
    EXPECT_TRUE(token.ok()) << token.status();
    token->expires_at = token->taken_until = now + absl::Minutes(1);
    token->may_outlive_grant = true;
    ReferenceAnswers references(true);
    EXPECT_FALSE(references.Find("opaque").ok());
    references.Add(ResolvedReference{*token});
    return references;
  }

  std::vector<std::string> unwritten_;
};

// covers: ACE-TOK-7, ACE-CON-5
TEST_F(KeptTokenTest, WhatSaysTheSameIsKeptAsItCameFirst) {
  const std::string token = Token(client_);
  const std::string first = Encrypted(token);
  Granted(WithExporter(first, client_));
  for (int i = 0; i < 3; ++i) {
    const std::string other = Encrypted(token);
    ASSERT_NE(other, first);
    Granted(WithExporter(other, client_));
    Granted(RecheckOf(other));
    Post(other);
    EXPECT_EQ(Kept().token, first);
  }
  // What says something else takes its place.
  TokenOptions options;
  options.token_id = "token-2";
  options.expires_at = kExpiry + absl::Minutes(1);
  const std::string second = Encrypted(Token(client_, options));
  Granted(WithExporter(second, client_));
  EXPECT_EQ(Kept().token, second);
}

// covers: ACE-TOK-7, ACE-POP-5
TEST_F(KeptTokenTest, WhatSaysTheSameReplacesOneThatIsGoodNoMore) {
  PostGoodNoMore(client_);
  const std::string token = Encrypted(Token(client_));
  Granted(WithExporter(token, client_));
  EXPECT_EQ(Kept().token, token);
}

// covers: ACE-POP-5, ACE-AZI-3
TEST_F(KeptTokenTest, ALongClientIdentifierTakesLittleRoom) {
  const std::string id(65'000, 'x');
  Granted(From(WithExporter(Token(client_), client_), id));
  EXPECT_LE(Kept().client_id.size(), 71u);
  EXPECT_TRUE(Ask(From(Stored(), id)).has_challenge_required());
  Granted(From(RecheckOf(Token(client_)), id));
  EXPECT_TRUE(Ask(From(Stored(), id)).has_challenge_required());
  EXPECT_EQ(Denied(From(Stored(), id + "y")).reason(),
            v1::Denial::REASON_NO_CREDENTIAL);
  EXPECT_EQ(Denied(From(Stored(), Kept().client_id)).reason(),
            v1::Denial::REASON_NO_CREDENTIAL);
  // A short one is kept as it is.
  const std::string brief(64, 'x');
  Granted(From(WithExporter(Token(client_), client_), brief));
  EXPECT_EQ(Kept().client_id, brief);
}

// covers: EDGE-20
TEST_F(KeptTokenTest, ALongClientIdentifierHasOneOwner) {
  const auto bound = [](v1::AuthenticateRequest request,
                        const std::string& client_id) {
    request.mutable_connection()->set_bind_client_id(true);
    return From(std::move(request), client_id);
  };
  const std::string id(65'000, 'x');
  TokenOptions options;
  options.subject = "bob";
  const auto bobs = WithExporter(Token(stranger_, options), stranger_);
  Granted(bound(WithExporter(Token(client_), client_), id));
  EXPECT_EQ(Denied(bound(bobs, id)).reason(),
            v1::Denial::REASON_CLIENT_ID_IN_USE);
  EXPECT_EQ(Denied(bound(Anonymous(true), id)).reason(),
            v1::Denial::REASON_CLIENT_ID_IN_USE);
  Granted(bound(bobs, id + "y"));
  const auto found = facts_->Find(FactKind::kClientIdOwner, id, kNow);
  ASSERT_TRUE(found.ok());
  EXPECT_FALSE(found->has_value());
}

// covers: ACE-AZI-3, ACE-CON-5
TEST_F(KeptTokenTest, AVeryLongTokenIsGrantedAndNotStored) {
  TokenOptions options;
  options.token_id = std::string(8'000, 't');
  Granted(WithExporter(Token(client_, options), client_));
  EXPECT_EQ(StoredTokens(), 1u);
  options.token_id = std::string(16'000, 't');
  options.issued_at = kNow;
  const std::string token = Token(client_, options);
  EXPECT_EQ(Granted(WithExporter(token, client_)).token_id(), options.token_id);
  Granted(RecheckOf(token));
  EXPECT_EQ(Kept().issued_at, std::nullopt);
  const v1::Denial denial = PostDenied(token);
  EXPECT_EQ(denial.reason(), v1::Denial::REASON_TOKEN_INVALID);
  EXPECT_THAT(denial.detail(), HasSubstr("more than 16384 bytes"));
}

// covers: ACE-POP-5, ACE-AZI-3
TEST_F(KeptTokenTest, UnderEverNewClientIdentifiersAClientIsGrantedAllTheSame) {
  const v1::AuthenticateRequest request = WithExporter(Token(client_), client_);
  TokenOptions options;
  options.token_id = "token-2";
  const v1::AuthenticateRequest another =
      WithExporter(Token(client_, options), client_);
  for (int i = 0; i < 30; ++i) {
    Granted(From(request, absl::StrCat("r", i)));
    Granted(From(another, absl::StrCat("a", i)));
  }
  EXPECT_EQ(Denied(From(Stored(), "a29")).reason(),
            v1::Denial::REASON_NO_CREDENTIAL);
}

// covers: ACE-POP-5, ACE-TOK-5
TEST_F(KeptTokenTest, ARecheckLeavesTheClientIdentifierThatWasProvenLast) {
  const std::string token = Token(client_);
  Granted(From(WithExporter(token, client_), "c1"));
  Granted(From(WithExporter(token, client_), "c2"));
  Granted(From(RecheckOf(token), "c1"));
  EXPECT_TRUE(Ask(From(Stored(), "c2")).has_challenge_required());
  EXPECT_EQ(Denied(From(Stored(), "c1")).reason(),
            v1::Denial::REASON_NO_CREDENTIAL);
}

// covers: ACE-TOK-5
TEST_F(KeptTokenTest, ARecheckIsDecidedWhereTheStoreIsFull) {
  TokenLimits none;
  none.max_tokens = 0;
  const Authenticator authenticator =
      With(std::make_shared<MemoryTokenStore>(none), facts_);
  const auto answer =
      authenticator.Authenticate(RecheckOf(Token(client_)), kNow);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_THAT(PermissionsOf(answer->grant()),
              ElementsAre("a/# pub sub", "b pub"));
  EXPECT_THAT(unwritten_, ElementsAre("the token is too big to be stored"));
  // What a new client's grant rests on is no such thing.
  EXPECT_FALSE(
      authenticator.Authenticate(WithExporter(Token(client_), client_), kNow)
          .ok());
  EXPECT_EQ(unwritten_.size(), 1u);
}

// covers: ACE-TOK-5, EDGE-20
TEST_F(KeptTokenTest, AnOwnerStaysOneWhereTheStoreIsFull) {
  const auto facts = std::make_shared<FullFactStore>();
  const Authenticator authenticator = With(store_, facts);
  const auto ask = [&](v1::AuthenticateRequest request) {
    request.mutable_connection()->set_bind_client_id(true);
    return authenticator.Authenticate(request, kNow);
  };
  TokenOptions options;
  ASSERT_TRUE(ask(WithExporter(Token(client_, options), client_)).ok());
  EXPECT_THAT(unwritten_, IsEmpty());
  options.expires_at = kExpiry + absl::Hours(1);
  const auto longer = ask(RecheckOf(Token(client_, options)));
  ASSERT_TRUE(longer.ok()) << longer.status();
  EXPECT_EQ(longer->grant().subject(), "alice");
  EXPECT_THAT(unwritten_, ElementsAre("no room"));
  options.subject = "bob";
  const auto another = ask(RecheckOf(Token(client_, options)));
  ASSERT_TRUE(another.ok()) << another.status();
  EXPECT_EQ(another->denial().reason(), v1::Denial::REASON_CLIENT_ID_IN_USE);
}

// covers: ACE-TOK-5
TEST_F(KeptTokenTest, ATokenWithoutAnEndIsWrittenNowAndThen) {
  const auto facts = std::make_shared<FullFactStore>();
  const Authenticator authenticator = With(store_, facts);
  const auto grant = [&](v1::AuthenticateRequest request, absl::Time now) {
    request.mutable_connection()->set_bind_client_id(true);
    ReferenceAnswers references = Active(now);
    const auto answer = authenticator.Authenticate(request, now, &references);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? answer->grant() : v1::Grant();
  };
  grant(WithExporter("opaque", client_), kNow);
  const absl::Time kept_until = Kept().expires_at;
  EXPECT_EQ(kept_until, kNow + absl::Hours(2));
  for (int minute = 1; minute <= 60; ++minute) {
    const absl::Time now = kNow + absl::Minutes(minute);
    // As long as the answer counts, whatever is kept.
    EXPECT_EQ(grant(RecheckOf("opaque"), now).expires_at().seconds(),
              absl::ToUnixSeconds(now + absl::Minutes(1)));
    EXPECT_EQ(Kept(now).expires_at, kept_until);
  }
  const absl::Time later = kNow + absl::Minutes(61);
  grant(RecheckOf("opaque"), later);
  EXPECT_EQ(Kept(later).expires_at, later + absl::Hours(2));
  EXPECT_EQ(facts->extensions(), 0);
  grant(RecheckOf("opaque"), kNow + absl::Minutes(119) + absl::Seconds(1));
  EXPECT_EQ(facts->extensions(), 1);
}

}  // namespace
}  // namespace sluice::policy
