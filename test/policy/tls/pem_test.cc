#include "policy/tls/pem.h"

#include <gtest/gtest.h>

#include <string>

#include "test/testing/test_certificates.h"

namespace sluice::policy {
namespace {

using ::sluice::testing::TestCertificate;

class PemTest : public ::testing::Test {
 protected:
  const TestCertificate authority_ = TestCertificate::Authority("ca");
  const TestCertificate server_ = authority_.Issue({});
};

TEST_F(PemTest, TakesCertificatesAndChains) {
  EXPECT_TRUE(CheckCertificates(server_.certificate_pem()).ok());
  EXPECT_TRUE(CheckCertificates("Subject: a comment\n" +
                                server_.certificate_pem() + "\n" +
                                authority_.certificate_pem())
                  .ok());
}

TEST_F(PemTest, RefusesWhatIsNoCertificate) {
  EXPECT_FALSE(CheckCertificates("").ok());
  EXPECT_FALSE(CheckCertificates("certificate").ok());
  EXPECT_FALSE(CheckCertificates(server_.private_key_pem()).ok());
  std::string cut = server_.certificate_pem();
  cut.resize(cut.size() / 2);
  EXPECT_FALSE(CheckCertificates(cut).ok());
  EXPECT_FALSE(CheckCertificates(authority_.certificate_pem() + cut).ok());
}

TEST_F(PemTest, TakesTheKeyOfTheFirstCertificateOnly) {
  const std::string chain =
      server_.certificate_pem() + authority_.certificate_pem();
  EXPECT_TRUE(CheckPrivateKey(server_.private_key_pem(), chain).ok());
  EXPECT_FALSE(CheckPrivateKey(authority_.private_key_pem(), chain).ok());
}

TEST_F(PemTest, RefusesWhatIsNoPrivateKey) {
  EXPECT_FALSE(CheckPrivateKey("", server_.certificate_pem()).ok());
  EXPECT_FALSE(
      CheckPrivateKey(server_.certificate_pem(), server_.certificate_pem())
          .ok());
}

}  // namespace
}  // namespace sluice::policy
