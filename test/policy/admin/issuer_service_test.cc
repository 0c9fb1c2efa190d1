#include "policy/admin/issuer_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/service/call_pool.h"
#include "policy/store/memory_fact_store.h"
#include "policy/store/memory_resource_store.h"
#include "policy/store/memory_token_store.h"
#include "test/policy/testing/test_issuer.h"

// covers: ACE-TOK-2

namespace sluice::policy {
namespace {

using admin::v1::Issuer;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
// 32 bytes.
constexpr char kSecret[] = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

class IssuerServiceTest : public ::testing::Test {
 protected:
  IssuerServiceTest() {
    replica_->Follow(&store_);
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = admin::v1::IssuerService::NewStub(server_->InProcessChannel({}));
  }
  ~IssuerServiceTest() override { server_->Shutdown(); }

  Issuer WithJwks(const std::string& name) const {
    Issuer issuer;
    issuer.set_issuer(name);
    issuer.set_jwks(issuer_.PublicJwks());
    return issuer;
  }
  grpc::Status Put(const Issuer& issuer, Issuer* out,
                   const std::vector<std::string>& mask = {}) {
    admin::v1::PutIssuerRequest request;
    *request.mutable_issuer() = issuer;
    for (const std::string& path : mask) {
      request.mutable_update_mask()->add_paths(path);
    }
    grpc::ClientContext context;
    return stub_->PutIssuer(&context, request, out);
  }
  Issuer Stored(const Issuer& issuer) {
    Issuer out;
    const grpc::Status status = Put(issuer, &out);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return out;
  }
  grpc::Status Get(const std::string& name, Issuer* out) {
    admin::v1::GetIssuerRequest request;
    request.set_name(name);
    grpc::ClientContext context;
    return stub_->GetIssuer(&context, request, out);
  }
  grpc::Status Delete(const std::string& name, const std::string& etag = "") {
    admin::v1::DeleteIssuerRequest request;
    request.set_name(name);
    request.set_etag(etag);
    grpc::ClientContext context;
    google::protobuf::Empty response;
    return stub_->DeleteIssuer(&context, request, &response);
  }
  // All, in pages of that size.
  std::vector<Issuer> List(int32_t page_size) {
    std::vector<Issuer> all;
    admin::v1::ListIssuersRequest request;
    request.set_page_size(page_size);
    do {
      grpc::ClientContext context;
      admin::v1::ListIssuersResponse page;
      const grpc::Status status = stub_->ListIssuers(&context, request, &page);
      EXPECT_TRUE(status.ok()) << status.error_message();
      EXPECT_LE(page.issuers_size(), page_size);
      all.insert(all.end(), page.issuers().begin(), page.issuers().end());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return all;
  }

  const TestIssuer issuer_;
  const std::shared_ptr<Replica> replica_ =
      std::make_shared<Replica>([] { return kNow; });
  MemoryResourceStore store_;
  AccessControl access_{AccessControl::Reach::kThisHost, {}};
  // Has read its issuer's keys.
  const std::shared_ptr<const Authenticator> deciding_ =
      std::make_shared<Authenticator>(
          issuer_.FetchedVerifier(issuer_.Verifier().issuers().front().keys),
          std::vector<ace::Permission>{}, std::make_shared<MemoryTokenStore>(),
          std::make_shared<MemoryFactStore>(), replica_);
  CallPool pool_{0};
  IssuerService service_{
      {&store_, replica_.get(), &access_, &pool_, [] { return kNow; }},
      [this] { return deciding_; }};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<admin::v1::IssuerService::Stub> stub_;
};

TEST_F(IssuerServiceTest, WhatIsPutCountsAtOnce) {
  const std::string before = replica_->PolicyVersionOf("");
  const Issuer created = Stored(WithJwks("https://other"));
  EXPECT_THAT(created.name(), StartsWith("issuers/"));
  EXPECT_FALSE(created.etag().empty());
  EXPECT_FALSE(created.read_only());
  EXPECT_EQ(created.key_source_case(), Issuer::KEY_SOURCE_NOT_SET);
  ASSERT_EQ(created.keys_size(), 1);
  EXPECT_FALSE(created.keys(0).thumbprint().empty());
  ASSERT_EQ(replica_->issuers().size(), 1u);
  EXPECT_EQ(replica_->issuers()[0].issuer.name, "https://other");
  EXPECT_NE(replica_->PolicyVersionOf(""), before);

  Issuer shown;
  ASSERT_TRUE(Get(created.name(), &shown).ok());
  EXPECT_EQ(shown.SerializeAsString(), created.SerializeAsString());
  EXPECT_TRUE(Delete(created.name(), created.etag()).ok());
  EXPECT_TRUE(replica_->issuers().empty());
  EXPECT_EQ(Get(created.name(), &shown).error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Delete(created.name()).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(IssuerServiceTest, SymmetricKeysAreKeptAndNeverShown) {
  Issuer issuer;
  issuer.set_issuer("https://other");
  issuer.set_jwks(absl::StrCat(R"({"keys":[{"kty":"oct","kid":"s","k":")",
                               kSecret, "\"}]}"));
  const Issuer created = Stored(issuer);
  ASSERT_EQ(created.keys_size(), 1);
  EXPECT_EQ(created.keys(0).kid(), "s");
  EXPECT_EQ(created.keys(0).type(), "symmetric");
  EXPECT_EQ(created.keys(0).thumbprint(), "");
  Issuer shown;
  ASSERT_TRUE(Get(created.name(), &shown).ok());
  for (const Issuer& out : {created, shown, List(1)[0]}) {
    EXPECT_THAT(out.SerializeAsString(),
                AllOf(Not(HasSubstr(kSecret)), HasSubstr("symmetric")));
  }
  EXPECT_EQ(replica_->issuers()[0].issuer.keys.keys()[0].key().secret().size(),
            32u);
}

TEST_F(IssuerServiceTest, AnEtagGuardsAWrite) {
  Issuer issuer = WithJwks("https://other");
  issuer.set_etag(Stored(issuer).etag());
  EXPECT_NE(Stored(issuer).etag(), issuer.etag());
  Issuer out;
  EXPECT_EQ(Put(issuer, &out).error_code(), grpc::StatusCode::ABORTED);
  const std::string name = List(1)[0].name();
  EXPECT_EQ(Delete(name, issuer.etag()).error_code(),
            grpc::StatusCode::ABORTED);
}

TEST_F(IssuerServiceTest, AMaskLeavesTheRestAsItIs) {
  const Issuer before = Stored(WithJwks("https://other"));
  Issuer change;
  change.set_issuer("https://other");
  change.set_profile(Issuer::PROFILE_DRAFT_01);
  change.set_jwks_url("https://left.out");
  Issuer out;
  ASSERT_TRUE(Put(change, &out, {"profile"}).ok());
  EXPECT_EQ(out.profile(), Issuer::PROFILE_DRAFT_01);
  EXPECT_EQ(out.keys_size(), 1);
  EXPECT_EQ(out.jwks_url(), "");
  ASSERT_TRUE(Put(change, &out, {"jwks_url"}).ok());
  EXPECT_EQ(out.jwks_url(), "https://left.out");
  EXPECT_EQ(out.keys_size(), 0);

  change.set_etag(before.etag());
  EXPECT_EQ(Put(change, &out, {"profile"}).error_code(),
            grpc::StatusCode::ABORTED);
  change.clear_etag();
  for (const char* fixed : {"issuer", "keys", "etag", "nothing"}) {
    EXPECT_EQ(Put(change, &out, {fixed}).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);
  }
  change.clear_jwks_url();
  EXPECT_EQ(Put(change, &out, {"jwks_url"}).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  change.set_issuer("https://nobody");
  EXPECT_EQ(Put(change, &out, {"profile"}).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(IssuerServiceTest, AnIssuerThatCannotBeReadIsWrittenWhole) {
  Resource junk;
  junk.collection = kIssuers;
  junk.id = IdOfIssuer("https://other");
  junk.value = "\xff";
  ASSERT_TRUE(store_.Put(std::move(junk), std::nullopt, kNow).ok());
  Issuer out;
  EXPECT_EQ(Put(WithJwks("https://other"), &out, {"profile"}).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_TRUE(Put(WithJwks("https://other"), &out).ok());
}

TEST_F(IssuerServiceTest, RefusesWhatIsNoIssuer) {
  Issuer out;
  const grpc::Status status = Put(Issuer(), &out);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), StartsWith("issuer.issuer: expected"));
  EXPECT_THAT(status.error_details(), HasSubstr("issuer.jwks"));
  EXPECT_EQ(Get("a", &out).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Delete("a").error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(List(10).empty());
}

TEST_F(IssuerServiceTest, WhatTheFileDeclaresIsShownAndStays) {
  JwksSource source;
  source.issuer = "https://as.example";
  source.url = "https://as.example/jwks";
  service_.SetDeclared(issuer_.PendingVerifier().issuers(), {source});
  ASSERT_EQ(List(10).size(), 1u);
  const Issuer declared = List(10)[0];
  EXPECT_EQ(declared.issuer(), "https://as.example");
  EXPECT_EQ(declared.jwks_url(), source.url);
  EXPECT_EQ(declared.jwks_refresh().seconds(), 300);
  EXPECT_EQ(declared.keys_size(), 1);
  EXPECT_TRUE(declared.read_only());
  Issuer out;
  for (const grpc::Status& status :
       {Put(WithJwks("https://as.example"), &out), Delete(declared.name())}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_THAT(status.error_message(), HasSubstr("configuration file"));
  }
  service_.SetDeclared({}, {});
  Stored(WithJwks("https://as.example"));
}

TEST_F(IssuerServiceTest, ListsBothInPages) {
  service_.SetDeclared(issuer_.Verifier().issuers(), {});
  for (int i = 0; i < 12; ++i) {
    Stored(WithJwks(absl::StrCat("https://as-", i)));
  }
  for (const int32_t size : {1, 5, 13, 100}) {
    const std::vector<Issuer> all = List(size);
    ASSERT_EQ(all.size(), 13u) << size;
    for (size_t i = 1; i < all.size(); ++i) {
      EXPECT_LT(all[i - 1].name(), all[i].name());
    }
  }
}

TEST_F(IssuerServiceTest, ThereIsRoomForSoMany) {
  for (size_t i = 0; i < kMaxManagedIssuers; ++i) {
    Resource junk;
    junk.collection = kIssuers;
    junk.id = absl::StrCat(i);
    ASSERT_TRUE(store_.Put(std::move(junk), std::nullopt, kNow).ok());
  }
  Issuer out;
  EXPECT_EQ(Put(WithJwks("https://other"), &out).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_TRUE(Get("issuers/0", &out).ok());
  EXPECT_EQ(out.issuer(), "");
}

TEST_F(IssuerServiceTest, AStarInAMaskMeansTheWhole) {
  Issuer issuer = WithJwks("https://as");
  issuer.set_profile(Issuer::PROFILE_DRAFT_01);
  Stored(issuer);
  Issuer out;
  ASSERT_TRUE(Put(WithJwks("https://as"), &out, {"*"}).ok());
  EXPECT_NE(out.profile(), Issuer::PROFILE_DRAFT_01);
  EXPECT_TRUE(Put(WithJwks("https://new"), &out, {"*"}).ok());
}

}  // namespace
}  // namespace sluice::policy
