// Issuers that are managed while the service runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "policy/server/config.h"
#include "policy/server/policy_server.h"
#include "proto/sluice/admin/v1/issuer.grpc.pb.h"
#include "proto/sluice/policy/v1/policy.grpc.pb.h"
#include "proxy/base/log.h"
#include "test/policy/testing/test_issuer.h"
#include "test/testing/test_certificates.h"

// covers: ACE-TOK-2, ACE-D01-7

namespace sluice::policy {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

// Keeps warnings about issuers.
class Warnings : public LogSinkInterface {
 public:
  void Write(absl::string_view line) override {
    if (!absl::StrContains(line, "issuer_warning")) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    lines_.emplace_back(line);
  }
  // Those since the last call.
  std::vector<std::string> Take() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(lines_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

class IssuerManagementTest : public ::testing::Test {
 protected:
  LoadedConfig Config(const std::string& more) {
    const std::string path = dir_.Write(
        "policy.yaml",
        absl::StrCat("address: 127.0.0.1:0\naudience: broker\n", more));
    auto config = LoadConfig(path, Hosting::kStandalone);
    EXPECT_TRUE(config.ok()) << config.status();
    return *std::move(config);
  }
  void Serve(const std::string& more) {
    server_ = std::make_unique<PolicyServer>(
        Config(more), [] { return kNow; }, &log_);
    ASSERT_TRUE(server_->Listen().ok());
    channel_ = grpc::CreateChannel(server_->address(),
                                   grpc::InsecureChannelCredentials());
    admin_ = admin::v1::IssuerService::NewStub(channel_);
  }
  static void SetDeadline(grpc::ClientContext* context) {
    context->set_deadline(std::chrono::system_clock::now() +
                          std::chrono::seconds(20));
  }
  // Manages `name`, with the keys of `keys`.
  admin::v1::Issuer Put(
      const std::string& name, const TestIssuer& keys,
      admin::v1::Issuer::Profile profile = admin::v1::Issuer::PROFILE_RFC9431) {
    admin::v1::PutIssuerRequest request;
    request.mutable_issuer()->set_profile(profile);
    request.mutable_issuer()->set_issuer(name);
    request.mutable_issuer()->set_jwks(keys.PublicJwks());
    grpc::ClientContext context;
    SetDeadline(&context);
    admin::v1::Issuer issuer;
    const grpc::Status status = admin_->PutIssuer(&context, request, &issuer);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return issuer;
  }
  void Delete(const std::string& name) {
    admin::v1::DeleteIssuerRequest request;
    request.set_name(name);
    grpc::ClientContext context;
    SetDeadline(&context);
    google::protobuf::Empty response;
    EXPECT_TRUE(admin_->DeleteIssuer(&context, request, &response).ok());
  }
  grpc::Status Call(const std::string& name, const TestIssuer& keys,
                    v1::AuthenticateResponse* response) {
    const ace::SigningKey key = NewKey(ace::Algorithm::kEdDsa);
    TokenOptions options;
    options.issuer = name;
    options.expires_at = kNow + absl::Hours(1);
    v1::AuthenticateRequest request;
    request.mutable_connection()->set_protocol_version(
        v1::PROTOCOL_VERSION_MQTT_5_0);
    request.mutable_token()->set_token(keys.Token(key, options));
    v1::ExporterProof* proof = request.mutable_token()->mutable_exporter();
    proof->add_exporter_content(std::string(32, 'e'));
    proof->set_proof(Sign(key, proof->exporter_content(0)));
    grpc::ClientContext context;
    SetDeadline(&context);
    return v1::PolicyService::NewStub(channel_)->Authenticate(&context, request,
                                                              response);
  }
  v1::AuthenticateResponse Ask(const std::string& name,
                               const TestIssuer& keys) {
    v1::AuthenticateResponse response;
    const grpc::Status status = Call(name, keys, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }

  const testing::TempDir dir_;
  Warnings warnings_;
  Logger log_{&warnings_, LogLevel::kInfo, LogFormat::kJson};
  const TestIssuer old_;
  const TestIssuer new_;
  std::unique_ptr<PolicyServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<admin::v1::IssuerService::Stub> admin_;
};

TEST_F(IssuerManagementTest, TokensAreTakenFromPutToDelete) {
  Serve("");
  EXPECT_TRUE(Ask("https://as", old_).has_denial());
  const std::string name = Put("https://as", old_).name();
  const v1::AuthenticateResponse first = Ask("https://as", old_);
  ASSERT_TRUE(first.has_grant()) << first.denial().detail();

  // Other keys: those from before count no more, and grants have another
  // version, so that proxies ask again.
  Put("https://as", new_);
  EXPECT_TRUE(Ask("https://as", old_).has_denial());
  const v1::AuthenticateResponse second = Ask("https://as", new_);
  ASSERT_TRUE(second.has_grant()) << second.denial().detail();
  EXPECT_NE(second.grant().policy_version(), first.grant().policy_version());

  Delete(name);
  EXPECT_TRUE(Ask("https://as", new_).has_denial());
}

TEST_F(IssuerManagementTest, WhatIsDeclaredCountsInPlaceOfWhatIsManaged) {
  Serve("");
  Put("https://as", old_);
  dir_.Write("as.json", new_.PublicJwks());
  server_->Reload(
      Config("issuers: [{issuer: https://as, jwks_file: as.json}]"));
  EXPECT_TRUE(Ask("https://as", old_).has_denial());
  EXPECT_TRUE(Ask("https://as", new_).has_grant());
  server_->Reload(Config(""));
  EXPECT_TRUE(Ask("https://as", old_).has_grant());
}

TEST_F(IssuerManagementTest, ManagedIssuersOutliveTheServer) {
  const std::string store =
      absl::StrCat("store: {sqlite: ", dir_.path(), "/policy.db}\n");
  Serve(store);
  Put("https://as", old_);
  channel_.reset();
  admin_.reset();
  server_.reset();
  Serve(store);
  EXPECT_TRUE(Ask("https://as", old_).has_grant());
}

TEST_F(IssuerManagementTest, OnesOfDraft01AreWarnedOfOnce) {
  Serve("");
  Put("https://new", new_);
  EXPECT_THAT(warnings_.Take(), IsEmpty());
  const std::string name =
      Put("https://as", old_, admin::v1::Issuer::PROFILE_DRAFT_01).name();
  EXPECT_THAT(warnings_.Take(),
              ElementsAre(AllOf(HasSubstr(name), HasSubstr("https://as"),
                                HasSubstr("proofs of draft-01"))));
  // Nothing else that happens to issuers says it again.
  Put("https://as", new_, admin::v1::Issuer::PROFILE_DRAFT_01);
  Put("https://new", old_);
  server_->Reload(Config(""));
  EXPECT_THAT(warnings_.Take(), IsEmpty());

  // One that is declared counts in its place, until it is declared no more.
  dir_.Write("as.json", new_.PublicJwks());
  server_->Reload(
      Config("issuers: [{issuer: https://as, jwks_file: as.json}]"));
  EXPECT_THAT(warnings_.Take(), IsEmpty());
  server_->Reload(Config(""));
  EXPECT_THAT(warnings_.Take(), SizeIs(1));
}

TEST_F(IssuerManagementTest, KeysAtAUrlArePending) {
  Serve("");
  admin::v1::PutIssuerRequest request;
  request.mutable_issuer()->set_issuer("https://as");
  // Nobody listens there.
  request.mutable_issuer()->set_jwks_url("https://127.0.0.1:1/jwks");
  grpc::ClientContext context;
  SetDeadline(&context);
  admin::v1::Issuer issuer;
  ASSERT_TRUE(admin_->PutIssuer(&context, request, &issuer).ok());
  EXPECT_EQ(issuer.keys_size(), 0);
  v1::AuthenticateResponse response;
  EXPECT_EQ(Call("https://as", old_, &response).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  Put("https://as", old_);
  EXPECT_TRUE(Ask("https://as", old_).has_grant());
}

}  // namespace
}  // namespace sluice::policy
