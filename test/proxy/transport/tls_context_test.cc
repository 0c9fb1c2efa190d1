#include "proxy/transport/tls_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/testing/test_certificates.h"

namespace sluice::transport {
namespace {

using ::sluice::testing::CertificateOptions;
using ::sluice::testing::TempDir;
using ::sluice::testing::TestCertificate;
using ::testing::HasSubstr;
using ::testing::Not;

class TlsContextTest : public ::testing::Test {
 protected:
  std::string Error(const std::string& certificate, const std::string& key) {
    auto context = TlsContext::Create({{{certificate, key}}});
    return context.ok() ? "" : std::string(context.status().message());
  }

  TempDir directory_;
  TestCertificate server_ = TestCertificate::SelfSigned({});
  std::string certificate_ =
      directory_.Write("server.crt", server_.certificate_pem());
  std::string key_ = directory_.Write("server.key", server_.private_key_pem());
};

TEST_F(TlsContextTest, ReadsAChain) {
  const auto authority = TestCertificate::Authority("test authority");
  const auto leaf = authority.Issue({});
  EXPECT_EQ(
      Error(directory_.Write("chain.crt", leaf.certificate_pem() +
                                              authority.certificate_pem()),
            directory_.Write("leaf.key", leaf.private_key_pem())),
      "");
}

TEST_F(TlsContextTest, NeedsACertificate) {
  EXPECT_FALSE(TlsContext::Create({}).ok());
}

TEST_F(TlsContextTest, NamesTheFileThatIsMissing) {
  EXPECT_THAT(Error(directory_.path() + "/no.crt", key_), HasSubstr("no.crt"));
  EXPECT_THAT(Error(certificate_, directory_.path() + "/no.key"),
              HasSubstr("no.key"));
}

TEST_F(TlsContextTest, NamesTheFileThatIsNotPem) {
  const std::string garbage = directory_.Write("garbage", "not PEM at all");
  EXPECT_THAT(Error(garbage, key_), HasSubstr("garbage"));
  EXPECT_THAT(Error(certificate_, garbage), HasSubstr("garbage"));
  // A key where a certificate should be, and the other way round.
  EXPECT_THAT(Error(key_, key_), HasSubstr("server.key"));
  EXPECT_THAT(Error(certificate_, certificate_), HasSubstr("server.crt"));
}

TEST_F(TlsContextTest, NamesTheFileThatIsCutOff) {
  const std::string cut =
      directory_.Write("cut.crt", server_.certificate_pem() +
                                      "-----BEGIN CERTIFICATE-----\nAAAA\n"
                                      "-----END CERTIFICATE-----\n");
  EXPECT_THAT(Error(cut, key_), HasSubstr("cut.crt"));
}

TEST_F(TlsContextTest, RefusesTheKeyOfAnotherCertificate) {
  const auto other = TestCertificate::SelfSigned({});
  const std::string error = Error(
      certificate_, directory_.Write("other.key", other.private_key_pem()));
  EXPECT_THAT(error, HasSubstr("other.key"));
  EXPECT_THAT(error, HasSubstr("server.crt"));
  EXPECT_THAT(error, Not(HasSubstr("BEGIN")));
}

}  // namespace
}  // namespace sluice::transport
