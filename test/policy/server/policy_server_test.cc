#include "policy/server/policy_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/notification.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "policy/server/config.h"
#include "policy/service/replica.h"
#include "policy/store/store.h"
#include "proto/sluice/admin/v1/decision.grpc.pb.h"
#include "proto/sluice/admin/v1/revocation.grpc.pb.h"
#include "proto/sluice/admin/v1/session.grpc.pb.h"
#include "proto/sluice/policy/v1/policy.grpc.pb.h"
#include "proxy/base/log.h"
#include "test/policy/service/watching_proxy.h"
#include "test/policy/testing/anonymous_request.h"
#include "test/policy/testing/test_issuer.h"
#include "test/testing/string_sink.h"
#include "test/testing/test_certificates.h"

namespace sluice::policy {
namespace {

using ::sluice::testing::CertificateOptions;
using ::sluice::testing::ModeOf;
using ::sluice::testing::StringSink;
using ::sluice::testing::TempDir;
using ::sluice::testing::TestCertificate;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
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
    return std::make_unique<PolicyServer>(
        Config(yaml, hosting), [] { return kNow; }, &log_);
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

  static grpc::Status Revoke(const std::shared_ptr<grpc::Channel>& channel,
                             const std::string& subject) {
    admin::v1::CreateRevocationRequest request;
    request.mutable_revocation()->set_subject(subject);
    admin::v1::Revocation response;
    grpc::ClientContext context;
    SetDeadline(context);
    return admin::v1::RevocationService::NewStub(channel)->CreateRevocation(
        &context, request, &response);
  }
  static grpc::Status AskForKey(const std::shared_ptr<grpc::Channel>& channel) {
    v1::GetPreSharedKeyRequest request;
    request.set_psk_identity("nobody");
    v1::GetPreSharedKeyResponse response;
    grpc::ClientContext context;
    SetDeadline(context);
    return v1::PolicyService::NewStub(channel)->GetPreSharedKey(
        &context, request, &response);
  }
  static grpc::Status ListSessions(
      const std::shared_ptr<grpc::Channel>& channel) {
    admin::v1::ListSessionsResponse response;
    grpc::ClientContext context;
    SetDeadline(context);
    return admin::v1::SessionService::NewStub(channel)->ListSessions(
        &context, {}, &response);
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

  // Asks for the services' names by reflection.
  static grpc::Status Reflect(const std::shared_ptr<grpc::Channel>& channel,
                              std::string* response) {
    // ServerReflectionRequest{list_services = 7}: one message of a stream.
    return RawCall(
        channel,
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        std::string("\x3a\x00", 2), response);
  }

  const TempDir dir_;
  const TestIssuer issuer_;
  StringSink sink_;
  Logger log_{&sink_, LogLevel::kInfo, LogFormat::kJson};
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
  EXPECT_EQ(ModeOf("sock"), 0600u);
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
  EXPECT_THAT(server->FieldsForRestart(changed), IsEmpty());
  server->Reload(std::move(changed));
  EXPECT_EQ(Ask(channel), "denial");

  EXPECT_THAT(server->FieldsForRestart(
                  Config(std::string("address: 127.0.0.1:1\n") + kPublicOnly)),
              ElementsAre("address"));
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

// Written by a newer version, say.
TEST_F(PolicyServerTest, LogsAStoredRuleThatItCannotRead) {
  {
    StoreOptions options;
    options.sqlite_path = "policy.db";
    const absl::StatusOr<Store> store = OpenStore(options);
    ASSERT_TRUE(store.ok()) << store.status();
    Resource rule;
    rule.collection = kRules;
    rule.id = "newer";
    ASSERT_TRUE(store->resources->Put(rule, std::nullopt, kNow).ok());
  }
  const auto server =
      Server(absl::StrCat(kPublicOnly, "store: {sqlite: policy.db}\n"),
             Hosting::kEmbedded);
  EXPECT_THAT(sink_.text(),
              HasSubstr(R"("level":"error","event":"rule_unreadable",)"
                        R"("detail":"rules/newer cannot be read)"));
  ASSERT_TRUE(server->StartInProcess().ok());
  v1::AuthenticateResponse response;
  const grpc::Status status =
      Call(server->InProcessChannel(), AnonymousRequest(), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("rules/newer"));
}

TEST_F(PolicyServerTest, DoesNotStartWithAStoreThatCannotBeOpened) {
  dir_.Write("policy.db", std::string(4096, 'x'));
  const std::string yaml = absl::StrCat(
      "address: 127.0.0.1:0\nstore: {sqlite: policy.db}\n", kPublicOnly);
  EXPECT_THAT(std::string(Server(yaml)->Listen().message()),
              ContainsRegex(":2: store.sqlite: .*policy.db: not a database"));
  EXPECT_THAT(std::string(Server(yaml)->StartInProcess().message()),
              ContainsRegex(":2: store.sqlite: .*policy.db: not a database"));
}

TEST_F(PolicyServerTest, AnotherStoreNeedsARestart) {
  const auto server = Server(kPublicOnly, Hosting::kEmbedded);
  EXPECT_THAT(server->FieldsForRestart(Config(kPublicOnly, Hosting::kEmbedded)),
              IsEmpty());
  EXPECT_THAT(server->FieldsForRestart(Config(
                  absl::StrCat(kPublicOnly, "store: {sqlite: policy.db}\n",
                               "checkers: [{name: c, address: 'a:1'}]\n"),
                  Hosting::kEmbedded)),
              ElementsAre("store.sqlite", "checkers"));
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
  const auto server =
      Server(absl::StrCat("address: 127.0.0.1:0\n", kPublicOnly));
  ASSERT_TRUE(server->Listen().ok());
  constexpr char kCheck[] = "/grpc.health.v1.Health/Check";
  for (const std::string service :
       {"", "sluice.policy.v1.PolicyService", "sluice.admin.v1.IssuerService",
        "sluice.admin.v1.PublicTopicService",
        "sluice.admin.v1.RevocationService",
        "sluice.admin.v1.SessionService"}) {
    // HealthCheckRequest{service = 1}, HealthCheckResponse{status = 1: SERVING}
    const std::string request =
        absl::StrCat("\x0a", std::string(1, service.size()), service);
    std::string response;
    const grpc::Status status =
        RawCall(Plain(*server), kCheck, request, &response);
    EXPECT_TRUE(status.ok()) << service << ": " << status.error_message();
    EXPECT_EQ(response, "\x08\x01") << service;
  }
}

// gRPC would wait for such a stream for as long as it may.
TEST_F(PolicyServerTest, AHealthWatchKeepsNobodyFromShuttingDown) {
  const auto server =
      Server(absl::StrCat("address: 127.0.0.1:0\n", kPublicOnly));
  ASSERT_TRUE(server->Listen().ok());
  grpc::GenericStub stub(Plain(*server));
  grpc::CompletionQueue queue;
  const auto done = [&queue] {
    void* tag;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  grpc::ClientContext context;
  const auto call =
      stub.PrepareCall(&context, "/grpc.health.v1.Health/Watch", &queue);
  call->StartCall(nullptr);
  ASSERT_TRUE(done());
  grpc::Slice empty;
  call->WriteLast(grpc::ByteBuffer(&empty, 1), grpc::WriteOptions(), nullptr);
  ASSERT_TRUE(done());
  grpc::ByteBuffer status;
  call->Read(&status, nullptr);
  ASSERT_TRUE(done());
  server->Shutdown(absl::Hours(1));
  call->Read(&status, nullptr);
  EXPECT_FALSE(done());
  grpc::Status end;
  call->Finish(&end, nullptr);
  EXPECT_TRUE(done());
  EXPECT_FALSE(end.ok());
}

TEST_F(PolicyServerTest, ReflectionNamesTheServices) {
  const auto server =
      Server(absl::StrCat("address: 127.0.0.1:0\n", kPublicOnly));
  ASSERT_TRUE(server->Listen().ok());
  std::string response;
  const grpc::Status status = Reflect(Plain(*server), &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  for (const char* service :
       {"sluice.policy.v1.PolicyService", "sluice.admin.v1.RevocationService",
        "sluice.admin.v1.SessionService"}) {
    EXPECT_THAT(response, HasSubstr(service));
  }
}

// covers: ACE-EXP-4
TEST_F(PolicyServerTest, WhatIsRevokedGetsNoGrant) {
  const auto server =
      Server(absl::StrCat("address: 127.0.0.1:0\n", WithIssuer()));
  ASSERT_TRUE(server->Listen().ok());
  const auto channel = Plain(*server);
  const auto stub = v1::PolicyService::NewStub(channel);
  WatchingProxy proxy(stub.get(), "p");
  EXPECT_TRUE(proxy.Read().has_snapshot());
  const std::string version = proxy.Read().policy().version();
  const ace::SigningKey key = NewKey(ace::Algorithm::kEdDsa);
  v1::AuthenticateResponse response;
  ASSERT_TRUE(Call(channel, TokenRequest(key), &response).ok());
  EXPECT_EQ(response.grant().policy_version(), version);

  ASSERT_TRUE(Revoke(channel, "alice").ok());
  ASSERT_TRUE(Call(channel, TokenRequest(key), &response).ok());
  EXPECT_EQ(response.denial().reason(), v1::Denial::REASON_REVOKED);
  const v1::WatchResponse change = proxy.Read();
  ASSERT_EQ(change.changes().added_size(), 1);
  EXPECT_EQ(change.changes().added(0).subject(), "alice");
  EXPECT_EQ(Revoke(channel, "alice").error_code(),
            grpc::StatusCode::ALREADY_EXISTS);

  server->Reload(Config(absl::StrCat("address: 127.0.0.1:0\n", kPublicOnly)));
  EXPECT_NE(proxy.Read().policy().version(), version);
  server->Shutdown(absl::Seconds(20));
  EXPECT_EQ(proxy.End().error_code(), grpc::StatusCode::UNAVAILABLE);
}

// covers: ACE-EXP-4
TEST_F(PolicyServerTest, RevocationsOnDiskOutliveTheServer) {
  const std::string yaml = absl::StrCat(
      "address: 127.0.0.1:0\nstore: {sqlite: policy.db}\n", WithIssuer());
  {
    const auto server = Server(yaml);
    ASSERT_TRUE(server->Listen().ok());
    ASSERT_TRUE(Revoke(Plain(*server), "alice").ok());
  }
  const auto server = Server(yaml);
  ASSERT_TRUE(server->Listen().ok());
  v1::AuthenticateResponse response;
  ASSERT_TRUE(Call(Plain(*server), TokenRequest(NewKey(ace::Algorithm::kEdDsa)),
                   &response)
                  .ok());
  EXPECT_EQ(response.denial().reason(), v1::Denial::REASON_REVOKED);
}

TEST_F(PolicyServerTest, AnEmbeddedServiceIsNotManaged) {
  const auto server = Server(kPublicOnly, Hosting::kEmbedded);
  ASSERT_TRUE(server->StartInProcess().ok());
  EXPECT_EQ(Revoke(server->InProcessChannel(), "alice").error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
  const auto stub = v1::PolicyService::NewStub(server->InProcessChannel());
  EXPECT_TRUE(WatchingProxy(stub.get(), "p").Read().has_snapshot());
}

TEST_F(PolicyServerTest, AnEmbeddedServiceHandsOutKeysWhateverItsAddress) {
  const auto server = Server(absl::StrCat("address: 0.0.0.0:0\n", kPublicOnly),
                             Hosting::kEmbedded);
  ASSERT_TRUE(server->StartInProcess().ok());
  EXPECT_TRUE(AskForKey(server->InProcessChannel()).ok());
}

TEST_F(PolicyServerTest, AServiceThatOthersCanReachIsNotManagedWithoutTls) {
  const auto server = Server(absl::StrCat("address: 0.0.0.0:0\n", kPublicOnly));
  ASSERT_TRUE(server->Listen().ok());
  const auto channel = Plain(*server);
  EXPECT_EQ(Ask(channel), "grant");
  EXPECT_THAT(Revoke(channel, "alice").error_message(),
              HasSubstr("tls.client_ca and access.operators"));
  EXPECT_EQ(ListSessions(channel).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(AskForKey(channel).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

class PolicyServerTlsTest : public PolicyServerTest {
 protected:
  std::unique_ptr<PolicyServer> TlsServer(bool mutual,
                                          const std::string& more = "") {
    dir_.Write("policy.crt", server_.certificate_pem());
    dir_.Write("policy.key", server_.private_key_pem());
    dir_.Write("ca.crt", authority_.certificate_pem());
    return Server(absl::StrCat(
        "address: 127.0.0.1:0\ntls: {certificate: policy.crt, "
        "private_key: policy.key",
        mutual ? ", client_ca: ca.crt}\n" : "}\n", kPublicOnly, more));
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

// Before anything of HTTP/2 is read, whose parser is nobody's who has no role.
TEST_F(PolicyServerTlsTest, ACertificateThatNamesNobodyGetsNoConnection) {
  auto server = TlsServer(
      /*mutual=*/true,
      "access: {proxies: [p.example], operators: [uri:ops, bob]}\n");
  ASSERT_TRUE(server->Listen().ok());
  CertificateOptions options;
  options.common_name = "eve";
  options.dns_names = {"e.example"};
  const TestCertificate stranger = authority_.Issue(options);
  EXPECT_EQ(ListSessions(Tls(*server, &stranger)).error_code(),
            grpc::StatusCode::UNAVAILABLE);
  options.dns_names = {"e.example", "p.example"};
  const TestCertificate proxy = authority_.Issue(options);
  EXPECT_EQ(Ask(Tls(*server, &proxy)), "grant");
  options.common_name = "bob";
  options.dns_names = {};
  const TestCertificate bob = authority_.Issue(options);
  EXPECT_TRUE(ListSessions(Tls(*server, &bob)).ok());
  // With the rules as they are by then.
  server->Reload(Config(absl::StrCat(
      "address: 127.0.0.1:0\ntls: {certificate: policy.crt, private_key: "
      "policy.key, client_ca: ca.crt}\naccess: {proxies: [p.example], "
      "operators: [eve]}\n",
      kPublicOnly)));
  EXPECT_TRUE(ListSessions(Tls(*server, &stranger)).ok());
  server.reset();
  EXPECT_THAT(sink_.text(), HasSubstr(R"("event":"connection_refused",)"
                                      R"("caller":"e.example eve")"));
}

TEST_F(PolicyServerTlsTest, LogsWhoChangesThePolicyAndWhoMayNot) {
  auto server = TlsServer(/*mutual=*/true, "access: {operators: [admin]}\n");
  ASSERT_TRUE(server->Listen().ok());
  CertificateOptions options;
  options.common_name = "admin";
  options.dns_names = {"laptop"};
  const TestCertificate admin = authority_.Issue(options);
  options.common_name = "guest";
  const TestCertificate guest = authority_.Issue(options);
  EXPECT_TRUE(Revoke(Tls(*server, &admin), "alice").ok());
  // What is not written, and what only reads, is no change.
  EXPECT_FALSE(Revoke(Tls(*server, &admin), "alice").ok());
  EXPECT_TRUE(ListSessions(Tls(*server, &admin)).ok());
  EXPECT_FALSE(ListSessions(Tls(*server, &guest)).ok());
  EXPECT_FALSE(Revoke(Tls(*server, &guest), "bob\n").ok());
  admin::v1::DisconnectSessionRequest request;
  request.set_name("proxies/p\n/sessions/1");
  google::protobuf::Empty response;
  grpc::ClientContext context;
  SetDeadline(context);
  EXPECT_FALSE(admin::v1::SessionService::NewStub(Tls(*server, &guest))
                   ->DisconnectSession(&context, request, &response)
                   .ok());
  server.reset();
  const std::vector<std::string> lines = absl::StrSplit(sink_.text(), '\n');
  std::vector<std::string> changes;
  for (const std::string& line : lines) {
    if (absl::StrContains(line, "policy_change")) changes.push_back(line);
  }
  using ::testing::AllOf;
  EXPECT_THAT(
      changes,
      ElementsAre(
          AllOf(HasSubstr(R"("level":"info","event":"policy_changed",)"
                          R"("caller":"laptop admin","peer":"ipv4:127.0.0.1:)"),
                HasSubstr(R"("method":"CreateRevocation",)"
                          R"("resource":"revocations/)"),
                HasSubstr(R"("status":"OK"})")),
          AllOf(HasSubstr(R"("level":"warning","event":)"
                          R"("policy_change_refused","caller":"laptop guest")"),
                HasSubstr(R"("method":"CreateRevocation")"),
                HasSubstr(R"("status":"PERMISSION_DENIED"})")),
          AllOf(HasSubstr("policy_change_refused"),
                HasSubstr(R"("method":"DisconnectSession",)"
                          R"("resource":"proxies/p\n/sessions/1")"))));
  EXPECT_THAT(sink_.text(), ::testing::Not(HasSubstr("alice")));
}

TEST_F(PolicyServerTlsTest, RolesComeFromCertificates) {
  const auto server = TlsServer(
      /*mutual=*/true,
      "access: {proxies: [proxy.example], operators: [admin, other]}\n");
  ASSERT_TRUE(server->Listen().ok());
  CertificateOptions options;
  options.dns_names = {"localhost", "proxy.example"};
  const TestCertificate proxy = authority_.Issue(options);
  options.common_name = "admin";
  options.dns_names = {"laptop"};
  const TestCertificate admin = authority_.Issue(options);
  options.common_name = "admin.example";
  const TestCertificate guest = authority_.Issue(options);
  constexpr char kRefused[] =
      "access.proxies has none of the certificate's names";

  EXPECT_EQ(Ask(Tls(*server, &proxy)), "grant");
  EXPECT_EQ(Ask(Tls(*server, &admin)), kRefused);
  EXPECT_TRUE(Revoke(Tls(*server, &admin), "alice").ok());
  EXPECT_TRUE(ListSessions(Tls(*server, &admin)).ok());
  const auto of_proxy = Tls(*server, &proxy);
  EXPECT_THAT(Revoke(of_proxy, "alice").error_message(),
              HasSubstr("access.operators has none"));
  EXPECT_EQ(ListSessions(of_proxy).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  std::string response;
  EXPECT_TRUE(Reflect(Tls(*server, &admin), &response).ok());
  EXPECT_EQ(Reflect(of_proxy, &response).error_code(),
            grpc::StatusCode::CANCELLED);
  const auto stub = v1::PolicyService::NewStub(Tls(*server, &admin));
  EXPECT_EQ(WatchingProxy(stub.get(), "p").End().error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  // Of no role: in the handshake.
  EXPECT_EQ(ListSessions(Tls(*server, &guest)).error_code(),
            grpc::StatusCode::UNAVAILABLE);

  server->Reload(Config(absl::StrCat(
      "address: 127.0.0.1:0\ntls: {certificate: policy.crt, private_key: "
      "policy.key, client_ca: ca.crt}\naccess: {operators: [admin.example]}\n",
      kPublicOnly)));
  EXPECT_FALSE(Revoke(Tls(*server, &admin), "bob").ok());
  EXPECT_TRUE(Revoke(Tls(*server, &guest), "bob").ok());
  EXPECT_EQ(Ask(Tls(*server, &guest)), "grant");
}

TEST_F(PolicyServerTlsTest, NobodyListensWhereItIsEmbedded) {
  TlsServer(/*mutual=*/true);  // for the files
  const auto server = Server(kPublicOnly, Hosting::kEmbedded);
  EXPECT_THAT(
      server->FieldsForRestart(
          Config(absl::StrCat("address: 127.0.0.1:7000\ntls: {certificate: "
                              "policy.crt, private_key: policy.key, client_ca: "
                              "ca.crt}\naccess: {operators: [admin]}\n",
                              kPublicOnly),
                 Hosting::kEmbedded)),
      IsEmpty());
}

// Without tls.client_ca there is no access either, and the empty list would
// make everybody a proxy who has a certificate.
TEST_F(PolicyServerTlsTest, RolesStayUntilARestartWhereTlsChangesItsShape) {
  const auto server = TlsServer(/*mutual=*/true,
                                "access: {proxies: [p], operators: [admin]}\n");
  ASSERT_TRUE(server->Listen().ok());
  CertificateOptions options;
  options.common_name = "admin";
  const TestCertificate admin = authority_.Issue(options);
  options.common_name = "guest";
  const TestCertificate guest = authority_.Issue(options);
  for (const char* tls :
       {"tls: {certificate: policy.crt, private_key: policy.key}\n", ""}) {
    LoadedConfig config =
        Config(absl::StrCat("address: 127.0.0.1:0\n", tls, kPublicOnly));
    EXPECT_THAT(server->FieldsForRestart(config), Contains("access"));
    server->Reload(std::move(config));
    EXPECT_EQ(AskForKey(Tls(*server, &admin)).error_code(),
              grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_EQ(ListSessions(Tls(*server, &guest)).error_code(),
              grpc::StatusCode::UNAVAILABLE);
    EXPECT_TRUE(ListSessions(Tls(*server, &admin)).ok());
  }
}

TEST_F(PolicyServerTlsTest, StreamsEndWithTheRoleOfTheirCaller) {
  const auto server = TlsServer(
      /*mutual=*/true,
      "access: {proxies: [old, kept], operators: [old, kept]}\n");
  ASSERT_TRUE(server->Listen().ok());
  // Both streams of a caller.
  struct Caller {
    explicit Caller(const std::shared_ptr<grpc::Channel>& channel)
        : policy(v1::PolicyService::NewStub(channel)),
          admin(admin::v1::DecisionService::NewStub(channel)),
          proxy(policy.get(), "p") {
      SetDeadline(context);
      decisions = admin->WatchDecisions(&context, {});
      decisions->WaitForInitialMetadata();
      proxy.ReadAll();
    }
    const std::unique_ptr<v1::PolicyService::Stub> policy;
    const std::unique_ptr<admin::v1::DecisionService::Stub> admin;
    WatchingProxy proxy;
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<admin::v1::WatchDecisionsResponse>>
        decisions;
  };
  CertificateOptions options;
  options.common_name = "old";
  const TestCertificate old_certificate = authority_.Issue(options);
  options.common_name = "kept";
  const TestCertificate kept_certificate = authority_.Issue(options);
  Caller old(Tls(*server, &old_certificate));
  Caller kept(Tls(*server, &kept_certificate));

  server->Reload(Config(absl::StrCat(
      "address: 127.0.0.1:0\ntls: {certificate: policy.crt, private_key: "
      "policy.key, client_ca: ca.crt}\naccess: {proxies: [kept], operators: "
      "[kept]}\n",
      kPublicOnly)));
  EXPECT_EQ(old.proxy.End().error_code(), grpc::StatusCode::PERMISSION_DENIED);
  admin::v1::WatchDecisionsResponse response;
  EXPECT_FALSE(old.decisions->Read(&response));
  EXPECT_EQ(old.decisions->Finish().error_code(),
            grpc::StatusCode::PERMISSION_DENIED);

  v1::WatchRequest request;
  request.mutable_decisions()->add_decisions()->set_id("d");
  kept.proxy.Send(request);
  ASSERT_TRUE(kept.decisions->Read(&response));
  EXPECT_EQ(response.decision().id(), "d");
  kept.context.TryCancel();
}

TEST_F(PolicyServerTlsTest, WithoutOperatorsNobodyManages) {
  const auto server = TlsServer(/*mutual=*/true);
  ASSERT_TRUE(server->Listen().ok());
  const grpc::Status status = Revoke(Tls(*server, &client_), "alice");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_THAT(status.error_message(), HasSubstr("access.operators"));
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
