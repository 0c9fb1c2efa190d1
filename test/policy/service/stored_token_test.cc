// Clients that come without a token, because one is stored for them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "policy/service/reference_answers.h"
#include "test/policy/service/authenticator_harness.h"

namespace sluice::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class StoredTokenTest : public AuthenticatorHarness {};

// covers: ACE-POP-5, ACE-D01-6
TEST_F(StoredTokenTest, WithoutAStoredTokenTheClientIsDenied) {
  for (const v1::AuthenticateRequest& request :
       {Stored(), StoredWithChallenge(client_), From(Stored(), ""),
        Known(Stored(), client_)}) {
    const v1::Denial denial = Denied(request);
    EXPECT_EQ(denial.reason(), v1::Denial::REASON_NO_CREDENTIAL);
    EXPECT_NE(denial.detail(), "");
  }
}

// covers: ACE-POP-5, ACE-CON-5
TEST_F(StoredTokenTest, AProvenTokenCanBeProvenAnewUnderItsClientId) {
  Granted(WithExporter(Token(client_), client_));
  EXPECT_TRUE(Ask(Stored()).has_challenge_required());
  const v1::Grant grant = Granted(StoredWithChallenge(client_));
  EXPECT_EQ(grant.subject(), "alice");
  EXPECT_EQ(grant.token_id(), "token-1");
  EXPECT_THAT(PermissionsOf(grant), ElementsAre("a/# pub sub", "b pub"));
  EXPECT_EQ(grant.expires_at().seconds(), absl::ToUnixSeconds(kExpiry));
  EXPECT_EQ(Denied(From(Stored(), "client-2")).reason(),
            v1::Denial::REASON_NO_CREDENTIAL);
}

// covers: ACE-POP-5
TEST_F(StoredTokenTest, TheProofMustBeRight) {
  Granted(WithExporter(Token(client_), client_));
  EXPECT_EQ(Denied(StoredWithChallenge(stranger_)).reason(),
            v1::Denial::REASON_PROOF_INVALID);
  v1::AuthenticateRequest empty = Stored();
  empty.mutable_stored_token()->mutable_challenge();
  EXPECT_EQ(Denied(empty).reason(), v1::Denial::REASON_PROOF_INVALID);
}

// covers: ACE-POP-5, ACE-AZI-2
TEST_F(StoredTokenTest, APostedTokenIsNobodysUntilItIsProven) {
  Post(Token(client_));
  EXPECT_EQ(Denied(Stored()).reason(), v1::Denial::REASON_NO_CREDENTIAL);
}

// covers: ACE-POP-5, ACE-TOK-7
TEST_F(StoredTokenTest, APostedTokenTakesThePlaceOfAProvenOneOfItsKey) {
  Granted(WithExporter(Token(client_), client_));
  TokenOptions options;
  options.token_id = "token-2";
  Post(Token(client_, options));
  EXPECT_TRUE(Ask(Stored()).has_challenge_required());
  EXPECT_EQ(Granted(StoredWithChallenge(client_)).token_id(), "token-2");
}

// Anybody can post a token that was once seen, or that an issuer gave somebody
// else for this key.
// covers: ACE-TOK-7, ACE-AZI-2
TEST_F(StoredTokenTest, APostedTokenReplacesNoNewerOneAndNoneOfAnother) {
  TokenOptions options;
  options.token_id = "new";
  options.issued_at = kNow;
  Post(Token(client_, options));
  TokenOptions old;
  old.issued_at = kNow - absl::Minutes(1);
  TokenOptions of_another = options;
  of_another.subject = "mallory";
  for (const TokenOptions& posted : {old, of_another}) {
    const v1::Denial denial = PostDenied(Token(client_, posted));
    EXPECT_EQ(denial.reason(), v1::Denial::REASON_TOKEN_INVALID);
    EXPECT_NE(denial.detail(), "");
  }
  const v1::Grant grant = Granted(Known(Anonymous(false), client_));
  EXPECT_EQ(grant.subject(), "alice");
  EXPECT_EQ(grant.token_id(), "new");
}

// covers: ACE-TOK-7, ACE-AZI-2
TEST_F(StoredTokenTest, APostedTokenOfNobodyReplacesNone) {
  TokenOptions options;
  options.subject = "";
  Granted(WithExporter(Token(client_, options), client_));
  options.token_id = "another";
  options.scope = "";
  options.issued_at = kNow;
  options.expires_at = kExpiry + absl::Hours(1);
  EXPECT_EQ(PostDenied(Token(client_, options)).reason(),
            v1::Denial::REASON_TOKEN_INVALID);
  EXPECT_EQ(Granted(Known(Anonymous(false), client_)).token_id(), "token-1");
  // A recheck of what was granted for the one that is stored is of that one.
  v1::AuthenticateRequest recheck = Request();
  recheck.mutable_recheck()->set_stored_key_id(client_.jwk().Thumbprint());
  EXPECT_EQ(Granted(recheck).token_id(), "token-1");
}

// covers: ACE-TOK-7, ACE-AUTH-3
TEST_F(StoredTokenTest, TheHandshakeProvesAPostedToken) {
  TokenOptions options;
  options.subject = "mallory";
  options.issued_at = kNow;
  const auto post = [this](const std::string& token,
                           const ace::SigningKey& tls_key) {
    v1::StoreTokenRequest request = Posted(token);
    request.mutable_connection()->set_client_certificate(
        CertificateOf(tls_key));
    const auto answer = Make().StoreToken(request, kNow);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() && answer->has_stored();
  };
  Post(Token(client_, options));
  EXPECT_FALSE(post(Token(client_), stranger_));
  EXPECT_TRUE(post(Token(client_), client_));
  EXPECT_EQ(Granted(Known(Anonymous(false), client_)).subject(), "alice");
  EXPECT_FALSE(post(Token(client_, options), stranger_));
  // Of a certificate as of its key, and under no Client Identifier.
  TokenOptions bound = BoundToCertificate(client_);
  bound.subject = "mallory";
  Post(Token(client_, bound));
  EXPECT_TRUE(post(Token(client_, BoundToCertificate(client_)), client_));
  EXPECT_EQ(Denied(Stored()).reason(), v1::Denial::REASON_NO_CREDENTIAL);
}

// covers: ACE-TOK-7, ACE-CON-2
TEST_F(StoredTokenTest, WhoAsksForTheNonceChangesNothing) {
  TokenOptions options;
  options.client_nonce = "nonce";
  const std::string token = Token(client_, options);
  v1::StoreTokenRequest post = Posted(token);
  post.set_ask_cnonce(true);
  const auto answer = Make().StoreToken(post, kNow);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->token_nonce().cnonce(), "nonce");
  v1::AuthenticateRequest request = WithExporter(token, client_);
  request.mutable_token()->set_ask_cnonce(true);
  EXPECT_EQ(Ask(request).token_nonce().cnonce(), "nonce");
  EXPECT_EQ(StoredTokens(), 0u);
  // The token must be valid, though.
  request.mutable_token()->set_token("junk");
  EXPECT_EQ(Denied(request).reason(), v1::Denial::REASON_TOKEN_UNPARSABLE);
  EXPECT_EQ(Granted(WithExporter(token, client_)).cnonce(), "nonce");
}

// covers: ACE-TOK-7, ACE-TOK-8
TEST_F(StoredTokenTest, WhoAsksForTheNonceHasNotShownTheToken) {
  TokenOptions options;
  options.lifetime = absl::Minutes(1);
  const std::string token = Token(client_, options);
  v1::AuthenticateRequest request = WithExporter(token, client_);
  request.mutable_token()->set_ask_cnonce(true);
  EXPECT_TRUE(Ask(request).has_token_nonce());
  const v1::Grant grant =
      Granted(WithExporter(token, client_), kNow + absl::Minutes(2));
  EXPECT_EQ(grant.expires_at().seconds(),
            absl::ToUnixSeconds(kNow + absl::Minutes(3)));
}

// covers: ACE-TOK-7, ACE-TOK-5
TEST_F(StoredTokenTest, ARecheckReplacesNoNewerOne) {
  // Issued later, within the same second, and nobody knows when.
  const absl::Time times[][2] = {
      {kNow - absl::Minutes(1), kNow}, {kNow, kNow}, {{}, {}}};
  int round = 0;
  for (const auto& [first, second] : times) {
    TokenOptions options;
    options.issued_at = first;
    options.token_id = absl::StrCat("first", ++round);
    const std::string token = Token(client_, options);
    Granted(WithExporter(token, client_));
    options.issued_at = second;
    options.token_id = absl::StrCat("second", round);
    Post(Token(client_, options));
    EXPECT_EQ(Granted(RecheckOf(token)).token_id(),
              absl::StrCat("first", round));
    EXPECT_EQ(Granted(StoredWithChallenge(client_)).token_id(),
              absl::StrCat("second", round));
  }
}

// covers: ACE-TOK-5, ACE-POP-5
TEST_F(StoredTokenTest, ARecheckIsOfTheKeyThatWasProven) {
  TokenOptions options;
  options.scope = R"([["a",["sub"]]])";
  Granted(WithExporter(Token(client_, options), client_));
  const v1::Grant grant = Granted(StoredWithChallenge(client_));
  // Somebody else proves another key under the same Client Identifier.
  options.scope = R"([["#",["pub","sub"]]])";
  options.token_id = "token-2";
  Granted(WithExporter(Token(stranger_, options), stranger_));
  v1::AuthenticateRequest recheck = Request();
  recheck.mutable_recheck()->set_stored_key_id(grant.key_ids(0));
  EXPECT_EQ(Granted(recheck).key_ids(0), grant.key_ids(0));
  EXPECT_THAT(PermissionsOf(Granted(recheck)), ElementsAre("a sub"));
  // That one's identifier it stays.
  EXPECT_EQ(Granted(StoredWithChallenge(stranger_)).token_id(), "token-2");
  recheck.mutable_recheck()->set_stored_key_id("another");
  EXPECT_EQ(Denied(recheck).reason(), v1::Denial::REASON_NO_CREDENTIAL);
}

// covers: ACE-TOK-5, ACE-POP-5
TEST_F(StoredTokenTest, ARecheckTakesTheClientIdentifierFromNobody) {
  const std::string token = Token(client_);
  Granted(WithExporter(token, client_));
  Granted(RecheckOf(token));
  Granted(StoredWithChallenge(client_));
  Granted(WithExporter(Token(stranger_), stranger_));
  Granted(RecheckOf(token));
  Granted(StoredWithChallenge(stranger_));
}

// covers: ACE-TOK-7, ACE-CON-5
TEST_F(StoredTokenTest, AProvenTokenReplacesANewerOneOfAnother) {
  TokenOptions options;
  options.subject = "mallory";
  options.issued_at = kNow;
  Post(Token(client_, options));
  Granted(WithExporter(Token(client_), client_));
  EXPECT_EQ(Granted(Known(Anonymous(false), client_)).subject(), "alice");
}

// covers: ACE-POP-5
TEST_F(StoredTokenTest, AClientIdGoesToWhoProvedATokenLast) {
  Granted(WithExporter(Token(client_), client_));
  Granted(WithExporter(Token(stranger_), stranger_));
  EXPECT_EQ(Denied(StoredWithChallenge(client_)).reason(),
            v1::Denial::REASON_PROOF_INVALID);
  Granted(StoredWithChallenge(stranger_));
  // A failed proof moves nothing.
  Denied(WithExporter(Token(client_), stranger_));
  Granted(StoredWithChallenge(stranger_));
}

// covers: ACE-POP-5, ACE-EXP-1
TEST_F(StoredTokenTest, TheStoredTokenIsVerifiedAnew) {
  Granted(WithExporter(Token(client_), client_));
  EXPECT_EQ(Denied(Stored(), kExpiry).reason(),
            v1::Denial::REASON_NO_CREDENTIAL);
  // Another issuer's keys now: what was good is good no more.
  const TestIssuer other;
  const Authenticator reloaded(other.Verifier(), {}, store_, facts_, managed_);
  const auto asked = reloaded.Authenticate(Stored(), kNow);
  ASSERT_TRUE(asked.ok());
  EXPECT_EQ(asked->denial().reason(), v1::Denial::REASON_NO_CREDENTIAL);
  const auto proven = reloaded.Authenticate(StoredWithChallenge(client_), kNow);
  ASSERT_TRUE(proven.ok());
  EXPECT_EQ(proven->denial().reason(), v1::Denial::REASON_TOKEN_INVALID);
}

// covers: ACE-TOK-3, ACE-POP-5, ACE-AUTH-3
TEST_F(StoredTokenTest, AStoredTokenIsTakenWithinTheLeewayLikeAnyOther) {
  constexpr absl::Duration kLeeway = absl::Seconds(30);
  ace::TokenVerifier::Options options = issuer_.Verifier().options();
  options.clock_skew = kLeeway;
  const Authenticator authenticator(*ace::TokenVerifier::Create(options), {},
                                    store_, facts_, managed_);
  const auto ask = [&](const v1::AuthenticateRequest& request, absl::Time now) {
    const auto answer = authenticator.Authenticate(request, now);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.value_or(v1::AuthenticateResponse());
  };
  const v1::AuthenticateRequest with_token =
      WithExporter(Token(client_), client_);
  const int64_t exp = absl::ToUnixSeconds(kExpiry);
  EXPECT_EQ(ask(with_token, kNow).grant().expires_at().seconds(), exp);
  const absl::Time last = kExpiry + kLeeway - absl::Seconds(1);
  EXPECT_TRUE(ask(Stored(), last).has_challenge_required());
  const v1::AuthenticateRequest kRequests[] = {
      StoredWithChallenge(client_),
      Known(Anonymous(false), client_),
      with_token,
  };
  for (const v1::AuthenticateRequest& request : kRequests) {
    EXPECT_EQ(ask(request, last).grant().expires_at().seconds(), exp + 30);
  }
  for (const v1::AuthenticateRequest& request : kRequests) {
    EXPECT_TRUE(ask(request, kExpiry + kLeeway).has_denial());
  }
}

// covers: ACE-POP-5
TEST_F(StoredTokenTest, TheCertificatesKeyComesBeforeTheClientId) {
  Granted(WithExporter(Token(stranger_), stranger_));
  Post(Token(client_));
  EXPECT_TRUE(Ask(Known(Stored(), client_)).has_challenge_required());
  Granted(Known(StoredWithChallenge(client_), client_));
  // A key that no token is bound to is not made up for by a Client Identifier.
  const ace::SigningKey nobody = NewKey(ace::Algorithm::kEs256);
  EXPECT_EQ(Denied(Known(Stored(), nobody)).reason(),
            v1::Denial::REASON_NO_CREDENTIAL);
}

// covers: ACE-POP-5
TEST_F(StoredTokenTest, ACertificateWithoutAKeyOfOursSaysNothing) {
  Granted(WithExporter(Token(client_), client_));
  v1::AuthenticateRequest request = Stored();
  request.mutable_connection()->set_client_certificate("not even DER");
  EXPECT_TRUE(Ask(request).has_challenge_required());
}

// covers: ACE-AUTH-3
TEST_F(StoredTokenTest, ACertificateSelectsTheTokenOfItsKey) {
  for (const ace::Algorithm algorithm :
       {ace::Algorithm::kEdDsa, ace::Algorithm::kEs256}) {
    const ace::SigningKey key = NewKey(algorithm);
    Post(Token(key));
    const v1::Grant grant = Granted(Known(Anonymous(false), key));
    EXPECT_EQ(grant.subject(), "alice");
    EXPECT_THAT(PermissionsOf(grant), ElementsAre("a/# pub sub", "b pub"));
    EXPECT_EQ(grant.expires_at().seconds(), absl::ToUnixSeconds(kExpiry));
  }
}

// covers: ACE-AUTH-3, ACE-TOK-4
TEST_F(StoredTokenTest, ACertificateSelectsTheTokenOfItsHash) {
  Post(Token(client_, BoundToCertificate(client_)));
  EXPECT_EQ(Granted(Known(Anonymous(false), client_)).subject(), "alice");
  EXPECT_EQ(Denied(Known(Anonymous(false), stranger_)).reason(),
            v1::Denial::REASON_NO_CREDENTIAL);
}

// covers: ACE-AUTH-3
TEST_F(StoredTokenTest, ATokenOfItsKeyThatIsGoodNoMoreHidesNoneOfItsHash) {
  PostGoodNoMore(client_);
  EXPECT_EQ(Granted(Known(Anonymous(true), client_)).subject(), "");
  Post(Token(client_, BoundToCertificate(client_)));
  EXPECT_EQ(Granted(Known(Anonymous(true), client_)).subject(), "alice");
}

// covers: ACE-AUTH-3
TEST_F(StoredTokenTest, WithoutATokenACertificateIsAnonymous) {
  Post(Token(client_));
  const v1::AuthenticateRequest kRequests[] = {
      Known(Anonymous(true), stranger_),
      Anonymous(true),
  };
  for (const v1::AuthenticateRequest& request : kRequests) {
    const v1::Grant grant = Granted(request);
    EXPECT_EQ(grant.subject(), "");
    EXPECT_THAT(PermissionsOf(grant), IsEmpty());
  }
  // The stored token has expired, or its issuer is gone.
  EXPECT_EQ(Granted(Known(Anonymous(true), client_), kExpiry).subject(), "");
  const TestIssuer other;
  const auto answer =
      Authenticator(other.Verifier(), {}, store_, facts_, managed_)
          .Authenticate(Known(Anonymous(true), client_), kNow);
  ASSERT_TRUE(answer.ok() && answer->has_grant());
  EXPECT_EQ(answer->grant().subject(), "");
}

// covers: ACE-AUTH-3
TEST_F(StoredTokenTest, AReferenceThatHasBecomeAnothersCountsForNothing) {
  // What an authorization server says that the reference stands for.
  const auto token_of = [this](const ace::SigningKey& key) {
    const auto token = issuer_.Verifier().Verify(AsBytes(Token(key)), kNow);
    EXPECT_TRUE(token.ok()) << token.status();
    ReferenceAnswers references(true);
    EXPECT_FALSE(references.Find("opaque").ok());
    references.Add(ResolvedReference{*token});
    return references;
  };
  ReferenceAnswers own = token_of(client_);
  ReferenceAnswers anothers = token_of(stranger_);
  const auto stored = Make().StoreToken(Posted("opaque"), kNow, &own);
  ASSERT_TRUE(stored.ok() && stored->has_stored());
  const v1::AuthenticateRequest known = Known(Anonymous(true), client_);
  const auto before = Make().Authenticate(known, kNow, &own);
  ASSERT_TRUE(before.ok() && before->has_grant());
  EXPECT_EQ(before->grant().subject(), "alice");
  const auto after = Make().Authenticate(known, kNow, &anothers);
  ASSERT_TRUE(after.ok() && after->has_grant());
  EXPECT_EQ(after->grant().subject(), "");
}

// covers: ACE-AUTH-4
TEST_F(StoredTokenTest, ATokenOverridesWhatTheCertificateSelects) {
  Post(Token(client_));
  TokenOptions options;
  options.subject = "bob";
  const std::string token = Token(stranger_, options);
  EXPECT_EQ(Granted(Known(WithExporter(token, stranger_), client_)).subject(),
            "bob");
  EXPECT_EQ(Denied(Known(WithExporter(token, client_), client_)).reason(),
            v1::Denial::REASON_PROOF_INVALID);
}

// covers: ACE-AUTH-4, ACE-TOK-4
TEST_F(StoredTokenTest, TheHandshakeProvesATokenOfTheCertificate) {
  const std::string token = Token(client_, BoundToCertificate(client_));
  Granted(Known(WithExporter(token, client_), client_));
  for (const v1::AuthenticateRequest& request :
       {WithExporter(token, client_),
        Known(WithExporter(token, client_), stranger_)}) {
    EXPECT_EQ(Denied(request).reason(), v1::Denial::REASON_PROOF_INVALID);
  }
}

// covers: ACE-TOK-8, ACE-AZI-3
TEST_F(StoredTokenTest, AnExiTokenLivesFromWhenItIsFirstSeen) {
  TokenOptions options;
  options.lifetime = absl::Minutes(10);
  const std::string token = Token(client_, options);
  const v1::Grant grant = Granted(WithExporter(token, client_));
  EXPECT_EQ(grant.expires_at().seconds(),
            absl::ToUnixSeconds(kNow + absl::Minutes(10)));
  // Neither later use nor another way revives it.
  EXPECT_EQ(Granted(WithChallenge(token, client_), kNow + absl::Minutes(9))
                .expires_at()
                .seconds(),
            grant.expires_at().seconds());
  // It is stored for as long.
  const auto stored = store_->Find(client_.jwk().Thumbprint(), kNow);
  ASSERT_TRUE(stored.ok() && stored->has_value());
  EXPECT_EQ((*stored)->expires_at, kNow + absl::Minutes(10));
  for (const absl::Duration age : {absl::Minutes(10), absl::Hours(10'000)}) {
    EXPECT_EQ(Denied(WithExporter(token, client_), kNow + age).reason(),
              v1::Denial::REASON_TOKEN_EXPIRED);
  }
  options.token_id = "token-2";
  Granted(WithExporter(Token(client_, options), client_),
          kNow + absl::Hours(10'000));
}

// covers: ACE-TOK-3, ACE-TOK-8
TEST_F(StoredTokenTest, AnExiTokenIsNotSeenAnewWithinTheLeewayOfItsExp) {
  ace::TokenVerifier::Options options = issuer_.Verifier().options();
  options.clock_skew = absl::Seconds(30);
  const Authenticator authenticator(*ace::TokenVerifier::Create(options), {},
                                    store_, facts_, managed_);
  TokenOptions both;
  both.lifetime = absl::Minutes(10);
  both.exp_too = true;
  const v1::AuthenticateRequest request =
      WithExporter(Token(client_, both), client_);
  const auto first = authenticator.Authenticate(request, kNow);
  ASSERT_TRUE(first.ok() && first->has_grant());
  EXPECT_EQ(first->grant().expires_at().seconds(),
            absl::ToUnixSeconds(kNow + absl::Minutes(10)));
  const auto later =
      authenticator.Authenticate(request, kExpiry + absl::Seconds(10));
  ASSERT_TRUE(later.ok()) << later.status();
  EXPECT_EQ(later->denial().reason(), v1::Denial::REASON_TOKEN_EXPIRED);
}

// covers: ACE-TOK-8
TEST_F(StoredTokenTest, ATokenIsSeenByItsIssuerAndIdWhateverElseItSays) {
  const std::string kAnother = "https://another.example";
  const Authenticator authenticator(issuer_.VerifierWith(kAnother), {}, store_,
                                    facts_, managed_);
  TokenOptions options;
  options.lifetime = absl::Minutes(10);
  const auto expired = [&](absl::Time now) {
    const auto answer = authenticator.Authenticate(
        WithExporter(Token(client_, options), client_), now);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() &&
           answer->denial().reason() == v1::Denial::REASON_TOKEN_EXPIRED;
  };
  EXPECT_FALSE(expired(kNow));
  const absl::Time later = kNow + absl::Minutes(10);
  options.issued_at = later;
  options.lifetime = absl::Minutes(5);
  EXPECT_TRUE(expired(later));
  options.issuer = kAnother;
  EXPECT_FALSE(expired(later));
}

// covers: ACE-TOK-8
TEST_F(StoredTokenTest, APostedExiTokenHasBeenSeen) {
  TokenOptions options;
  options.lifetime = absl::Minutes(10);
  const std::string token = Token(client_, options);
  Post(token);
  EXPECT_EQ(
      Denied(WithExporter(token, client_), kNow + absl::Minutes(10)).reason(),
      v1::Denial::REASON_TOKEN_EXPIRED);
}

}  // namespace
}  // namespace sluice::policy
