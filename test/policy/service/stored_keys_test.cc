// Tokens that are bound to a key by its name alone, once the key is known from
// another token.
#include "policy/service/stored_keys.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "policy/ace/jwk.h"
#include "test/policy/service/authenticator_harness.h"

namespace sluice::policy {
namespace {

constexpr char kOther[] = "https://other.example";

class StoredKeysTest : public AuthenticatorHarness {
 protected:
  static TokenOptions Named(const std::string& kid, bool alone = false) {
    TokenOptions options;
    options.kid = kid;
    options.kid_alone = alone;
    return options;
  }
  // A token that names its key, and holds none.
  std::string ByName(const std::string& kid,
                     const std::string& issuer = "https://as.example") {
    TokenOptions options = Named(kid, /*alone=*/true);
    options.token_id = "by-name";
    options.issuer = issuer;
    return Token(client_, options);
  }
  // A token of another subject's, for a key of that name; without a name where
  // it is nobody's.
  static TokenOptions Of(const std::string& subject, const std::string& kid,
                         bool alone = false) {
    TokenOptions options = Named(kid, alone);
    options.subject = subject;
    return options;
  }

  const StoredKeys keys_{store_};
};

ace::PopKey PopKeyOf(const ace::SigningKey& key, const std::string& kid) {
  return ace::PopKey::FromJwk(key.jwk().WithKid(kid)).value();
}

TEST_F(StoredKeysTest, KeepsEveryKindOfKeyUnderAnyName) {
  const std::string kid("\0\xff\"", 3);
  for (const ace::Algorithm algorithm :
       {ace::Algorithm::kEdDsa, ace::Algorithm::kEs256,
        ace::Algorithm::kHs256}) {
    const ace::PopKey key = PopKeyOf(NewKey(algorithm), kid);
    TokenRecord record{key.thumbprint(), "token", kExpiry};
    KeepKey(key, kNow, &record);
    EXPECT_EQ(record.kid, kid);
    const absl::StatusOr<ace::PopKey> kept = KeptKey(record);
    ASSERT_TRUE(kept.ok()) << kept.status();
    EXPECT_EQ(kept->thumbprint(), key.thumbprint());
    EXPECT_EQ(kept->kid(), kid);
    // Pre-shared keys are found by it.
    EXPECT_EQ(record.named_since.has_value(),
              algorithm == ace::Algorithm::kHs256);
  }
}

TEST_F(StoredKeysTest, KeepsNoKeyWithoutAName) {
  TokenRecord record;
  KeepKey(PopKeyOf(client_, ""), kNow, &record);
  KeepKey(*ace::PopKey::FromCertificateHash(AsBytes(std::string(32, 'h'))),
          kNow, &record);
  EXPECT_EQ(record.kid, "");
  EXPECT_EQ(record.key, "");
}

TEST_F(StoredKeysTest, ADamagedKeyIsAnErrorAndNotAnUnknownName) {
  const ace::PopKey key = PopKeyOf(client_, "kid");
  TokenRecord record{key.thumbprint(), "token", kExpiry, "",
                     TokenOptions().issuer};
  record.subject = TokenOptions().subject;
  KeepKey(key, kNow, &record);
  record.binding = "another key's";
  ASSERT_TRUE(store_->Put(record, kNow).ok());
  const auto answer =
      Make().Authenticate(WithExporter(ByName("kid"), client_), kNow);
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kDataLoss);
}

// covers: ACE-TOK-4
TEST_F(StoredKeysTest, AProvenTokensKeyIsKnownByItsName) {
  Granted(WithExporter(Token(client_, Named("kid")), client_));
  EXPECT_EQ(Granted(WithExporter(ByName("kid"), client_)).token_id(),
            "by-name");
  EXPECT_EQ(Denied(WithExporter(ByName("kid"), stranger_)).reason(),
            v1::Denial::REASON_PROOF_INVALID);
}

// covers: ACE-TOK-4
TEST_F(StoredKeysTest, SoIsTheSymmetricKeyOfAPostedToken) {
  const ace::SigningKey key = NewKey(ace::Algorithm::kHs256);
  // The key's own `kid` is its thumbprint.
  Post(Token(key));
  const std::string kid = key.jwk().kid();
  EXPECT_EQ(Granted(WithChallenge(ByName(kid), key)).token_id(), "by-name");
}

// covers: ACE-TOK-4, ACE-TOK-7
TEST_F(StoredKeysTest, TheKeySurvivesTheTokenThatBroughtIt) {
  Post(Token(client_, Named("kid")));
  Post(ByName("kid"));
  Granted(WithExporter(ByName("kid"), client_));
  EXPECT_EQ(Granted(StoredWithChallenge(client_)).token_id(), "by-name");
  TokenOptions later = Named("kid", /*alone=*/true);
  later.expires_at = kExpiry + absl::Hours(1);
  const absl::Time after = kExpiry + absl::Minutes(1);
  const std::string token = Token(client_, later);
  Granted(WithExporter(token, client_));
  Granted(WithExporter(token, client_), after);
  EXPECT_EQ(Denied(WithExporter(token, client_), later.expires_at).reason(),
            v1::Denial::REASON_TOKEN_INVALID);
}

// covers: ACE-TOK-4, ACE-TOK-8
TEST_F(StoredKeysTest, TheKeyOfAnExiTokenIsKnownForAsLong) {
  TokenOptions options = Named("kid");
  options.lifetime = absl::Minutes(10);
  Post(Token(client_, options));
  const absl::Time end = kNow + options.lifetime;
  const auto found = keys_.FindByKid("https://as.example", "alice", "kid",
                                     end - absl::Seconds(1));
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE(found->has_value());
  EXPECT_EQ(Denied(WithExporter(ByName("kid"), client_), end).detail(),
            "cnf.kid: the name of no known key of the subject");
}

// covers: ACE-TOK-4
TEST_F(StoredKeysTest, UnknownNamesAreRefused) {
  Post(Token(client_, Named("kid")));
  Post(Token(stranger_));
  for (const char* kid : {"other", ""}) {
    const v1::Denial denial = Denied(WithExporter(ByName(kid), client_));
    EXPECT_EQ(denial.reason(), v1::Denial::REASON_TOKEN_INVALID);
    EXPECT_EQ(denial.detail(),
              "cnf.kid: the name of no known key of the subject");
  }
}

// covers: ACE-TOK-4
TEST_F(StoredKeysTest, ANameWithTwoKeysBindsNothing) {
  Post(Token(client_, Named("kid")));
  Post(Token(stranger_, Named("kid")));
  EXPECT_EQ(Denied(WithExporter(ByName("kid"), client_)).reason(),
            v1::Denial::REASON_TOKEN_INVALID);
  EXPECT_EQ(*keys_.FindByKid("https://as.example", "alice", "kid", kNow),
            std::nullopt);
}

// covers: ACE-TOK-4
TEST_F(StoredKeysTest, AnotherSubjectsKeyOfThatNameIsNoneOfThisOne) {
  // Before the client's key is known, its name means no key, and least of all
  // that of somebody who has taken the name.
  Granted(WithExporter(Token(stranger_, Of("mallory", "kid")), stranger_));
  EXPECT_EQ(Denied(WithExporter(ByName("kid"), stranger_)).reason(),
            v1::Denial::REASON_TOKEN_INVALID);
  // Nor do others make the client's own name mean either.
  for (int i = 0; i < 10; ++i) {
    Post(Token(NewKey(ace::Algorithm::kEdDsa), Of("mallory", "kid")));
    Post(Token(NewKey(ace::Algorithm::kEdDsa), Of("", "kid")));
  }
  Post(Token(client_, Named("kid")));
  Granted(WithExporter(ByName("kid"), client_));
  EXPECT_EQ(Denied(WithExporter(ByName("kid"), stranger_)).reason(),
            v1::Denial::REASON_PROOF_INVALID);
}

// covers: ACE-TOK-4
TEST_F(StoredKeysTest, ATokenOfNobodyNamesNoKey) {
  Post(Token(client_, Of("", "kid")));
  const v1::Denial denial =
      Denied(WithExporter(Token(client_, Of("", "kid", true)), client_));
  EXPECT_EQ(denial.reason(), v1::Denial::REASON_TOKEN_INVALID);
  EXPECT_EQ(denial.detail(), "cnf.kid: a name alone needs a sub, whose it is");
}

// covers: ACE-TOK-4
TEST_F(StoredKeysTest, AnotherIssuersNameIsUnknown) {
  const Authenticator authenticator(issuer_.VerifierWith(kOther).WithKnownKeys(
                                        std::make_shared<StoredKeys>(store_)),
                                    {}, store_, facts_, managed_);
  Post(Token(client_, Named("kid")));
  const auto answer = authenticator.Authenticate(
      WithExporter(ByName("kid", kOther), client_), kNow);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->denial().reason(), v1::Denial::REASON_TOKEN_INVALID);
  const auto own =
      authenticator.Authenticate(WithExporter(ByName("kid"), client_), kNow);
  ASSERT_TRUE(own.ok()) << own.status();
  EXPECT_TRUE(own->has_grant());
}

}  // namespace
}  // namespace sluice::policy
