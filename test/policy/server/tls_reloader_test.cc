#include "policy/server/tls_reloader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpcpp/grpcpp.h"
#include "policy/server/config.h"
#include "policy/server/policy_server.h"
#include "proto/sluice/policy/v1/policy.grpc.pb.h"
#include "test/policy/service/watching_proxy.h"
#include "test/policy/testing/anonymous_request.h"
#include "test/testing/test_certificates.h"
#include "test/testing/waiting_sink.h"

namespace sluice::policy {
namespace {

using ::sluice::testing::CertificateOptions;
using ::sluice::testing::TempDir;
using ::sluice::testing::TestCertificate;
using ::sluice::testing::WaitingSink;
using ::testing::HasSubstr;

class TlsReloaderTest : public ::testing::Test {
 protected:
  TlsReloaderTest() {
    Write("policy.crt", server_.certificate_pem());
    Write("policy.key", server_.private_key_pem());
    Write("clients.crt", old_authority_.certificate_pem());
    Start(Config());
  }
  ~TlsReloaderTest() override { reloader_.reset(); }

  void Start(LoadedConfig config) {
    reloader_.reset();
    const TlsFiles files = config.tls_files;
    std::vector<FileWatcher::State> known = TlsReloader::Read(&config);
    policy_ = std::make_unique<PolicyServer>(
        std::move(config), [] { return absl::Now(); }, &log_);
    EXPECT_TRUE(policy_->Listen().ok());
    reloader_ = std::make_unique<TlsReloader>(
        files, std::move(known), policy_.get(), &log_, absl::Milliseconds(5));
  }

  void Write(absl::string_view name, absl::string_view text) {
    dir_.Write(name, text);
  }
  // Another certificate of the server, and its key.
  void WriteServer(const TestCertificate& server,
                   absl::string_view name = "policy") {
    Write(absl::StrCat(name, ".crt"), server.certificate_pem());
    Write(absl::StrCat(name, ".key"), server.private_key_pem());
  }

  LoadedConfig ConfigWith(absl::string_view tls) {
    auto config = LoadConfig(
        dir_.Write("policy.yaml",
                   absl::StrCat("address: 127.0.0.1:0\naudience: broker\n", tls,
                                "\n")),
        Hosting::kStandalone);
    EXPECT_TRUE(config.ok()) << config.status();
    return *std::move(config);
  }
  LoadedConfig Config(absl::string_view client_ca = "client_ca: clients.crt",
                      absl::string_view name = "policy") {
    return ConfigWith(absl::StrCat("tls: {certificate: ", name,
                                   ".crt, private_key: ", name, ".key, ",
                                   client_ca, "}"));
  }

  // A channel that shares its connection with no other.
  std::shared_ptr<grpc::Channel> Channel(
      const TestCertificate& client, const TestCertificate& server_authority) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = server_authority.certificate_pem();
    options.pem_cert_chain = client.certificate_pem();
    options.pem_private_key = client.private_key_pem();
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(policy_->address(),
                                     grpc::SslCredentials(options), arguments);
  }

  // Whether a new connection is served.
  bool IsServed(const TestCertificate& client,
                const TestCertificate& server_authority) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(20));
    v1::AuthenticateResponse response;
    return v1::PolicyService::NewStub(Channel(client, server_authority))
        ->Authenticate(&context, AnonymousRequest(), &response)
        .ok();
  }

  // The same, some time after something has changed: gRPC looks for that once a
  // second.
  bool Becomes(bool served, const TestCertificate& client,
               const TestCertificate& server_authority) {
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (IsServed(client, server_authority) != served) {
      if (std::chrono::steady_clock::now() > end) return false;
    }
    return true;
  }
  bool BecomesServed(const TestCertificate& client,
                     const TestCertificate& server_authority) {
    return Becomes(true, client, server_authority);
  }
  bool BecomesRefused(const TestCertificate& client,
                      const TestCertificate& server_authority) {
    return Becomes(false, client, server_authority);
  }

  const TempDir dir_;
  // All of one name, as after a rotation.
  const TestCertificate authority_ = TestCertificate::Authority("servers");
  const TestCertificate server_ = authority_.Issue({});
  const TestCertificate old_authority_ = TestCertificate::Authority("ca");
  const TestCertificate new_authority_ = TestCertificate::Authority("ca");
  const TestCertificate old_client_ = old_authority_.Issue({});
  const TestCertificate new_client_ = new_authority_.Issue({});
  WaitingSink sink_;
  Logger log_{&sink_, LogLevel::kInfo, LogFormat::kJson};
  std::unique_ptr<PolicyServer> policy_;
  std::unique_ptr<TlsReloader> reloader_;
};

TEST_F(TlsReloaderTest, ANewClientCaReplacesTheOldAndBreaksNoStream) {
  const auto stub =
      v1::PolicyService::NewStub(Channel(old_client_, authority_));
  WatchingProxy live(stub.get(), "p");
  live.ReadAll();
  EXPECT_TRUE(IsServed(old_client_, authority_));
  EXPECT_FALSE(IsServed(new_client_, authority_));

  Write("clients.crt", new_authority_.certificate_pem());
  sink_.WaitFor("certificates_reloaded");
  EXPECT_TRUE(BecomesRefused(old_client_, authority_));
  EXPECT_TRUE(IsServed(new_client_, authority_));

  // The stream is told of another policy.
  LoadedConfig config = Config();
  config.public_topics.emplace_back().topic_filter = "a";
  policy_->Reload(std::move(config));
  EXPECT_TRUE(live.Read().has_policy());
}

TEST_F(TlsReloaderTest, AnotherCertificateOfTheServerIsShown) {
  const TestCertificate authority = TestCertificate::Authority("servers");
  const TestCertificate server = authority.Issue({});
  // The pair is of one kind while the second half is missing.
  Write("policy.crt", server.certificate_pem());
  EXPECT_THAT(sink_.WaitFor("certificates_rejected"),
              HasSubstr("policy.key: does not belong to the certificate"));
  EXPECT_TRUE(IsServed(old_client_, authority_));

  Write("policy.key", server.private_key_pem());
  sink_.WaitFor("certificates_reloaded");
  EXPECT_TRUE(BecomesServed(old_client_, authority));
  EXPECT_FALSE(IsServed(old_client_, authority_));
}

TEST_F(TlsReloaderTest, HalfAFileIsRejected) {
  const std::string& pem = new_authority_.certificate_pem();
  Write("clients.crt", pem.substr(0, pem.size() / 2));
  EXPECT_THAT(sink_.WaitFor("certificates_rejected"),
              HasSubstr(R"("level":"error")"));
  EXPECT_TRUE(IsServed(old_client_, authority_));
}

TEST_F(TlsReloaderTest, APairThatOpenSslFindsTooWeakIsRejected) {
  CertificateOptions options;
  options.key = CertificateOptions::Key::kRsa1024;
  const TestCertificate weak = authority_.Issue(options);
  Write("policy.crt", weak.certificate_pem());
  Write("policy.key", weak.private_key_pem());
  EXPECT_THAT(sink_.WaitFor("certificates_rejected"),
              HasSubstr("policy.crt: certificate 1 is too weak"));
  EXPECT_TRUE(IsServed(old_client_, authority_));
}

TEST_F(TlsReloaderTest, WarnsOfACertificateThatHasExpired) {
  CertificateOptions options;
  options.not_after = -absl::Minutes(1);
  const TestCertificate expired = authority_.Issue(options);
  Write("policy.crt", expired.certificate_pem());
  Write("policy.key", expired.private_key_pem());
  EXPECT_THAT(sink_.WaitFor("config_warning"),
              HasSubstr("policy.crt: certificate 1 has expired, at "));
}

TEST_F(TlsReloaderTest, RemindsOfWhatIsNotValidForLong) {
  CertificateOptions options;
  options.not_after = -absl::Minutes(1);
  const TestCertificate expired = authority_.Issue(options);
  reloader_.reset();
  Write("policy.crt", expired.certificate_pem());
  Write("policy.key", expired.private_key_pem());
  LoadedConfig config = Config();
  std::vector<FileWatcher::State> known = TlsReloader::Read(&config);
  const TlsReloader reminding(config.tls_files, std::move(known), policy_.get(),
                              &log_, absl::Hours(1), absl::Milliseconds(5));
  EXPECT_THAT(sink_.WaitFor("config_warning"),
              HasSubstr("policy.crt: certificate 1 has expired, at "));
}

TEST_F(TlsReloaderTest, ReloadOfTheConfigurationTakesThemOver) {
  Write("other.crt", new_authority_.certificate_pem());
  LoadedConfig config = Config("client_ca: other.crt");
  EXPECT_THAT(policy_->FieldsForRestart(config), ::testing::IsEmpty());
  reloader_->ReloadServer(std::move(config));
  EXPECT_TRUE(BecomesRefused(old_client_, authority_));
  EXPECT_TRUE(IsServed(new_client_, authority_));
  // It is the other file that is watched now.
  Write("other.crt", old_authority_.certificate_pem());
  sink_.WaitFor("certificates_reloaded");
  EXPECT_TRUE(BecomesServed(old_client_, authority_));
}

// Nobody would see it later.
TEST_F(TlsReloaderTest, WhatChangedWhileTheConfigurationWasReadIsTakenOver) {
  Write("other.crt", old_authority_.certificate_pem());
  LoadedConfig config = Config("client_ca: other.crt");
  Write("other.crt", new_authority_.certificate_pem());
  reloader_->ReloadServer(std::move(config));
  EXPECT_TRUE(BecomesRefused(old_client_, authority_));
  EXPECT_TRUE(IsServed(new_client_, authority_));
}

TEST_F(TlsReloaderTest, ThatClientsNeedACertificateStaysAsItIs) {
  LoadedConfig config = Config("");
  EXPECT_THAT(policy_->FieldsForRestart(config),
              ::testing::ElementsAre("tls.client_ca"));
  policy_->Reload(std::move(config));
  EXPECT_TRUE(IsServed(old_client_, authority_));
  EXPECT_FALSE(IsServed(new_client_, authority_));
}

// What runs is followed, whatever waits for a restart.
TEST_F(TlsReloaderTest, WithoutAClientCaTheRunningOneIsFollowed) {
  reloader_->ReloadServer(Config(""));
  const TestCertificate authority = TestCertificate::Authority("servers");
  WriteServer(authority.Issue({}));
  EXPECT_TRUE(BecomesServed(old_client_, authority));
  EXPECT_FALSE(IsServed(new_client_, authority));
  Write("clients.crt", new_authority_.certificate_pem());
  EXPECT_TRUE(BecomesServed(new_client_, authority));
  EXPECT_FALSE(IsServed(old_client_, authority));
}

TEST_F(TlsReloaderTest, AClientCaThatWaitsForARestartIsNotTakenLater) {
  Start(Config(""));
  reloader_->ReloadServer(Config());
  const TestCertificate authority = TestCertificate::Authority("servers");
  WriteServer(authority.Issue({}));
  EXPECT_TRUE(BecomesServed(new_client_, authority));
}

TEST_F(TlsReloaderTest, WithoutTlsTheRunningOneIsFollowed) {
  reloader_->ReloadServer(ConfigWith(""));
  const TestCertificate authority = TestCertificate::Authority("servers");
  WriteServer(authority.Issue({}));
  EXPECT_TRUE(BecomesServed(old_client_, authority));
  EXPECT_FALSE(IsServed(new_client_, authority));
}

TEST_F(TlsReloaderTest, OtherFilesAreTakenWhileAClientCaWaits) {
  const TestCertificate authority = TestCertificate::Authority("servers");
  WriteServer(authority.Issue({}), "other");
  reloader_->ReloadServer(Config("", "other"));
  EXPECT_TRUE(BecomesServed(old_client_, authority));
  EXPECT_FALSE(IsServed(new_client_, authority));
  const TestCertificate next = TestCertificate::Authority("servers");
  WriteServer(next.Issue({}), "other");
  EXPECT_TRUE(BecomesServed(old_client_, next));
}

}  // namespace
}  // namespace sluice::policy
