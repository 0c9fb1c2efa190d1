#include "policy/server/policy_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "policy/server/config.h"
#include "proto/sluice/policy/v1/policy.grpc.pb.h"
#include "test/policy/testing/test_issuer.h"
#include "test/testing/test_certificates.h"

namespace sluice::policy {
namespace {

using ::sluice::testing::TempDir;
using ::sluice::testing::TestCertificate;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);
constexpr char kPublicOnly[] =
    "audience: broker\npublic_topics: "
    "[{filter: public/#, permissions: [sub]}]\n";

// Bounds what a broken server could keep waiting.
void SetDeadline(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(20));
}

class PolicyServerTest : public ::testing::Test {
 protected:
  // A socket's path must be short, and test directories are deep.
  void SetUp() override { ASSERT_EQ(chdir(dir_.path().c_str()), 0); }

  LoadedConfig Config(const std::string& yaml,
                      Hosting hosting = Hosting::kStandalone) {
    dir_.Write("policy.yaml", yaml);
    auto config = LoadConfig("policy.yaml", hosting);
    EXPECT_TRUE(config.ok()) << config.status();
    return *std::move(config);
  }

  std::unique_ptr<PolicyServer> Server(const std::string& yaml,
                                       Hosting hosting = Hosting::kStandalone) {
    return std::make_unique<PolicyServer>(Config(yaml, hosting),
                                          [] { return kNow; });
  }

  // A configuration of the issuer whose tokens Token() makes.
  std::string WithIssuer() {
    dir_.Write("as.json", issuer_.PublicJwks());
    dir_.Write("rs.json", issuer_.DecryptionJwks());
    return "audience: broker\n"
           "issuers: [{issuer: https://as.example, jwks_file: as.json}]\n"
           "decryption_keys_file: rs.json\n";
  }

  v1::AuthenticateRequest TokenRequest(const ace::SigningKey& key) {
    TokenOptions options;
    options.expires_at = kNow + absl::Hours(1);
    v1::AuthenticateRequest request;
    request.mutable_connection()->set_protocol_version(
        v1::PROTOCOL_VERSION_MQTT_5_0);
    request.mutable_token()->set_token(issuer_.Token(key, options));
    v1::ExporterProof* proof = request.mutable_token()->mutable_exporter();
    proof->add_exporter_content(std::string(32, 'e'));
    proof->set_proof(Sign(key, proof->exporter_content(0)));
    return request;
  }

  static v1::AuthenticateRequest AnonymousRequest() {
    v1::AuthenticateRequest request;
    request.mutable_connection()->set_protocol_version(
        v1::PROTOCOL_VERSION_MQTT_5_0);
    request.mutable_anonymous();
    return request;
  }

  static grpc::Status Call(const std::shared_ptr<grpc::Channel>& channel,
                           const v1::AuthenticateRequest& request,
                           v1::AuthenticateResponse* response) {
    grpc::ClientContext context;
    SetDeadline(context);
    return v1::PolicyService::NewStub(channel)->Authenticate(&context, request,
                                                             response);
  }

  // What an anonymous client is told: "grant", "denial" or the RPC's error.
  static std::string Ask(const std::shared_ptr<grpc::Channel>& channel) {
    v1::AuthenticateResponse response;
    const grpc::Status status = Call(channel, AnonymousRequest(), &response);
    if (!status.ok()) return status.error_message();
    return response.has_grant() ? "grant" : "denial";
  }

  static std::shared_ptr<grpc::Channel> Plain(const PolicyServer& server) {
    return grpc::CreateChannel(server.address(),
                               grpc::InsecureChannelCredentials());
  }

  // A call of a method without generated stubs.
  static grpc::Status RawCall(const std::shared_ptr<grpc::Channel>& channel,
                              const char* method, const std::string& request,
                              std::string* response) {
    grpc::Slice slice(request);
    const grpc::ByteBuffer in(&slice, 1);
    grpc::ByteBuffer out;
    grpc::ClientContext context;
    SetDeadline(context);
    grpc::Status status;
    absl::Notification done;
    grpc::GenericStub(channel).UnaryCall(&context, method, {}, &in, &out,
                                         [&](grpc::Status result) {
                                           status = std::move(result);
                                           done.Notify();
                                         });
    done.WaitForNotification();
    grpc::Slice flat;
    if (status.ok() && out.DumpToSingleSlice(&flat).ok()) {
      response->assign(reinterpret_cast<const char*>(flat.begin()),
                       flat.size());
    }
    return status;
  }

  const TempDir dir_;
  const TestIssuer issuer_;
};

TEST_F(PolicyServerTest, AnswersInProcess) {
  const auto server = Server(WithIssuer(), Hosting::kEmbedded);
  ASSERT_TRUE(server->StartInProcess().ok());
  EXPECT_EQ(server->address(), "");
  for (const ace::Algorithm algorithm :
       {ace::Algorithm::kEdDsa, ace::Algorithm::kEs256,
        ace::Algorithm::kHs256}) {
    v1::AuthenticateResponse response;
    const grpc::Status status = Call(
        server->InProcessChannel(), TokenRequest(NewKey(algorithm)), &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.grant().subject(), "alice")
        << response.denial().detail();
  }
  EXPECT_EQ(Ask(server->InProcessChannel()), "denial");
}

TEST_F(PolicyServerTest, AnswersOverTcpOnAnyPort) {
  const auto server =
      Server(absl::StrCat("address: 127.0.0.1:0\n", WithIssuer()));
  ASSERT_TRUE(server->Listen().ok());
  EXPECT_THAT(server->address(), StartsWith("127.0.0.1:"));
  EXPECT_NE(server->address(), "127.0.0.1:0");

  const ace::SigningKey key = NewKey(ace::Algorithm::kEdDsa);
  v1::AuthenticateResponse response;
  ASSERT_TRUE(Call(Plain(*server), TokenRequest(key), &response).ok());
  EXPECT_TRUE(response.has_grant()) << response.denial().detail();

  v1::StoreTokenRequest store;
  *store.mutable_connection() = AnonymousRequest().connection();
  store.set_token(TokenRequest(key).token().token());
  v1::StoreTokenResponse stored;
  grpc::ClientContext context;
  SetDeadline(context);
  ASSERT_TRUE(v1::PolicyService::NewStub(Plain(*server))
                  ->StoreToken(&context, store, &stored)
                  .ok());
  EXPECT_EQ(stored.stored().token_id(), "token-1");
}

TEST_F(PolicyServerTest, AnswersOverAUnixSocketOfItsOwnUser) {
  const mode_t before = umask(0);
  auto server = Server(absl::StrCat("address: unix:sock\n", kPublicOnly));
  ASSERT_TRUE(server->Listen().ok());
  umask(before);
  EXPECT_EQ(server->address(), "unix:sock");
  struct stat info;
  ASSERT_EQ(stat("sock", &info), 0);
  EXPECT_EQ(info.st_mode & 0777, mode_t{0600});
  EXPECT_EQ(Ask(Plain(*server)), "grant");

  const auto second = Server(absl::StrCat("address: unix:sock\n", kPublicOnly));
  EXPECT_THAT(std::string(second->Listen().message()), HasSubstr("in use"));
  EXPECT_EQ(Ask(Plain(*server)), "grant");

  server.reset();
  EXPECT_NE(access("sock", F_OK), 0);
}

TEST_F(PolicyServerTest, SaysWhyItCannotListen) {
  const auto first =
      Server(absl::StrCat("address: 127.0.0.1:0\n", kPublicOnly));
  ASSERT_TRUE(first->Listen().ok());
  EXPECT_FALSE(first->Listen().ok());
  EXPECT_FALSE(first->StartInProcess().ok());
  EXPECT_EQ(Ask(Plain(*first)), "grant");

  for (const std::string& address :
       {first->address(), std::string("unix:no/such/directory/s")}) {
    const auto server =
        Server(absl::StrCat("address: ", address, "\n", kPublicOnly));
    EXPECT_THAT(std::string(server->Listen().message()),
                HasSubstr(absl::StrCat("cannot listen on ", address)));
  }
  EXPECT_FALSE(Server(kPublicOnly, Hosting::kEmbedded)->Listen().ok());
}

TEST_F(PolicyServerTest, RefusesARequestThatIsTooLong) {
  const auto server = Server(kPublicOnly, Hosting::kEmbedded);
  ASSERT_TRUE(server->StartInProcess().ok());
  v1::AuthenticateRequest request = AnonymousRequest();
  request.mutable_connection()->set_client_id(
      std::string(PolicyService::kMaxRequestBytes, 'x'));
  v1::AuthenticateResponse response;
  EXPECT_EQ(Call(server->InProcessChannel(), request, &response).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(PolicyServerTest, ReloadChangesAnswersAndKeepsTheConnection) {
  const std::string address = "address: 127.0.0.1:0\n";
  const auto server = Server(address + kPublicOnly);
  ASSERT_TRUE(server->Listen().ok());
  const auto channel = Plain(*server);
  EXPECT_EQ(Ask(channel), "grant");

  LoadedConfig changed = Config(address + "audience: broker\n");
  EXPECT_FALSE(server->NeedsRestart(changed));
  server->Reload(std::move(changed));
  EXPECT_EQ(Ask(channel), "denial");

  EXPECT_TRUE(server->NeedsRestart(
      Config(std::string("address: 127.0.0.1:1\n") + kPublicOnly)));
}

// covers: ACE-CON-5
TEST_F(PolicyServerTest, AStoreOnDiskOutlivesTheServer) {
  const std::string yaml =
      absl::StrCat(WithIssuer(), "store: {sqlite: policy.db}\n");
  const ace::SigningKey key = NewKey(ace::Algorithm::kEdDsa);
  v1::AuthenticateRequest request = TokenRequest(key);
  request.mutable_connection()->set_client_id("client");
  v1::AuthenticateResponse response;
  {
    const auto server = Server(yaml, Hosting::kEmbedded);
    ASSERT_TRUE(server->StartInProcess().ok());
    ASSERT_TRUE(Call(server->InProcessChannel(), request, &response).ok());
    EXPECT_TRUE(response.has_grant());
  }
  const auto server = Server(yaml, Hosting::kEmbedded);
  ASSERT_TRUE(server->StartInProcess().ok());
  request.mutable_stored_token();
  ASSERT_TRUE(Call(server->InProcessChannel(), request, &response).ok());
  EXPECT_TRUE(response.has_challenge_required());
}

TEST_F(PolicyServerTest, DoesNotStartWithAStoreThatCannotBeOpened) {
  dir_.Write("policy.db", std::string(4096, 'x'));
  const std::string yaml = absl::StrCat(
      "address: 127.0.0.1:0\nstore: {sqlite: policy.db}\n", kPublicOnly);
  EXPECT_THAT(std::string(Server(yaml)->Listen().message()),
              HasSubstr("policy.db: not a database"));
  EXPECT_THAT(std::string(Server(yaml)->StartInProcess().message()),
              HasSubstr("policy.db: not a database"));
}

TEST_F(PolicyServerTest, AnotherStoreNeedsARestart) {
  const auto server = Server(kPublicOnly, Hosting::kEmbedded);
  EXPECT_FALSE(server->NeedsRestart(Config(kPublicOnly, Hosting::kEmbedded)));
  EXPECT_TRUE(server->NeedsRestart(
      Config(absl::StrCat(kPublicOnly, "store: {sqlite: policy.db}\n"),
             Hosting::kEmbedded)));
}

TEST_F(PolicyServerTest, ServesNobodyAfterShutdown) {
  const auto server =
      Server(absl::StrCat("address: 127.0.0.1:0\n", kPublicOnly));
  ASSERT_TRUE(server->Listen().ok());
  const auto channel = Plain(*server);
  EXPECT_EQ(Ask(channel), "grant");
  server->Shutdown(absl::Seconds(5));
  v1::AuthenticateResponse response;
  EXPECT_EQ(Call(channel, AnonymousRequest(), &response).error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST_F(PolicyServerTest, AnswersHealthChecks) {
  const auto server = Server(kPublicOnly, Hosting::kEmbedded);
  ASSERT_TRUE(server->StartInProcess().ok());
  constexpr char kCheck[] = "/grpc.health.v1.Health/Check";
  const std::string kService = "sluice.policy.v1.PolicyService";
  // HealthCheckRequest{service = 1}, HealthCheckResponse{status = 1: SERVING}.
  for (const std::string& request :
       {std::string(),
        absl::StrCat("\x0a", std::string(1, kService.size()), kService)}) {
    std::string response;
    const grpc::Status status =
        RawCall(server->InProcessChannel(), kCheck, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response, "\x08\x01");
  }
}

class PolicyServerTlsTest : public PolicyServerTest {
 protected:
  std::unique_ptr<PolicyServer> TlsServer(bool mutual) {
    dir_.Write("policy.crt", server_.certificate_pem());
    dir_.Write("policy.key", server_.private_key_pem());
    dir_.Write("ca.crt", authority_.certificate_pem());
    return Server(
        absl::StrCat("address: 127.0.0.1:0\ntls: {certificate: policy.crt, "
                     "private_key: policy.key",
                     mutual ? ", client_ca: ca.crt}\n" : "}\n", kPublicOnly));
  }

  std::shared_ptr<grpc::Channel> Tls(const PolicyServer& server,
                                     const TestCertificate* client) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = authority_.certificate_pem();
    if (client != nullptr) {
      options.pem_cert_chain = client->certificate_pem();
      options.pem_private_key = client->private_key_pem();
    }
    return grpc::CreateChannel(server.address(), grpc::SslCredentials(options));
  }

  const TestCertificate authority_ = TestCertificate::Authority("ca");
  const TestCertificate server_ = authority_.Issue({});
  const TestCertificate client_ = authority_.Issue({});
  // Of an authority of the same name.
  const TestCertificate foreign_ = TestCertificate::Authority("ca").Issue({});
};

TEST_F(PolicyServerTlsTest, AnswersOverTls) {
  const auto server = TlsServer(/*mutual=*/false);
  ASSERT_TRUE(server->Listen().ok());
  EXPECT_EQ(Ask(Tls(*server, nullptr)), "grant");
}

TEST_F(PolicyServerTlsTest, MutualTlsTakesItsOwnClientsOnly) {
  const auto server = TlsServer(/*mutual=*/true);
  ASSERT_TRUE(server->Listen().ok());
  EXPECT_EQ(Ask(Tls(*server, &client_)), "grant");
  const struct {
    const char* who;
    std::shared_ptr<grpc::Channel> channel;
  } kRefused[] = {
      {"a foreign certificate", Tls(*server, &foreign_)},
      {"no certificate", Tls(*server, nullptr)},
      {"plain text", Plain(*server)},
  };
  for (const auto& refused : kRefused) {
    v1::AuthenticateResponse response;
    EXPECT_EQ(Call(refused.channel, AnonymousRequest(), &response).error_code(),
              grpc::StatusCode::UNAVAILABLE)
        << refused.who;
    EXPECT_EQ(response.outcome_case(),
              v1::AuthenticateResponse::OUTCOME_NOT_SET);
  }
  EXPECT_EQ(Ask(Tls(*server, &client_)), "grant");
}

TEST_F(PolicyServerTlsTest, AServerOfAForeignAuthorityIsRefusedByItsClient) {
  const auto server = TlsServer(/*mutual=*/false);
  ASSERT_TRUE(server->Listen().ok());
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = TestCertificate::Authority("ca").certificate_pem();
  EXPECT_NE(Ask(grpc::CreateChannel(server->address(),
                                    grpc::SslCredentials(options))),
            "grant");
}

}  // namespace
}  // namespace sluice::policy
