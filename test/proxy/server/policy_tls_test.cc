#include "proxy/server/policy_tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "proto/sluice/policy/v1/policy.grpc.pb.h"
#include "proxy/policy_client/policy_client.h"
#include "test/testing/mutual_tls.h"
#include "test/testing/test_certificates.h"
#include "test/testing/waiting_sink.h"

namespace sluice::server {
namespace {

using ::sluice::testing::CertificateOptions;
using ::sluice::testing::TempDir;
using ::sluice::testing::TestCertificate;
using ::sluice::testing::WaitingSink;
using ::testing::AllOf;
using ::testing::HasSubstr;

class PolicyTlsTest : public ::testing::Test {
 protected:
  PolicyTlsTest() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0",
                             sluice::testing::MutualTls(authority_), &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    dir_.Write("ca.crt", authority_.certificate_pem());
    Show(good_);
  }

  void Show(const TestCertificate& certificate) {
    dir_.Write("proxy.crt", certificate.certificate_pem());
    dir_.Write("proxy.key", certificate.private_key_pem());
  }

  PolicyTlsConfig Files() const {
    return {dir_.path() + "/ca.crt", dir_.path() + "/proxy.crt",
            dir_.path() + "/proxy.key"};
  }

  void Start() {
    auto tls = PolicyTls::Create(Files(), &log_, absl::Milliseconds(5));
    ASSERT_TRUE(tls.ok()) << tls.status();
    tls_ = *std::move(tls);
  }

  // Whether a channel that is made now gets a connection.
  bool Connects() {
    return policy_client::NewChannel(absl::StrCat("127.0.0.1:", port_),
                                     &tls_->material())
        ->WaitForConnected(std::chrono::system_clock::now() +
                           std::chrono::seconds(20));
  }

  const TempDir dir_;
  const TestCertificate authority_ = TestCertificate::Authority("ca");
  const TestCertificate good_ = authority_.Issue({});
  int port_ = 0;
  policy::v1::PolicyService::Service service_;
  std::unique_ptr<grpc::Server> server_;
  WaitingSink sink_;
  Logger log_{&sink_, LogLevel::kInfo, LogFormat::kJson};
  std::unique_ptr<PolicyTls> tls_;
};

TEST_F(PolicyTlsTest, KeepsTheOldPairWhereTheNewOneDoesNotFit) {
  Start();
  dir_.Write("proxy.key", authority_.private_key_pem());
  EXPECT_THAT(
      sink_.WaitFor("certificates_rejected"),
      AllOf(HasSubstr("\"of\":\"policy.tls\""),
            HasSubstr("policy.tls.private_key: "),
            HasSubstr("proxy.key: does not belong to the certificate")));
  EXPECT_TRUE(Connects());

  CertificateOptions options;
  options.key = CertificateOptions::Key::kRsa1024;
  Show(authority_.Issue(options));
  EXPECT_THAT(sink_.WaitFor("too weak"),
              HasSubstr("proxy.crt: certificate 1 is too weak for OpenSSL"));
  dir_.Write("ca.crt", "-----BEGIN CERTIFICATE-----\n");
  Show(good_);
  EXPECT_THAT(sink_.WaitFor("policy.tls.ca: "),
              HasSubstr("ca.crt: no PEM certificate"));
  EXPECT_TRUE(Connects());
}

TEST_F(PolicyTlsTest, TakesOverWhatFits) {
  Show(TestCertificate::SelfSigned({}));
  Start();
  Show(good_);
  EXPECT_THAT(sink_.WaitFor("certificates_reloaded"),
              HasSubstr("\"of\":\"policy.tls\""));
  EXPECT_TRUE(Connects());
}

TEST_F(PolicyTlsTest, TellsWhenWhatIsInUseExpires) {
  Start();
  const absl::Time now = absl::Now();
  const std::vector<CertificateExpiry> before = tls_->Expiries();
  ASSERT_EQ(before.size(), 2u);
  EXPECT_EQ(before[0].of, "policy.tls.ca");
  EXPECT_EQ(before[1].of, "policy.tls.certificate");
  for (const CertificateExpiry& expiry : before) {
    EXPECT_EQ(expiry.listener, "");
    EXPECT_GT(expiry.not_after, now);
  }
  EXPECT_EQ(tls_->Problem(now), "");
  EXPECT_THAT(tls_->Problem(before[1].not_after + absl::Seconds(1)),
              HasSubstr("policy.tls.c"));
  tls_->WarnOfValidity(now);  // of nothing

  CertificateOptions options;
  options.not_after = -absl::Minutes(1);
  Show(authority_.Issue(options));
  sink_.WaitFor("has expired");
  EXPECT_LT(tls_->Expiries()[1].not_after, now);
  EXPECT_THAT(tls_->Problem(now),
              AllOf(HasSubstr("policy.tls.certificate: "),
                    HasSubstr("proxy.crt: certificate 1 has expired, at ")));
  tls_->WarnOfValidity(now);
  EXPECT_THAT(sink_.WaitFor("has expired"),
              HasSubstr("policy.tls.certificate: "));
}

TEST_F(PolicyTlsTest, NamesAFileThatIsMissing) {
  PolicyTlsConfig files = Files();
  files.key_pair.private_key = dir_.path() + "/missing.key";
  EXPECT_THAT(
      std::string(PolicyTls::Create(files, &log_).status().message()),
      AllOf(HasSubstr("policy.tls.private_key: "), HasSubstr("missing.key")));
}

}  // namespace
}  // namespace sluice::server
