// Requests with references, over gRPC: the authorization server is asked in
// between. What the authenticator decides by itself has its own tests.
#include "policy/service/policy_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/service/introspector.h"
#include "policy/service/jwks_fetcher.h"
#include "test/policy/service/authenticator_harness.h"

// covers: ACE-TOK-1, ACE-TOK-5, ACE-AZI-2

namespace sluice::policy {
namespace {

using ::testing::HasSubstr;

// Answers at once, from another thread than the test's.
class AnsweringHttpClient : public http::HttpClientInterface {
 public:
  void Send(http::HttpRequest, Callback done) override {
    ++asked;
    if (!body.has_value()) {
      done(absl::UnavailableError("no connection"));
      return;
    }
    done(http::HttpResponse{200, *body});
  }

  // Change these between calls only.
  std::optional<std::string> body;  // absent: nobody answers
  int asked = 0;
};

class PolicyServiceTest : public AuthenticatorHarness {
 protected:
  PolicyServiceTest() { Serve(WithIntrospector()); }
  ~PolicyServiceTest() override { server_->Shutdown(); }

  Deciders WithoutIntrospector() {
    Deciders deciders;
    deciders.authenticator = MakeShared();
    return deciders;
  }
  Deciders WithIntrospector() {
    Deciders deciders = WithoutIntrospector();
    IntrospectionEndpoint endpoint;
    endpoint.issuer = "https://as.example";
    endpoint.url = "https://as.example/introspect";
    deciders.introspector = std::make_shared<Introspector>(
        Introspector::Options{issuer_.Verifier(), {endpoint}}, &http_, &pool_,
        [] { return kNow; });
    return deciders;
  }
  void Serve(Deciders deciders) {
    service_ = std::make_unique<PolicyService>(
        std::move(deciders), &access_, &hub_, &pool_, [] { return kNow; });
    grpc::ServerBuilder builder;
    builder.RegisterService(service_.get());
    server_ = builder.BuildAndStart();
    stub_ = v1::PolicyService::NewStub(server_->InProcessChannel({}));
  }

  grpc::Status Call(const v1::AuthenticateRequest& request,
                    v1::AuthenticateResponse* response) {
    grpc::ClientContext context;
    return stub_->Authenticate(&context, request, response);
  }
  v1::AuthenticateResponse Answer(const v1::AuthenticateRequest& request) {
    v1::AuthenticateResponse response;
    const grpc::Status status = Call(request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  static v1::AuthenticateRequest Recheck(const std::string& token) {
    v1::AuthenticateRequest request = Request();
    request.mutable_recheck()->set_token(token);
    return request;
  }
  void Store(const v1::StoreTokenRequest& request) {
    grpc::ClientContext context;
    v1::StoreTokenResponse response;
    EXPECT_TRUE(stub_->StoreToken(&context, request, &response).ok());
    EXPECT_TRUE(response.has_stored()) << response.denial().detail();
  }
  grpc::Status GetKey(const ace::SigningKey& key,
                      v1::GetPreSharedKeyResponse* response) {
    v1::GetPreSharedKeyRequest request;
    request.set_psk_identity("{\"jwk\":{\"kty\":\"oct\",\"kid\":\"" +
                             std::string(key.jwk().kid()) + "\"}}");
    grpc::ClientContext context;
    return stub_->GetPreSharedKey(&context, request, response);
  }
  void SayActive(std::optional<absl::Time> until = kExpiry) {
    SayActiveFor(client_, until);
  }
  void SayActiveFor(const ace::SigningKey& key,
                    std::optional<absl::Time> until = kExpiry) {
    http_.body = absl::StrCat(
        R"({"active":true,"aud":"broker","sub":"alice","cnf":{"jwk":)",
        key.jwk().ToJson(), R"(},"scope":[["a/#",["pub"]]])",
        until.has_value()
            ? absl::StrCat(R"(,"exp":)", absl::ToUnixSeconds(*until))
            : "",
        "}");
  }
  void SayInactive() { http_.body = R"({"active":false})"; }

  AnsweringHttpClient http_;
  AccessControl access_{AccessControl::Reach::kThisHost, {}};
  WatchHub hub_{managed_};
  CallPool pool_{2};
  std::unique_ptr<PolicyService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::PolicyService::Stub> stub_;
};

TEST_F(PolicyServiceTest, AReferenceIsGrantedForAWhile) {
  SayActive();
  const auto answer = Answer(WithExporter("opaque", client_));
  ASSERT_TRUE(answer.has_grant()) << answer.denial().detail();
  EXPECT_EQ(answer.grant().subject(), "alice");
  EXPECT_EQ(answer.grant().issuer(), "https://as.example");
  EXPECT_EQ(answer.grant().expires_at().seconds(),
            absl::ToUnixSeconds(kExpiry));
  EXPECT_EQ(answer.grant().recheck_after().seconds(), 60);
  EXPECT_EQ(PermissionsOf(answer.grant()).size(), 1u);
}

// covers: ACE-PUB-4
TEST_F(PolicyServiceTest, ATokenWhoseEndIsNotSaidMayLastLongerThanItsGrant) {
  SayActive();
  const auto said = Answer(WithExporter("opaque", client_));
  ASSERT_TRUE(said.has_grant()) << said.denial().detail();
  EXPECT_FALSE(said.grant().token_may_last_longer());
  SayActive(/*until=*/std::nullopt);
  const auto unsaid = Answer(WithExporter("another", client_));
  ASSERT_TRUE(unsaid.has_grant()) << unsaid.denial().detail();
  EXPECT_TRUE(unsaid.grant().token_may_last_longer());
  EXPECT_TRUE(unsaid.grant().has_expires_at());
}

TEST_F(PolicyServiceTest, CountsHowItDecided) {
  SayActive();
  Answer(WithExporter("opaque", client_));
  Answer(WithExporter("opaque", stranger_));
  http_.body.reset();
  v1::AuthenticateResponse none;
  EXPECT_FALSE(Call(WithExporter("another", client_), &none).ok());
  const auto count = [this](DecisionResult result) {
    return service_->stats().count(DecisionKind::kAuthenticate, result);
  };
  EXPECT_EQ(count(DecisionResult::kGranted), 1u);
  EXPECT_EQ(count(DecisionResult::kDenied), 1u);
  EXPECT_EQ(count(DecisionResult::kError), 1u);
  EXPECT_EQ(count(DecisionResult::kContinued), 0u);
}

TEST_F(PolicyServiceTest, PossessionIsProvenAsEver) {
  SayActive();
  EXPECT_EQ(Answer(WithExporter("opaque", stranger_)).denial().reason(),
            v1::Denial::REASON_PROOF_INVALID);
}

TEST_F(PolicyServiceTest, ATokenThatSpeaksForItselfIsNotAskedAbout) {
  const std::string token = Token(client_);
  const auto answer = Answer(WithExporter(token, client_));
  ASSERT_TRUE(answer.has_grant()) << answer.denial().detail();
  EXPECT_FALSE(answer.grant().has_recheck_after());
  EXPECT_TRUE(Answer(Recheck(token)).has_grant());
  EXPECT_EQ(http_.asked, 0);
}

TEST_F(PolicyServiceTest, ARecheckAsksAgain) {
  SayActive();
  ASSERT_TRUE(Answer(WithExporter("opaque", client_)).has_grant());
  ASSERT_TRUE(Answer(WithExporter("opaque", client_)).has_grant());
  EXPECT_EQ(http_.asked, 1);
  const auto again = Answer(Recheck("opaque"));
  ASSERT_TRUE(again.has_grant());
  EXPECT_EQ(again.grant().subject(), "alice");
  EXPECT_EQ(again.grant().recheck_after().seconds(), 60);
  EXPECT_EQ(http_.asked, 2);
  http_.body.reset();
  v1::AuthenticateResponse response;
  EXPECT_EQ(Call(Recheck("opaque"), &response).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  SayInactive();
  EXPECT_EQ(Answer(Recheck("opaque")).denial().reason(),
            v1::Denial::REASON_TOKEN_INVALID);
}

// Many clients whose policy has changed do not make the authorization server's
// work anew.
TEST_F(PolicyServiceTest, ARecheckThatIsNotDueTakesTheAnswerThatIsRemembered) {
  SayActive();
  ASSERT_TRUE(Answer(WithExporter("opaque", client_)).has_grant());
  SayInactive();
  v1::AuthenticateRequest early = Recheck("opaque");
  early.mutable_recheck()->set_remembered_answer_will_do(true);
  const auto again = Answer(early);
  ASSERT_TRUE(again.has_grant());
  EXPECT_EQ(again.grant().recheck_after().seconds(), 60);
  EXPECT_EQ(http_.asked, 1);
  // Another service than the one that granted remembers nothing.
  early.mutable_recheck()->set_token("unknown");
  EXPECT_TRUE(Answer(early).has_denial());
  EXPECT_EQ(http_.asked, 2);
}

TEST_F(PolicyServiceTest, WithoutAnAnswerNothingIsDecided) {
  v1::AuthenticateResponse response;
  const grpc::Status status = Call(WithExporter("opaque", client_), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(response.outcome_case(), v1::AuthenticateResponse::OUTCOME_NOT_SET);
}

TEST_F(PolicyServiceTest, AReferenceCanBeStoredAndProvenLater) {
  SayActive();
  Store(Posted("opaque"));
  // Under its key's Client Identifier, once possession was proven.
  ASSERT_TRUE(Answer(WithExporter("opaque", client_)).has_grant());
  EXPECT_TRUE(Answer(Stored()).has_challenge_required());
  const auto answer = Answer(StoredWithChallenge(client_));
  ASSERT_TRUE(answer.has_grant()) << answer.denial().detail();
  EXPECT_TRUE(answer.grant().has_recheck_after());
}

// covers: ACE-AUTH-3, EDGE-18
TEST_F(PolicyServiceTest, AClientThatTlsKnowsIsNotAnonymousWithoutAnAnswer) {
  SayActive();
  v1::StoreTokenRequest store = Posted("opaque");
  store.mutable_connection()->set_client_certificate(CertificateOf(client_));
  Store(store);
  const v1::AuthenticateRequest known = Known(Anonymous(true), client_);
  EXPECT_EQ(Answer(known).grant().subject(), "alice");
  // What was said is forgotten, and nobody says it again.
  service_->SetDeciders(WithIntrospector());
  http_.body.reset();
  v1::AuthenticateResponse none;
  EXPECT_EQ(Call(known, &none).error_code(), grpc::StatusCode::UNAVAILABLE);
}

// covers: ACE-AUTH-3
TEST_F(PolicyServiceTest, APreSharedKeyIsGivenOut) {
  const ace::SigningKey key = NewKey(ace::Algorithm::kHs256);
  Post(Token(key));
  v1::GetPreSharedKeyResponse response;
  ASSERT_TRUE(GetKey(key, &response).ok());
  EXPECT_EQ(response.key().key_id(), key.jwk().Thumbprint());
}

// covers: ACE-AUTH-3, EDGE-18
TEST_F(PolicyServiceTest, APreSharedKeyOfAReferenceIsAskedAbout) {
  const ace::SigningKey key = NewKey(ace::Algorithm::kHs256);
  SayActiveFor(key);
  Store(Posted("opaque"));
  v1::GetPreSharedKeyResponse response;
  ASSERT_TRUE(GetKey(key, &response).ok());
  EXPECT_EQ(response.key().key_id(), key.jwk().Thumbprint());
  // Without an answer it is not said that there is no such key.
  service_->SetDeciders(WithIntrospector());
  http_.body.reset();
  EXPECT_EQ(GetKey(key, &response).error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(PolicyServiceTest, WithNobodyToAskAReferenceIsNoToken) {
  SayActive();
  service_->SetDeciders(WithoutIntrospector());
  EXPECT_EQ(Answer(WithExporter("opaque", client_)).denial().reason(),
            v1::Denial::REASON_TOKEN_UNPARSABLE);
  EXPECT_EQ(http_.asked, 0);
  service_->SetDeciders(WithIntrospector());
  EXPECT_TRUE(Answer(WithExporter("opaque", client_)).has_grant());
}

// Keys that are read from the issuer.
class IssuerKeysTest : public PolicyServiceTest, public JwksObserverInterface {
 protected:
  IssuerKeysTest() {
    JwksSource source;
    source.issuer = "https://as.example";
    source.url = "https://as.example/jwks";
    fetcher_->SetSources({source});
    service_->SetDeciders(WithKeys());
  }

  Deciders WithKeys() {
    const auto keys = fetcher_->Keys("https://as.example");
    Deciders deciders;
    deciders.authenticator = std::make_shared<const Authenticator>(
        keys.has_value() ? issuer_.FetchedVerifier(*keys)
                         : issuer_.PendingVerifier(),
        public_topics_, store_, facts_, managed_);
    deciders.jwks_fetcher = fetcher_;
    return deciders;
  }
  void OnKeys(const std::string&, const ace::JwkSet&) override {
    service_->SetDeciders(WithKeys());
  }
  void OnFailure(const std::string&, absl::string_view) override {}

  absl::Time now_ = kNow;
  const std::vector<ace::Permission> public_topics_;
  const std::shared_ptr<JwksFetcher> fetcher_ =
      std::make_shared<JwksFetcher>(&http_, this, [this] { return now_; });
};

// covers: ACE-TOK-2
TEST_F(IssuerKeysTest, ARequestWaitsForTheFirstKeys) {
  http_.body = issuer_.PublicJwks();
  EXPECT_TRUE(Answer(WithExporter(Token(client_), client_)).has_grant());
  EXPECT_TRUE(Answer(WithExporter(Token(client_), client_)).has_grant());
  EXPECT_EQ(http_.asked, 1);
}

// covers: ACE-TOK-2
TEST_F(IssuerKeysTest, WithoutKeysNothingIsDecided) {
  v1::AuthenticateResponse response;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(
        Call(WithExporter(Token(client_), client_), &response).error_code(),
        grpc::StatusCode::UNAVAILABLE);
  }
  EXPECT_EQ(http_.asked, 1);
  // Others' tokens are refused all the same.
  TokenOptions options;
  options.issuer = "https://other.example";
  EXPECT_EQ(
      Answer(WithExporter(Token(client_, options), client_)).denial().reason(),
      v1::Denial::REASON_TOKEN_INVALID);
}

// covers: ACE-TOK-2
TEST_F(IssuerKeysTest, AnUnknownKidIsLookedForOnce) {
  const TestIssuer before;
  http_.body = before.PublicJwks();
  EXPECT_EQ(Answer(WithExporter(Token(client_), client_)).denial().reason(),
            v1::Denial::REASON_TOKEN_INVALID);
  EXPECT_EQ(http_.asked, 1);
  // Not for every token with a made-up name.
  http_.body = issuer_.PublicJwks();
  EXPECT_TRUE(Answer(WithExporter(Token(client_), client_)).has_denial());
  EXPECT_EQ(http_.asked, 1);
  now_ += JwksFetcher::kEarlyInterval;
  EXPECT_TRUE(Answer(WithExporter(Token(client_), client_)).has_grant());
  EXPECT_EQ(http_.asked, 2);
  // The old key is gone; nobody but its owner is refused.
  TokenOptions options;
  options.expires_at = kExpiry;
  EXPECT_EQ(Answer(WithExporter(before.Token(client_, options), client_))
                .denial()
                .reason(),
            v1::Denial::REASON_TOKEN_INVALID);
  EXPECT_TRUE(Answer(WithExporter(Token(client_), client_)).has_grant());
}

// covers: ACE-TOK-2, ACE-AZI-2
TEST_F(IssuerKeysTest, ATokenThatIsStoredWaitsToo) {
  http_.body = issuer_.PublicJwks();
  Store(Posted(Token(client_)));
}

TEST_F(PolicyServiceTest, KeysAreForThisHostOrForProxiesWithCertificates) {
  const auto ask = [this](AccessControl::Reach reach) {
    access_.SetReach(reach);
    v1::GetPreSharedKeyRequest request;
    request.set_psk_identity("nobody");
    v1::GetPreSharedKeyResponse response;
    grpc::ClientContext context;
    return stub_->GetPreSharedKey(&context, request, &response);
  };
  EXPECT_TRUE(ask(AccessControl::Reach::kThisHost).ok());
  EXPECT_TRUE(ask(AccessControl::Reach::kWithCertificate).ok());
  const grpc::Status status = ask(AccessControl::Reach::kAnywhere);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(status.error_message(), HasSubstr("tls.client_ca"));
}

}  // namespace
}  // namespace sluice::policy
