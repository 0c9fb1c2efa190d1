#include "policy/admin/token_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/ace/pop_key.h"
#include "policy/admin/token_name.h"
#include "policy/service/call_pool.h"
#include "policy/store/memory_resource_store.h"
#include "proto/sluice/admin/v1/revocation.pb.h"
#include "test/policy/service/authenticator_harness.h"

// covers: ACE-TOK-7

namespace sluice::policy {
namespace {

using Shown = admin::v1::Token;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class TokenServiceTest : public AuthenticatorHarness {
 protected:
  TokenServiceTest() {
    managed_->Follow(&resources_);
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = admin::v1::TokenService::NewStub(server_->InProcessChannel({}));
  }
  ~TokenServiceTest() override { server_->Shutdown(); }

  grpc::Status List(const admin::v1::ListTokensRequest& request,
                    admin::v1::ListTokensResponse* response) {
    grpc::ClientContext context;
    return stub_->ListTokens(&context, request, response);
  }
  std::vector<std::string> Subjects(const admin::v1::ListTokensRequest& request,
                                    std::string* next_page = nullptr) {
    admin::v1::ListTokensResponse response;
    const grpc::Status status = List(request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    if (next_page != nullptr) *next_page = response.next_page_token();
    std::vector<std::string> subjects;
    for (const Shown& token : response.tokens()) {
      subjects.push_back(token.subject());
    }
    return subjects;
  }
  grpc::Status Get(const std::string& name, Shown* token) {
    grpc::ClientContext context;
    admin::v1::GetTokenRequest request;
    request.set_name(name);
    return stub_->GetToken(&context, request, token);
  }
  Shown Only() {
    admin::v1::ListTokensResponse response;
    EXPECT_TRUE(List({}, &response).ok());
    EXPECT_EQ(response.tokens_size(), 1);
    Shown token;
    const grpc::Status status = Get(response.tokens(0).name(), &token);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return token;
  }
  static TokenOptions Of(const std::string& subject) {
    TokenOptions options;
    options.subject = subject;
    return options;
  }

  MemoryResourceStore resources_;
  AccessControl access_{AccessControl::Reach::kThisHost, {}};
  std::shared_ptr<const Authenticator> authenticator_ = MakeShared();
  absl::Time now_ = kNow;
  CallPool pool_{0};
  TokenService service_{store_.get(), &access_, &pool_, [this] { return now_; },
                        [this] {
                          Deciders deciders;
                          deciders.authenticator = authenticator_;
                          return deciders;
                        }};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<admin::v1::TokenService::Stub> stub_;
};

TEST_F(TokenServiceTest, ShowsWhatATokenSaysAndNotTheToken) {
  const std::string token = Token(client_);
  Granted(WithExporter(token, client_));
  const Shown shown = Only();
  EXPECT_EQ(shown.subject(), "alice");
  EXPECT_EQ(shown.issuer(), "https://as.example");
  EXPECT_EQ(shown.client_id(), "client-1");
  EXPECT_EQ(shown.expire_time().seconds(), absl::ToUnixSeconds(kExpiry));
  EXPECT_EQ(shown.state(), Shown::STATE_ACTIVE);
  EXPECT_EQ(shown.detail(), "");
  EXPECT_EQ(shown.token_id(), "token-1");
  ASSERT_EQ(shown.key_ids_size(), 1);
  EXPECT_EQ(shown.name(), absl::StrCat("tokens/", shown.key_ids(0)));
  ASSERT_EQ(shown.permissions_size(), 2);
  EXPECT_EQ(shown.permissions(0).topic_filter(), "a/#");
  EXPECT_TRUE(shown.permissions(0).subscribe());
  EXPECT_FALSE(shown.permissions(1).subscribe());
  EXPECT_THAT(shown.SerializeAsString(), Not(HasSubstr(token)));
}

TEST_F(TokenServiceTest, ListsInPages) {
  EXPECT_THAT(Subjects({}), IsEmpty());
  const ace::SigningKey third = NewKey(ace::Algorithm::kEs256);
  Post(Token(client_, Of("alice")));
  Post(Token(stranger_, Of("bob")));
  Post(Token(third, Of("carol")));
  EXPECT_THAT(Subjects({}), UnorderedElementsAre("alice", "bob", "carol"));
  admin::v1::ListTokensRequest request;
  request.set_page_size(2);
  std::string next;
  std::vector<std::string> all = Subjects(request, &next);
  EXPECT_EQ(all.size(), 2u);
  request.set_page_token(next);
  for (const std::string& subject : Subjects(request, &next)) {
    all.push_back(subject);
  }
  EXPECT_EQ(next, "");
  EXPECT_THAT(all, UnorderedElementsAre("alice", "bob", "carol"));

  request.Clear();
  request.set_subject("bob");
  EXPECT_THAT(Subjects(request), ElementsAre("bob"));
  request.set_subject("nobody");
  EXPECT_THAT(Subjects(request), IsEmpty());
}

TEST_F(TokenServiceTest, SaysWhyATokenIsRefused) {
  Post(Token(client_));
  admin::v1::Revocation revocation;
  revocation.set_subject("alice");
  Resource resource;
  resource.collection = kRevocations;
  resource.id = "r";
  resource.value = revocation.SerializeAsString();
  ASSERT_TRUE(resources_.Put(resource, std::nullopt, kNow).ok());
  const Shown shown = Only();
  EXPECT_EQ(shown.state(), Shown::STATE_REFUSED);
  EXPECT_EQ(shown.detail(), "revoked by revocations/r");
  EXPECT_EQ(shown.permissions_size(), 0);
}

TEST_F(TokenServiceTest, SaysWhatItCannotDecide) {
  Post(Token(client_));
  authenticator_ = std::make_shared<const Authenticator>(
      issuer_.PendingVerifier(), std::vector<ace::Permission>(), store_, facts_,
      managed_);
  const Shown shown = Only();
  EXPECT_EQ(shown.state(), Shown::STATE_UNDECIDED);
  EXPECT_NE(shown.detail(), "");
}

TEST_F(TokenServiceTest, RefusesWhatIsWrong) {
  Shown token;
  EXPECT_EQ(Get("alice", &token).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Get("tokens/none", &token).error_code(),
            grpc::StatusCode::NOT_FOUND);
  admin::v1::ListTokensResponse response;
  admin::v1::ListTokensRequest request;
  request.set_page_size(-1);
  EXPECT_EQ(List(request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  request.set_page_size(0);
  request.set_page_token("x");
  EXPECT_EQ(List(request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(TokenServiceTest, PagesAreBoundedByBytes) {
  constexpr size_t kCount = 30;
  for (size_t i = 0; i < kCount; ++i) {
    TokenRecord record;
    record.binding = absl::StrCat("binding-", i);
    record.expires_at = kExpiry;
    record.client_id = absl::StrCat(i, std::string(60'000, 'c'));
    record.subject = "mallory";
    ASSERT_TRUE(store_->Put(record, kNow).ok());
  }
  for (const char* subject : {"", "mallory"}) {
    admin::v1::ListTokensRequest request;
    request.set_subject(subject);
    std::set<std::string> names;
    int pages = 0;
    do {
      admin::v1::ListTokensResponse page;
      ASSERT_TRUE(List(request, &page).ok());
      ASSERT_GT(page.tokens_size(), 0);
      EXPECT_LT(page.ByteSizeLong(), size_t{1100} << 10);
      for (const Shown& token : page.tokens()) {
        EXPECT_TRUE(names.insert(token.name()).second);
      }
      request.set_page_token(page.next_page_token());
      ++pages;
    } while (!request.page_token().empty());
    EXPECT_EQ(names.size(), kCount);
    EXPECT_EQ(pages, 2);
  }
}

TEST(TokenNameTest, HasAPlaceForCertificates) {
  const std::string key = "PxiLpvS0Pa-_1X";
  EXPECT_EQ(TokenName(key), "tokens/PxiLpvS0Pa-_1X");
  EXPECT_EQ(BindingOfToken(TokenName(key)), key);
  const std::string certificate = "x5t#S256:aGFzaA";
  EXPECT_EQ(TokenName(certificate), "tokens/x5t.aGFzaA");
  EXPECT_EQ(BindingOfToken(TokenName(certificate)), certificate);
  EXPECT_EQ(BindingOfToken("tokens/"), std::nullopt);
  EXPECT_EQ(BindingOfToken("rules/a"), std::nullopt);
}

}  // namespace
}  // namespace sluice::policy
