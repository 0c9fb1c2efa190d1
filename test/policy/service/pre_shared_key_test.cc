// Keys for TLS handshakes, and clients that have made one with such a key.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "policy/ace/base64url.h"
#include "policy/service/reference_answers.h"
#include "test/policy/service/authenticator_harness.h"

namespace sluice::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PreSharedKeyTest : public AuthenticatorHarness {
 protected:
  // A symmetric key with this name.
  static ace::SigningKey Named(absl::string_view kid) {
    const ace::SigningKey key = NewKey(ace::Algorithm::kHs256);
    return *ace::SigningKey::Parse(absl::StrReplaceAll(
        key.ToPrivateJson(), {{std::string(key.jwk().kid()), kid}}));
  }
  static std::string SecretOf(const ace::SigningKey& key) {
    return std::string(AsString(key.jwk().key().secret()));
  }
  static std::string Identity(absl::string_view kid) {
    return absl::StrCat(R"({"cnf":{"jwk":{"kty":"oct","kid":")", kid, "\"}}}");
  }

  v1::GetPreSharedKeyResponse Find(const std::string& identity,
                                   absl::Time now = kNow) {
    v1::GetPreSharedKeyRequest request;
    request.set_psk_identity(identity);
    const auto answer = Make().GetPreSharedKey(request, now);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.value_or(v1::GetPreSharedKeyResponse());
  }
  std::string WhyNone(const std::string& identity, absl::Time now = kNow) {
    const v1::GetPreSharedKeyResponse answer = Find(identity, now);
    EXPECT_TRUE(answer.has_none());
    return answer.none().detail();
  }
  // With the key that Find() has for `kid`, proven in the TLS handshake.
  v1::AuthenticateRequest Known(v1::AuthenticateRequest request,
                                absl::string_view kid) {
    const v1::GetPreSharedKeyResponse answer = Find(Identity(kid));
    EXPECT_TRUE(answer.has_key());
    request.mutable_connection()->set_psk_key_id(answer.key().key_id());
    return request;
  }
};

// covers: ACE-AUTH-3
TEST_F(PreSharedKeyTest, TheIdentityNamesTheKeyOfAStoredToken) {
  const ace::SigningKey key = Named("sensor-1");
  EXPECT_THAT(WhyNone(Identity("sensor-1")), HasSubstr("no token is stored"));
  Post(Token(key));
  const v1::GetPreSharedKeyResponse answer = Find(Identity("sensor-1"));
  EXPECT_EQ(answer.key().key(), SecretOf(key));
  EXPECT_EQ(answer.key().key_id(), key.jwk().Thumbprint());
  EXPECT_THAT(WhyNone(Identity("sensor-2")), HasSubstr("no token is stored"));
  EXPECT_THAT(WhyNone("sensor-1"), HasSubstr("PSK identity"));
  EXPECT_THAT(WhyNone(""), HasSubstr("PSK identity"));
}

// covers: ACE-AUTH-3
TEST_F(PreSharedKeyTest, JsonMayEncodeTheNameOfACoseKey) {
  const ace::SigningKey key = Named("bytes");
  Post(Token(key));
  EXPECT_EQ(Find(Identity(ace::Base64UrlEncode(AsBytes("bytes")))).key().key(),
            SecretOf(key));
  // {8: {1: {1: 4, 2: 'bytes'}}}
  EXPECT_EQ(Find("\xa1\x08\xa1\x01\xa2\x01\x04\x02\x45"
                 "bytes")
                .key()
                .key(),
            SecretOf(key));
}

// covers: ACE-AUTH-3
TEST_F(PreSharedKeyTest, ANameIsItsFirstHoldersWhileItsTokenIsInForce) {
  const ace::SigningKey key = Named("k");
  TokenOptions options;
  options.expires_at = kNow + absl::Minutes(10);
  Post(Token(key, options));
  // However many others come, of another subject or of none.
  for (int i = 0; i < 9; ++i) {
    for (const char* subject : {"mallory", ""}) {
      options.subject = subject;
      options.issued_at = kNow + absl::Minutes(1);
      options.expires_at = kNow + absl::Hours(2);
      Post(Token(Named("k"), options), kNow + absl::Minutes(1 + i));
    }
  }
  EXPECT_EQ(Find(Identity("k"), kNow + absl::Minutes(9)).key().key(),
            SecretOf(key));
  // The first of the others' has it then.
  const absl::Time after = kNow + absl::Minutes(10);
  const std::string next = Find(Identity("k"), after).key().key();
  EXPECT_NE(next, SecretOf(key));
  // The name that was lost is not given back.
  options = TokenOptions();
  options.expires_at = kNow + absl::Hours(1);
  Post(Token(key, options), after);
  EXPECT_EQ(Find(Identity("k"), after).key().key(), next);
}

// covers: ACE-AUTH-3, ACE-TOK-7
TEST_F(PreSharedKeyTest, ARenewalKeepsTheName) {
  const ace::SigningKey key = Named("k");
  TokenOptions options;
  options.expires_at = kNow + absl::Minutes(10);
  Post(Token(key, options));
  TokenOptions others;
  others.subject = "mallory";
  Post(Token(Named("k"), others), kNow + absl::Minutes(1));
  options.issued_at = kNow + absl::Minutes(2);
  options.expires_at = kNow + absl::Minutes(20);
  Post(Token(key, options), kNow + absl::Minutes(2));
  EXPECT_EQ(Find(Identity("k"), kNow + absl::Minutes(11)).key().key(),
            SecretOf(key));
  // Another key of the same subject takes over.
  const ace::SigningKey renewed = Named("k");
  options.issued_at = kNow + absl::Minutes(15);
  options.expires_at = kNow + absl::Minutes(30);
  Post(Token(renewed, options), kNow + absl::Minutes(15));
  for (const int minutes : {15, 25}) {
    EXPECT_EQ(Find(Identity("k"), kNow + absl::Minutes(minutes)).key().key(),
              SecretOf(renewed));
  }
}

// covers: ACE-AUTH-3
TEST_F(PreSharedKeyTest, WhatIsGoodNoMoreHoldsNoName) {
  PostGoodNoMore(Named("k"));
  EXPECT_THAT(WhyNone(Identity("k")), HasSubstr("good no more"));
  const ace::SigningKey key = Named("k");
  TokenOptions options;
  options.expires_at = kExpiry;
  options.subject = "bob";
  Post(Token(key, options));
  EXPECT_EQ(Find(Identity("k")).key().key(), SecretOf(key));
}

// covers: ACE-AUTH-3
TEST_F(PreSharedKeyTest, OfANameInTwoReadingsTheFirstHolderHasIt) {
  const std::string encoded = ace::Base64UrlEncode(AsBytes("text"));
  const ace::SigningKey key = Named("text");
  Post(Token(key));
  Post(Token(Named(encoded)), kNow + absl::Seconds(1));
  EXPECT_EQ(Find(Identity(encoded)).key().key(), SecretOf(key));
}

// covers: ACE-AUTH-3
TEST_F(PreSharedKeyTest, OnlySymmetricKeysAreShared) {
  const std::string kid(client_.jwk().kid());
  Post(Token(client_));
  EXPECT_THAT(WhyNone(Identity(kid)), HasSubstr("no token is stored"));
  // They do not take the name away either, however many there are.
  TokenOptions options;
  options.subject = "mallory";
  options.kid = kid;
  for (int i = 0; i < 10; ++i) {
    Post(Token(NewKey(ace::Algorithm::kEdDsa), options));
  }
  const ace::SigningKey key = Named(kid);
  Post(Token(key));
  EXPECT_EQ(Find(Identity(kid)).key().key(), SecretOf(key));
}

// covers: ACE-AUTH-3, ACE-EXP-1
TEST_F(PreSharedKeyTest, TheStoredTokenIsVerifiedAnew) {
  Post(Token(Named("k")));
  EXPECT_TRUE(Find(Identity("k")).has_key());
  EXPECT_THAT(WhyNone(Identity("k"), kExpiry), HasSubstr("no token is stored"));
  const TestIssuer other;
  v1::GetPreSharedKeyRequest request;
  request.set_psk_identity(Identity("k"));
  const auto answer =
      Authenticator(other.Verifier(), {}, store_, facts_, managed_)
          .GetPreSharedKey(request, kNow);
  ASSERT_TRUE(answer.ok());
  EXPECT_THAT(answer->none().detail(), HasSubstr("good no more"));
}

// covers: ACE-AUTH-3
TEST_F(PreSharedKeyTest, AReferenceThatHasBecomeAnothersNamesNoKey) {
  // What an authorization server says that the reference stands for.
  const auto token_of = [this](const ace::SigningKey& key) {
    const auto token = issuer_.Verifier().Verify(AsBytes(Token(key)), kNow);
    EXPECT_TRUE(token.ok()) << token.status();
    ReferenceAnswers references(true);
    EXPECT_FALSE(references.Find("opaque").ok());
    references.Add(ResolvedReference{*token});
    return references;
  };
  const ace::SigningKey key = Named("k");
  ReferenceAnswers own = token_of(key);
  ReferenceAnswers anothers = token_of(Named("k"));
  const auto stored = Make().StoreToken(Posted("opaque"), kNow, &own);
  ASSERT_TRUE(stored.ok() && stored->has_stored());
  v1::GetPreSharedKeyRequest request;
  request.set_psk_identity(Identity("k"));
  const auto before = Make().GetPreSharedKey(request, kNow, &own);
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->key().key(), SecretOf(key));
  const auto after = Make().GetPreSharedKey(request, kNow, &anothers);
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_TRUE(after->has_none());
}

// covers: ACE-AUTH-3
TEST_F(PreSharedKeyTest, TheProvenKeySelectsTheToken) {
  const ace::SigningKey key = Named("k");
  Post(Token(key));
  const v1::Grant grant = Granted(Known(Anonymous(false), "k"));
  EXPECT_EQ(grant.subject(), "alice");
  EXPECT_THAT(PermissionsOf(grant), ElementsAre("a/# pub sub", "b pub"));
  // The name may mean another key by then; the key that was proven counts.
  const v1::AuthenticateRequest request = Known(Anonymous(true), "k");
  TokenOptions options;
  options.subject = "mallory";
  Post(Token(Named("k"), options));
  EXPECT_EQ(Granted(request).subject(), "alice");
  // Its token has expired.
  EXPECT_EQ(Granted(request, kExpiry).subject(), "");
}

// covers: ACE-AUTH-4
TEST_F(PreSharedKeyTest, ATokenOverridesWhatTheKeySelects) {
  Post(Token(Named("k")));
  TokenOptions options;
  options.subject = "bob";
  const std::string token = Token(stranger_, options);
  EXPECT_EQ(Granted(Known(WithExporter(token, stranger_), "k")).subject(),
            "bob");
  EXPECT_EQ(Denied(Known(WithExporter(token, client_), "k")).reason(),
            v1::Denial::REASON_PROOF_INVALID);
}

// covers: ACE-POP-5
TEST_F(PreSharedKeyTest, TheKeyComesBeforeTheClientId) {
  Granted(WithExporter(Token(stranger_), stranger_));
  // A key that no token is bound to is not made up for by a Client Identifier.
  v1::AuthenticateRequest unbound = Stored();
  unbound.mutable_connection()->set_psk_key_id("nobody");
  EXPECT_EQ(Denied(unbound).reason(), v1::Denial::REASON_NO_CREDENTIAL);
  const ace::SigningKey key = Named("k");
  Post(Token(key));
  EXPECT_TRUE(Ask(Known(Stored(), "k")).has_challenge_required());
  Granted(Known(StoredWithChallenge(key), "k"));
  EXPECT_EQ(Denied(Known(StoredWithChallenge(stranger_), "k")).reason(),
            v1::Denial::REASON_PROOF_INVALID);
}

}  // namespace
}  // namespace sluice::policy
