// draft-ietf-ace-mqtt-tls-profile-01, and what keeps it apart from RFC 9431.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/cbor_writer.h"
#include "policy/ace/cose_key.h"
#include "policy/ace/cose_sign.h"
#include "policy/service/draft01_proof.h"
#include "policy/service/reference_answers.h"
#include "test/policy/service/authenticator_harness.h"

namespace sluice::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kPayload(
    "\0\x08"
    "client-1",
    10);

// Two bytes of length, and the bytes.
std::string Prefixed(const std::string& bytes) {
  return std::string({static_cast<char>(bytes.size() >> 8),
                      static_cast<char>(bytes.size() & 0xFF)}) +
         bytes;
}

class Draft01Test : public AuthenticatorHarness {
 protected:
  Draft01Test() { profile_ = ace::Profile::kDraft01; }

  // A token of draft-01.
  std::string DraftToken(const ace::SigningKey& key,
                         const std::string& token_id = "token-1") {
    TokenOptions options;
    options.raw_scope = "publish_a/# subscribe_a/# publish_b";
    options.token_id = token_id;
    return Token(key, options);
  }

  static v1::AuthenticateRequest WithData(const std::string& token,
                                          const std::string& data) {
    v1::AuthenticateRequest request = Request();
    request.mutable_token()->set_token(token);
    request.mutable_token()->set_connect_payload(kPayload);
    request.mutable_token()->mutable_exporter()->add_exporter_content(kContent);
    request.mutable_token()->mutable_exporter()->set_proof(data);
    return request;
  }
  static v1::AuthenticateRequest WithNonce(const std::string& token,
                                           const ace::SigningKey& key,
                                           const std::string& nonce = "nonce") {
    return WithData(token, Prefixed(nonce) + Sign(key, nonce));
  }
  static v1::AuthenticateRequest OverPayload(const std::string& token,
                                             const ace::SigningKey& key) {
    return WithData(token, Prefixed("") + Sign(key, kPayload));
  }
  static v1::AuthenticateRequest OneSided(const std::string& token,
                                          const ace::SigningKey& key) {
    v1::AuthenticateRequest request = Request();
    request.mutable_token()->set_token(token);
    v1::ChallengeProof* proof = request.mutable_token()->mutable_challenge();
    proof->set_server_nonce("server-n");
    proof->set_answer(Sign(key, "server-n"));
    return request;
  }
  static v1::AuthenticateRequest UserName(const std::string& user_name,
                                          const ace::SigningKey& key) {
    v1::AuthenticateRequest request = Request();
    request.mutable_connection()->set_protocol_version(
        v1::PROTOCOL_VERSION_MQTT_3_1_1);
    request.mutable_token()->set_token(user_name);
    request.mutable_token()->set_connect_payload(kPayload);
    request.mutable_token()->mutable_payload()->set_proof(Sign(key, kPayload));
    return request;
  }

  v1::Denial::Reason Reason(const v1::AuthenticateRequest& request) {
    return Denied(request).reason();
  }

  // With an issuer that signs CWTs with `server`.
  Authenticator WithCwtServer(const ace::SigningKey& server) const {
    ace::Issuer issuer;
    issuer.name = "cwt-server";
    issuer.profile = profile_;
    issuer.keys = *ace::JwkSet::Parse(
        absl::StrCat(R"({"keys":[)", server.jwk().ToJson(), "]}"));
    ace::TokenVerifier::Options options;
    options.audience = "broker";
    options.issuers = {issuer};
    return Authenticator(*ace::TokenVerifier::Create(options), {}, store_,
                         facts_, managed_);
  }

  // What that issuer says of client_, without a `cti`.
  std::string CwtClaims() const {
    ace::CborWriter confirmation;
    confirmation.Map(1).Integer(1).Encoded(ace::EncodeCoseKey(client_.jwk()));
    ace::CborWriter claims;  // RFC 8392 section 4, RFC 8747, RFC 9200
    claims.Map(5)
        .Integer(1)
        .Text("cwt-server")
        .Integer(3)
        .Text("broker")
        .Integer(4)
        .Integer(absl::ToUnixSeconds(kExpiry))
        .Integer(8)
        .Encoded(confirmation.bytes())
        .Integer(9)
        .Text("publish_a");
    return claims.bytes();
  }
};

// covers: ACE-D01-1, ACE-D01-2, ACE-D01-3, ACE-D01-4
TEST_F(Draft01Test, EveryProofIsTakenWithEveryKindOfKey) {
  for (const ace::Algorithm algorithm :
       {ace::Algorithm::kEdDsa, ace::Algorithm::kEs256,
        ace::Algorithm::kHs256}) {
    const ace::SigningKey key = NewKey(algorithm);
    SCOPED_TRACE(ace::AlgorithmName(algorithm));
    int number = 0;
    const auto token = [&] {
      return DraftToken(key, "token-" + std::to_string(++number));
    };
    for (const v1::AuthenticateRequest& request :
         {WithNonce(token(), key), OverPayload(token(), key),
          OneSided(token(), key), UserName(token(), key)}) {
      const v1::Grant grant = Granted(request);
      EXPECT_EQ(grant.subject(), "alice");
      EXPECT_THAT(PermissionsOf(grant),
                  ElementsAre("a/# pub", "a/# sub", "b pub"));
    }
  }
}

// covers: ACE-D01-2, ACE-D01-3, ACE-D01-4
TEST_F(Draft01Test, WrongProofsAreDenied) {
  const std::string token = DraftToken(client_);
  v1::AuthenticateRequest other_payload = OverPayload(token, client_);
  other_payload.mutable_token()->set_connect_payload(Prefixed("client-2"));
  v1::AuthenticateRequest no_payload = OverPayload(token, client_);
  no_payload.mutable_token()->clear_connect_payload();
  v1::AuthenticateRequest nonce_again = WithNonce(token, client_);
  nonce_again.mutable_token()->clear_connect_payload();
  v1::AuthenticateRequest short_challenge = OneSided(token, client_);
  short_challenge.mutable_token()->mutable_challenge()->set_server_nonce("s");
  v1::AuthenticateRequest v5_payload = UserName(token, client_);
  v5_payload.mutable_connection()->set_protocol_version(
      v1::PROTOCOL_VERSION_MQTT_5_0);
  v1::AuthenticateRequest bare_payload = UserName(token, client_);
  bare_payload.mutable_token()->clear_connect_payload();
  bare_payload.mutable_token()->mutable_payload()->set_proof(Sign(client_, ""));
  const v1::AuthenticateRequest kRequests[] = {
      WithNonce(token, stranger_),
      OverPayload(token, stranger_),
      OneSided(token, stranger_),
      UserName(token, stranger_),
      WithData(token, ""),
      WithData(token, std::string(1, '\0')),
      WithData(token, Prefixed("")),
      WithData(token, Prefixed("nonce")),
      WithData(token, "\xff\xff" + Sign(client_, "nonce")),
      WithData(token, Prefixed("nonce") + Sign(client_, "other")),
      WithData(token, Prefixed("nonce") + Sign(client_, "nonce") + "x"),
      other_payload,
      no_payload,
      nonce_again,
      short_challenge,
      v5_payload,
      bare_payload,
  };
  for (const v1::AuthenticateRequest& request : kRequests) {
    EXPECT_EQ(Reason(request), v1::Denial::REASON_PROOF_INVALID);
  }
  EXPECT_EQ(StoredTokens(), 0u);
}

// covers: ACE-D01-2
TEST_F(Draft01Test, AProofIsTakenOnceInTheLifeOfItsToken) {
  const std::string token = DraftToken(client_);
  const v1::AuthenticateRequest request = WithNonce(token, client_);
  Granted(request);
  EXPECT_THAT(Denied(request).detail(), HasSubstr("used before"));
  EXPECT_EQ(Denied(request, kExpiry - absl::Seconds(1)).reason(),
            v1::Denial::REASON_PROOF_INVALID);
  // Another nonce, or another token, is another proof.
  Granted(WithNonce(token, client_, "another"));
  Granted(WithNonce(DraftToken(client_, "token-2"), client_));
}

// covers: ACE-D01-2, ACE-TOK-3
TEST_F(Draft01Test, AProofIsNotForgottenWithinTheLeeway) {
  ace::TokenVerifier::Options options = issuer_.Verifier(profile_).options();
  options.clock_skew = absl::Seconds(30);
  const Authenticator authenticator(*ace::TokenVerifier::Create(options), {},
                                    store_, facts_, managed_);
  const v1::AuthenticateRequest request =
      WithNonce(DraftToken(client_), client_);
  const auto first = authenticator.Authenticate(request, kNow);
  ASSERT_TRUE(first.ok() && first->has_grant());
  const auto again =
      authenticator.Authenticate(request, kExpiry + absl::Seconds(10));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(again->denial().detail(), HasSubstr("used before"));
}

// covers: ACE-D01-2
TEST_F(Draft01Test, AProofIsNotForgottenWhereTheTokensEndIsNotKnown) {
  absl::StatusOr<ace::VerifiedToken> token =
      issuer_.Verifier(profile_).Verify(AsBytes(DraftToken(client_)), kNow);
  ASSERT_TRUE(token.ok()) << token.status();
  token->may_outlive_grant = true;
  const auto answer = [&](absl::Time now) {
    // What an authorization server said at that time.
    ResolvedReference resolved{*token};
    resolved.token.expires_at = now + absl::Minutes(1);
    ReferenceAnswers references(true);
    EXPECT_FALSE(references.Find("opaque").ok());
    references.Add(resolved);
    return Make().Authenticate(WithNonce("opaque", client_), now, &references);
  };
  EXPECT_TRUE(answer(kNow)->has_grant());
  const absl::Time later = kNow + absl::Hours(24);
  EXPECT_THAT(answer(later)->denial().detail(), HasSubstr("used before"));
}

// covers: ACE-D01-2, ACE-D01-4
TEST_F(Draft01Test, AProofOfOneModeIsNotTakenAgainInAnother) {
  const std::string token = DraftToken(client_);
  Granted(OneSided(token, client_));
  EXPECT_EQ(Reason(WithNonce(token, client_, "server-n")),
            v1::Denial::REASON_PROOF_INVALID);
  Granted(UserName(token, client_));
  EXPECT_EQ(Reason(OverPayload(token, client_)),
            v1::Denial::REASON_PROOF_INVALID);
  EXPECT_EQ(Reason(WithNonce(token, client_, kPayload)),
            v1::Denial::REASON_PROOF_INVALID);
}

// covers: ACE-D01-2
TEST_F(Draft01Test, AnEcdsaProofCountsByWhatNobodyElseCanChange) {
  const ace::SigningKey key = NewKey(ace::Algorithm::kEs256);
  const std::string token = DraftToken(key);
  const auto verified = issuer_.Verifier(profile_).Verify(AsBytes(token), kNow);
  ASSERT_TRUE(verified.ok()) << verified.status();
  const std::string r(32, 'r'), s(32, 's'), t(32, 't');
  EXPECT_EQ(NameOfProof(*verified, AsBytes(r + s)),
            NameOfProof(*verified, AsBytes(r + t)));
  EXPECT_NE(NameOfProof(*verified, AsBytes(r + s)),
            NameOfProof(*verified, AsBytes(t + s)));
}

// covers: ACE-D01-2
TEST_F(Draft01Test, TokensWithoutAnIdCountByWhatTheySay) {
  const ace::SigningKey key = NewKey(ace::Algorithm::kEdDsa);
  const std::string token = DraftToken(key, "");
  TokenOptions options;
  options.raw_scope = "publish_c";
  options.token_id = "";
  const std::string other = Token(key, options);
  Granted(OverPayload(token, key));
  EXPECT_THAT(Denied(OverPayload(token, key)).detail(),
              HasSubstr("used before"));
  Granted(OverPayload(other, key));
  EXPECT_THAT(Denied(OverPayload(other, key)).detail(),
              HasSubstr("used before"));
}

// covers: ACE-D01-2
TEST_F(Draft01Test, ReferencesWithoutAnIdCountByThemselves) {
  absl::StatusOr<ace::VerifiedToken> token =
      issuer_.Verifier(profile_).Verify(AsBytes(DraftToken(client_, "")), kNow);
  ASSERT_TRUE(token.ok()) << token.status();
  const auto answer = [&](const std::string& reference) {
    ReferenceAnswers references(true);
    EXPECT_FALSE(references.Find(reference).ok());
    references.Add(ResolvedReference{*token});
    return Make().Authenticate(OverPayload(reference, client_), kNow,
                               &references);
  };
  EXPECT_TRUE(answer("opaque-1")->has_grant());
  EXPECT_THAT(answer("opaque-1")->denial().detail(), HasSubstr("used before"));
  EXPECT_TRUE(answer("opaque-2")->has_grant());
}

// Who sees a CWT can change its header that is not protected, its tag and its
// encoding in a User Name.
// covers: ACE-D01-2
TEST_F(Draft01Test, ATokenWithoutAnIdIsTheSameInAnotherEnvelope) {
  const ace::SigningKey server = NewKey(ace::Algorithm::kEdDsa);
  const Authenticator authenticator = WithCwtServer(server);
  const std::string token = *ace::SignCwt(server, CwtClaims());
  ASSERT_EQ(token.substr(1, 1), "\x84");
  const auto answer =
      authenticator.Authenticate(OverPayload(token, client_), kNow);
  ASSERT_TRUE(answer.ok() && answer->has_grant());
  const auto again =
      authenticator.Authenticate(OverPayload(token.substr(1), client_), kNow);
  ASSERT_TRUE(again.ok());
  EXPECT_THAT(again->denial().detail(), HasSubstr("used before"));
}

// covers: ACE-D01-2
TEST_F(Draft01Test, WhereNoProofCanBeRememberedNoneIsTaken) {
  FactLimits limits;
  limits.max_facts = 1;
  const Authenticator authenticator(issuer_.Verifier(profile_), {}, store_,
                                    std::make_shared<MemoryFactStore>(limits),
                                    managed_);
  const std::string token = DraftToken(client_);
  ASSERT_TRUE(authenticator.Authenticate(WithNonce(token, client_), kNow).ok());
  EXPECT_EQ(authenticator.Authenticate(WithNonce(token, client_, "2"), kNow)
                .status()
                .code(),
            absl::StatusCode::kResourceExhausted);
}

// covers: ACE-D01-7
TEST_F(Draft01Test, ProofsOfTheRfcAreNotTakenForItsTokens) {
  const std::string token = DraftToken(client_);
  v1::AuthenticateRequest exporter = WithExporter(token, client_);
  exporter.mutable_token()->set_connect_payload(kPayload);
  for (const v1::AuthenticateRequest& request :
       {exporter, WithExporter(token, client_),
        WithChallenge(token, client_)}) {
    EXPECT_EQ(Reason(request), v1::Denial::REASON_PROOF_INVALID);
  }
}

// covers: ACE-D01-7
TEST_F(Draft01Test, ItsProofsAreNotTakenForTokensOfTheRfc) {
  profile_ = ace::Profile::kRfc9431;
  for (const ace::Algorithm algorithm :
       {ace::Algorithm::kEdDsa, ace::Algorithm::kEs256,
        ace::Algorithm::kHs256}) {
    const ace::SigningKey key = NewKey(algorithm);
    const std::string token = Token(key);
    for (const v1::AuthenticateRequest& request :
         {WithNonce(token, key), OverPayload(token, key), OneSided(token, key),
          UserName(token, key), WithNonce(token, key, kContent)}) {
      EXPECT_EQ(Reason(request), v1::Denial::REASON_PROOF_INVALID);
    }
  }
  EXPECT_EQ(StoredTokens(), 0u);
}

// covers: ACE-D01-5
TEST_F(Draft01Test, SessionsThatOutliveTheConnectionAreDenied) {
  const std::string token = DraftToken(client_);
  v1::AuthenticateRequest resuming = WithNonce(token, client_);
  resuming.mutable_connection()->set_clean_start(false);
  v1::AuthenticateRequest lasting = WithNonce(token, client_);
  lasting.mutable_connection()->set_session_expiry_interval(1);
  for (const v1::AuthenticateRequest& request : {resuming, lasting}) {
    const v1::Denial denial = Denied(request);
    EXPECT_EQ(denial.reason(), v1::Denial::REASON_TOKEN_INVALID);
    EXPECT_THAT(denial.detail(), HasSubstr("Clean Start"));
  }
  // The proof is not used up.
  Granted(WithNonce(token, client_));
  v1::AuthenticateRequest known = Anonymous(true);
  known.mutable_connection()->set_client_certificate(CertificateOf(client_));
  Granted(known);
  known.mutable_connection()->set_clean_start(false);
  EXPECT_EQ(Reason(known), v1::Denial::REASON_TOKEN_INVALID);
  // Tokens of the RFC have no such rule.
  profile_ = ace::Profile::kRfc9431;
  v1::AuthenticateRequest of_the_rfc = WithExporter(Token(client_), client_);
  of_the_rfc.mutable_connection()->set_clean_start(false);
  Granted(of_the_rfc);
}

// covers: ACE-D01-6, ACE-POP-5
TEST_F(Draft01Test, AStoredTokenIsNotChallengedFor) {
  Granted(WithNonce(DraftToken(client_), client_));
  v1::AuthenticateRequest known = Stored();
  known.mutable_connection()->set_client_certificate(CertificateOf(client_));
  v1::AuthenticateRequest answered = Stored();
  *answered.mutable_stored_token()->mutable_challenge() =
      OneSided("", client_).token().challenge();
  for (const v1::AuthenticateRequest& request :
       {Stored(), known, answered, StoredWithChallenge(client_)}) {
    EXPECT_EQ(Reason(request), v1::Denial::REASON_NO_CREDENTIAL);
  }
}

// covers: ACE-D01-4
TEST_F(Draft01Test, AUserNameIsWantedOnlyWhereItMayBeAToken) {
  v1::AuthenticateRequest request = Anonymous(true);
  EXPECT_TRUE(Ask(request).has_grant());
  request.mutable_anonymous()->set_has_user_name(true);
  EXPECT_TRUE(Ask(request).has_user_name_wanted());
  profile_ = ace::Profile::kRfc9431;
  EXPECT_TRUE(Ask(request).has_grant());
}

// covers: ACE-AUTH-4, ACE-D01-4
TEST_F(Draft01Test, AUserNameIsWantedOfAClientThatTlsKnowsToo) {
  Granted(WithNonce(DraftToken(client_), client_));
  v1::AuthenticateRequest known = Anonymous(true);
  known.mutable_connection()->set_client_certificate(CertificateOf(client_));
  EXPECT_EQ(Granted(known).token_id(), "token-1");
  known.mutable_anonymous()->set_has_user_name(true);
  EXPECT_TRUE(Ask(known).has_user_name_wanted());
}

// covers: ACE-D01-4
TEST_F(Draft01Test, AUserNameThatIsNoTokenIsDenied) {
  EXPECT_EQ(Reason(UserName("somebody", client_)),
            v1::Denial::REASON_TOKEN_UNPARSABLE);
}

// covers: ACE-D01-4
TEST_F(Draft01Test, OnlyACwtInBase64IsDecoded) {
  // A COSE_Sign1 by its tag.
  const std::string cwt("\xd2\x84\x43\xff\xfe\xfb\xa0\x40\x40", 9);
  EXPECT_EQ(TokenOfUserName(absl::Base64Escape(cwt)), cwt);
  EXPECT_EQ(TokenOfUserName(absl::WebSafeBase64Escape(cwt)), cwt);
  for (const char* other : {"", "somebody", "a.b.c", "####"}) {
    EXPECT_EQ(TokenOfUserName(other), other);
  }
  // The last only begins like one.
  for (const char* other : {"plain text", "\x84= plain text"}) {
    EXPECT_EQ(TokenOfUserName(absl::Base64Escape(other)),
              absl::Base64Escape(other));
  }
}

// covers: ACE-D01-4, ACE-TOK-5
TEST_F(Draft01Test, ACwtThatCameAsAUserNameIsRechecked) {
  const ace::SigningKey server = NewKey(ace::Algorithm::kEdDsa);
  const Authenticator authenticator = WithCwtServer(server);
  const std::string token =
      absl::Base64Escape(*ace::SignCwt(server, CwtClaims()));
  const auto granted = [&](const v1::AuthenticateRequest& request) {
    const auto answer = authenticator.Authenticate(request, kNow);
    EXPECT_TRUE(answer.ok() && answer->has_grant());
    return answer.ok() && answer->has_grant();
  };
  ASSERT_TRUE(granted(UserName(token, client_)));
  v1::AuthenticateRequest recheck = UserName(token, client_);
  recheck.mutable_recheck()->set_token(token);
  EXPECT_TRUE(granted(recheck));
}

}  // namespace
}  // namespace sluice::policy
