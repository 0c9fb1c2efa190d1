#include "policy/service/authenticator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "test/policy/service/authenticator_harness.h"

namespace sluice::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// Fails whatever it is asked.
class BrokenStore : public TokenStoreInterface {
 public:
  absl::Status PutOf(TokenRecord, Possession, absl::Time) override {
    return absl::UnavailableError("the store is away");
  }
  absl::StatusOr<std::optional<TokenRecord>> Find(absl::string_view,
                                                  absl::Time) override {
    return absl::UnavailableError("the store is away");
  }
  absl::StatusOr<std::vector<TokenRecord>> List(absl::string_view, size_t,
                                                absl::Time) override {
    return absl::UnavailableError("broken");
  }
  absl::StatusOr<std::optional<TokenRecord>> FindByClientId(
      absl::string_view, absl::Time) override {
    return absl::UnavailableError("the store is away");
  }
  absl::StatusOr<std::vector<TokenRecord>> FindByKid(absl::string_view,
                                                     absl::string_view,
                                                     absl::string_view,
                                                     absl::Time) override {
    return absl::UnavailableError("the store is away");
  }
  absl::StatusOr<std::vector<TokenRecord>> FindSymmetricByKid(
      absl::string_view, absl::Time) override {
    return absl::UnavailableError("the store is away");
  }
  absl::StatusOr<std::vector<TokenRecord>> FindBySubject(absl::string_view,
                                                         absl::string_view,
                                                         size_t,
                                                         absl::Time) override {
    return absl::UnavailableError("the store is away");
  }
};

class AuthenticatorTest : public AuthenticatorHarness {};

// covers: ACE-AUTH-1
TEST_F(AuthenticatorTest, AnonymousWithNothingToDoIsDenied) {
  const v1::Denial denial = Denied(Anonymous(/*authz_info_enabled=*/false));
  EXPECT_EQ(denial.reason(), v1::Denial::REASON_NO_CREDENTIAL);
  EXPECT_THAT(denial.detail(), Not(IsEmpty()));
}

// covers: ACE-AUTH-1
TEST_F(AuthenticatorTest, AnonymousGetsAnEmptyGrantWhereTokensAreTaken) {
  const v1::Grant grant = Granted(Anonymous(/*authz_info_enabled=*/true));
  EXPECT_THAT(PermissionsOf(grant), IsEmpty());
  EXPECT_FALSE(grant.has_expires_at());
}

// covers: ACE-AUTH-1, ACE-SCP-6
TEST_F(AuthenticatorTest, AnonymousGetsThePublicTopicsAndNothingElse) {
  for (const bool authz_info : {false, true}) {
    const auto response = Make({{"public/#", false, true}, {"in", true, false}})
                              .Authenticate(Anonymous(authz_info), kNow);
    ASSERT_TRUE(response.ok() && response->has_grant());
    const v1::Grant& grant = response->grant();
    EXPECT_THAT(PermissionsOf(grant), ElementsAre("public/# sub", "in pub"));
    EXPECT_EQ(grant.subject(), "");
    EXPECT_EQ(grant.issuer(), "");
    EXPECT_EQ(grant.token_id(), "");
    EXPECT_FALSE(grant.has_expires_at());
  }
}

TEST_F(AuthenticatorTest, WhatIsUnsetIsDenied) {
  EXPECT_EQ(Denied(Request()).reason(), v1::Denial::REASON_NO_CREDENTIAL);
  EXPECT_EQ(Denied({}).reason(), v1::Denial::REASON_UNSPECIFIED);
}

TEST_F(AuthenticatorTest, UnknownProtocolVersionsAreDenied) {
  v1::AuthenticateRequest request = WithExporter(Token(client_), client_);
  request.mutable_connection()->set_protocol_version(
      v1::PROTOCOL_VERSION_MQTT_3_1_1);
  Granted(request);
  for (const int version : {0, 3, 6}) {
    request.mutable_connection()->set_protocol_version(
        static_cast<v1::ProtocolVersion>(version));
    EXPECT_EQ(Denied(request).reason(), v1::Denial::REASON_UNSPECIFIED);
  }
}

// covers: ACE-AUTH-2, ACE-POP-1, ACE-POP-2, ACE-POP-4, ACE-TOK-4
TEST_F(AuthenticatorTest, TakesEitherProofWithEveryKindOfKey) {
  for (const ace::Algorithm algorithm :
       {ace::Algorithm::kEdDsa, ace::Algorithm::kEs256,
        ace::Algorithm::kHs256}) {
    const ace::SigningKey key = NewKey(algorithm);
    const std::string token = Token(key);
    for (const v1::AuthenticateRequest& request :
         {WithExporter(token, key), WithChallenge(token, key)}) {
      SCOPED_TRACE(ace::AlgorithmName(algorithm));
      const v1::Grant grant = Granted(request);
      EXPECT_EQ(grant.subject(), "alice");
      EXPECT_EQ(grant.issuer(), "https://as.example");
      EXPECT_EQ(grant.token_id(), "token-1");
      EXPECT_THAT(PermissionsOf(grant), ElementsAre("a/# pub sub", "b pub"));
      EXPECT_EQ(grant.expires_at().seconds(), absl::ToUnixSeconds(kExpiry));
      EXPECT_EQ(grant.expires_at().nanos(), 0);
    }
  }
}

// covers: ACE-SCP-6
TEST_F(AuthenticatorTest, AGrantHoldsThePublicTopicsToo) {
  const auto response =
      Make({{"public/#", false, true}})
          .Authenticate(WithExporter(Token(client_), client_), kNow);
  ASSERT_TRUE(response.ok());
  EXPECT_THAT(PermissionsOf(response->grant()),
              ElementsAre("public/# sub", "a/# pub sub", "b pub"));
}

// covers: ACE-SCP-5
TEST_F(AuthenticatorTest, ATokenWithoutScopeGrantsNothing) {
  TokenOptions options;
  options.scope = "";
  const v1::Grant grant =
      Granted(WithExporter(Token(client_, options), client_));
  EXPECT_THAT(PermissionsOf(grant), IsEmpty());
  EXPECT_EQ(grant.subject(), "alice");
}

// covers: ACE-POP-2
TEST_F(AuthenticatorTest, EitherExporterContentWillDo) {
  const std::string token = Token(client_);
  for (const std::string& signed_content : {kContent, kOtherContent}) {
    Granted(WithExporter(token, client_, signed_content,
                         {kContent, kOtherContent}));
  }
  EXPECT_EQ(Denied(WithExporter(token, client_, std::string(32, 'x'),
                                {kContent, kOtherContent}))
                .reason(),
            v1::Denial::REASON_PROOF_INVALID);
}

// covers: ACE-POP-1, ACE-POP-2
TEST_F(AuthenticatorTest, WrongExporterProofsAreDenied) {
  const std::string token = Token(client_);
  v1::AuthenticateRequest no_proof = WithExporter(token, client_);
  no_proof.mutable_token()->mutable_exporter()->clear_proof();
  v1::AuthenticateRequest longer = WithExporter(token, client_);
  longer.mutable_token()->mutable_exporter()->mutable_proof()->push_back('x');
  const std::string short_content(31, 'e'), long_content(33, 'e');
  const v1::AuthenticateRequest kRequests[] = {
      WithExporter(token, stranger_),
      WithExporter(token, client_, kOtherContent),
      WithExporter(token, client_, kContent, {}),
      WithExporter(token, client_, "", {""}),
      WithExporter(token, client_, short_content, {short_content}),
      WithExporter(token, client_, long_content, {long_content}),
      // Not even beside a content that fits.
      WithExporter(token, client_, kContent, {kContent, short_content}),
      WithExporter(token, NewKey(ace::Algorithm::kHs256)),
      no_proof,
      longer,
  };
  for (const v1::AuthenticateRequest& request : kRequests) {
    const v1::Denial denial = Denied(request);
    EXPECT_EQ(denial.reason(), v1::Denial::REASON_PROOF_INVALID);
    EXPECT_THAT(denial.detail(), Not(IsEmpty()));
  }
  EXPECT_EQ(StoredTokens(), 0u);
}

// covers: ACE-POP-4
TEST_F(AuthenticatorTest, WrongChallengeProofsAreDenied) {
  const std::string token = Token(client_);
  v1::AuthenticateRequest swapped = WithChallenge(token, client_);
  v1::ChallengeProof* proof = swapped.mutable_token()->mutable_challenge();
  proof->set_answer("client-n" + Sign(client_, "client-nserver-n"));
  v1::AuthenticateRequest no_client_nonce = WithChallenge(token, client_);
  proof = no_client_nonce.mutable_token()->mutable_challenge();
  proof->set_answer(Sign(client_, "server-n"));
  v1::AuthenticateRequest nonce_alone = WithChallenge(token, client_);
  nonce_alone.mutable_token()->mutable_challenge()->set_answer("client-n");
  const v1::AuthenticateRequest kRequests[] = {
      WithChallenge(token, stranger_),
      WithChallenge(token, client_, "", ""),
      WithChallenge(token, client_, "", "server-nclient-n"),
      // The same 16 bytes, divided elsewhere.
      WithChallenge(token, client_, "server-", "nclient-n"),
      WithChallenge(token, client_, "server-nc", "lient-n"),
      swapped,
      no_client_nonce,
      nonce_alone,
  };
  for (const v1::AuthenticateRequest& request : kRequests) {
    EXPECT_EQ(Denied(request).reason(), v1::Denial::REASON_PROOF_INVALID);
  }
  EXPECT_EQ(StoredTokens(), 0u);
}

// covers: ACE-POP-1
TEST_F(AuthenticatorTest, AProofOfOneKindIsNoneOfTheOther) {
  v1::AuthenticateRequest request = WithChallenge(Token(client_), client_);
  const std::string proof = request.token().challenge().answer().substr(8);
  request.mutable_token()->mutable_exporter()->add_exporter_content(kContent);
  request.mutable_token()->mutable_exporter()->set_proof(proof);
  EXPECT_EQ(Denied(request).reason(), v1::Denial::REASON_PROOF_INVALID);
}

// covers: ACE-AUTH-2
TEST_F(AuthenticatorTest, AValidTokenWithoutAProofIsDenied) {
  v1::AuthenticateRequest request = Request();
  request.mutable_token()->set_token(Token(client_));
  EXPECT_EQ(Denied(request).reason(), v1::Denial::REASON_PROOF_INVALID);
}

// covers: ACE-TOK-2, ACE-TOK-3, ACE-TOK-7
TEST_F(AuthenticatorTest, BadTokensAreDeniedBeforeTheProofIsLookedAt) {
  TokenOptions other_issuer, other_audience, expired;
  other_issuer.issuer = "https://other.example";
  other_audience.audience = "another broker";
  expired.expires_at = kNow;
  const TestIssuer impostor;
  TokenOptions fine;
  fine.expires_at = kExpiry;
  const struct {
    std::string token;
    v1::Denial::Reason reason;
  } kCases[] = {
      {"", v1::Denial::REASON_TOKEN_UNPARSABLE},
      {"reference", v1::Denial::REASON_TOKEN_UNPARSABLE},
      {Token(client_, other_issuer), v1::Denial::REASON_TOKEN_INVALID},
      {Token(client_, other_audience), v1::Denial::REASON_TOKEN_INVALID},
      {impostor.Token(client_, fine), v1::Denial::REASON_TOKEN_INVALID},
      {Token(client_, expired), v1::Denial::REASON_TOKEN_EXPIRED},
  };
  for (const auto& c : kCases) {
    for (const ace::SigningKey* key : {&client_, &stranger_}) {
      const v1::Denial denial = Denied(WithExporter(c.token, *key));
      EXPECT_EQ(denial.reason(), c.reason) << denial.detail();
      EXPECT_THAT(denial.detail(), Not(IsEmpty()));
    }
    v1::StoreTokenRequest request;
    *request.mutable_connection() = Request().connection();
    request.set_token(c.token);
    const auto response = Make().StoreToken(request, kNow);
    ASSERT_TRUE(response.ok());
    EXPECT_EQ(response->denial().reason(), c.reason);
  }
  EXPECT_EQ(StoredTokens(), 0u);
}

// covers: ACE-TOK-3
TEST_F(AuthenticatorTest, ATokenIsGoodUntilTheInstantItExpires) {
  const v1::AuthenticateRequest request = WithExporter(Token(client_), client_);
  Granted(request, kExpiry - absl::Nanoseconds(1));
  EXPECT_EQ(Denied(request, kExpiry).reason(),
            v1::Denial::REASON_TOKEN_EXPIRED);
}

TEST_F(AuthenticatorTest, DenialsSayWhoseTokenItWasOnceItsIssuerVouchesForIt) {
  const auto name = [](const v1::Denial& denial) {
    return absl::StrCat(denial.issuer(), " ", denial.subject(), " ",
                        denial.token_id(), denial.proven() ? " proven" : "");
  };
  constexpr char kAlice[] = "https://as.example alice token-1";
  TokenOptions other_issuer;
  other_issuer.issuer = "https://other.example";
  TokenOptions other_audience;
  other_audience.audience = "another broker";
  TokenOptions expired;
  expired.expires_at = kNow - absl::Seconds(1);
  TokenOptions fine;
  fine.expires_at = kExpiry;
  const TestIssuer impostor;
  const struct {
    v1::AuthenticateRequest request;
    std::string named;
  } kCases[] = {
      {WithExporter(Token(client_, other_audience), client_), kAlice},
      {WithExporter(Token(client_, expired), client_), kAlice},
      {WithExporter(Token(client_), stranger_), kAlice},
      {WithChallenge(Token(client_), stranger_), kAlice},
      {WithExporter("reference", client_), "  "},
      {WithExporter(Token(client_, other_issuer), client_), "  "},
      {WithExporter(impostor.Token(client_, fine), client_), "  "},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(name(Denied(c.request)), c.named);
  }
}

// covers: ACE-CON-6
TEST_F(AuthenticatorTest, DenialsHoldNothingOfTheToken) {
  TokenOptions options;
  options.audience = "another broker";
  const std::string token = Token(client_, options);
  const std::string detail = Denied(WithExporter(token, client_)).detail();
  for (const std::string& part :
       {token, token.substr(0, 20), token.substr(token.rfind('.') + 1),
        std::string("alice"), std::string("another broker")}) {
    EXPECT_THAT(detail, Not(HasSubstr(part)));
  }
}

// covers: ACE-CON-5, ACE-TOK-7
TEST_F(AuthenticatorTest, AProvenTokenIsStoredUnderItsKey) {
  const std::string thumbprint = client_.jwk().Thumbprint();
  const std::string first = Token(client_);
  Granted(WithExporter(first, client_));
  auto found = store_->Find(thumbprint, kNow);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->token, first);
  EXPECT_EQ((*found)->expires_at, kExpiry);

  TokenOptions options;
  options.token_id = "token-2";
  const std::string second = Token(client_, options);
  Granted(WithChallenge(second, client_));
  found = store_->Find(thumbprint, kNow);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->token, second);
  EXPECT_EQ(StoredTokens(), 1u);
}

// covers: ACE-AZI-2, ACE-TOK-7
TEST_F(AuthenticatorTest, StoreTokenStoresWithoutAProof) {
  v1::StoreTokenRequest request;
  *request.mutable_connection() = Request().connection();
  request.set_token(Token(client_));
  const auto response = Make().StoreToken(request, kNow);
  ASSERT_TRUE(response.ok() && response->has_stored());
  EXPECT_EQ(response->stored().token_id(), "token-1");
  EXPECT_EQ(response->stored().expires_at().seconds(),
            absl::ToUnixSeconds(kExpiry));
  const auto found = store_->Find(client_.jwk().Thumbprint(), kNow);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->token, request.token());
}

// covers: ACE-CON-2
TEST_F(AuthenticatorTest, TheClientNonceIsHandedToTheProxy) {
  TokenOptions options;
  options.client_nonce = std::string("\0nonce", 6);
  const std::string token = Token(client_, options);
  EXPECT_EQ(Granted(WithExporter(token, client_)).cnonce(),
            options.client_nonce);
  EXPECT_EQ(Granted(StoredWithChallenge(client_)).cnonce(),
            options.client_nonce);
  EXPECT_EQ(Granted(WithExporter(Token(client_), client_)).cnonce(), "");
  v1::StoreTokenRequest request;
  *request.mutable_connection() = Request().connection();
  request.set_token(token);
  const auto response = Make().StoreToken(request, kNow);
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->stored().cnonce(), options.client_nonce);
}

TEST_F(AuthenticatorTest, StoreTokenDeniesWhatIsUnset) {
  const auto response = Make().StoreToken({}, kNow);
  ASSERT_TRUE(response.ok() && response->has_denial());
}

// covers: ACE-AUTH-3
TEST_F(AuthenticatorTest, AFailedStoreIsAnErrorAndNoDecision) {
  const Authenticator authenticator(issuer_.Verifier(), {},
                                    std::make_shared<BrokenStore>(), facts_,
                                    managed_);
  const std::string token = Token(client_);
  EXPECT_EQ(authenticator.Authenticate(WithExporter(token, client_), kNow)
                .status()
                .code(),
            absl::StatusCode::kUnavailable);
  v1::StoreTokenRequest request;
  *request.mutable_connection() = Request().connection();
  request.set_token(token);
  EXPECT_EQ(authenticator.StoreToken(request, kNow).status().code(),
            absl::StatusCode::kUnavailable);
  // Nor is a client that TLS knows an anonymous one.
  EXPECT_EQ(authenticator.Authenticate(Known(Anonymous(true), client_), kNow)
                .status()
                .code(),
            absl::StatusCode::kUnavailable);
  // What needs no store is decided all the same.
  EXPECT_TRUE(
      authenticator.Authenticate(WithExporter(token, stranger_), kNow).ok());
}

TEST_F(AuthenticatorTest, TheLatestExpiryFitsTheAnswer) {
  TokenOptions options;
  options.expires_at = absl::FromUnixSeconds(253'402'300'799);
  const v1::Grant grant =
      Granted(WithExporter(Token(client_, options), client_));
  EXPECT_EQ(grant.expires_at().seconds(), 253'402'300'799);
}

// Two in a hundred random references do.
TEST_F(AuthenticatorTest, WhatOnlyBeginsLikeACwtIsAReference) {
  for (const char* begin : {"\x83=", "\x84=", "\xd0=", "\xd2=", "\xd8="}) {
    const std::string token = absl::StrCat(begin, std::string(14, 'z'));
    ReferenceAnswers references(/*can_ask=*/true);
    EXPECT_FALSE(
        Make()
            .Authenticate(WithExporter(token, client_), kNow, &references)
            .ok());
    EXPECT_EQ(references.wanted(), token);
  }
}

}  // namespace
}  // namespace sluice::policy
