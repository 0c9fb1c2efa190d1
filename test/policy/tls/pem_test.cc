#include "policy/tls/pem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "test/testing/test_certificates.h"

namespace sluice::policy {
namespace {

using ::sluice::testing::CertificateOptions;
using ::sluice::testing::TestCertificate;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// openssl ecparam -name prime192v1 -genkey -noout -out k.pem;
// openssl req -x509 -new -key k.pem -subj /CN=weak -days 36500
constexpr char kP192[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBVTCCAQugAwIBAgIUMHSYhKczq8rIHEC7HyXmeZF7JzkwCgYIKoZIzj0EAwIw\n"
    "DzENMAsGA1UEAwwEd2VhazAgFw0yNjExMjkxOTMzMjZaGA8yMTI2MTEwNTE5MzMy\n"
    "NlowDzENMAsGA1UEAwwEd2VhazBJMBMGByqGSM49AgEGCCqGSM49AwEBAzIABEmR\n"
    "xkXK1DOqKQKZxjUdDop23L7TayzKLZQJQ4YF2/WSFWoMMQQLmeCM0Y4zNbSNNqNT\n"
    "MFEwHQYDVR0OBBYEFJzRuQE3yDqOjSlpSmLbXhXGYgWsMB8GA1UdIwQYMBaAFJzR\n"
    "uQE3yDqOjSlpSmLbXhXGYgWsMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwID\n"
    "OAAwNQIYPP2GT0D+Mitb1vz3tCidi7pmxtKoZp54AhkA5TVHJLLi3RCX7/eZck4r\n"
    "+9G1qOVaY/Ly\n"
    "-----END CERTIFICATE-----\n";

// openssl genpkey -algorithm ed25519 |
// openssl pkcs8 -topk8 -passout pass:secret -iter 1
constexpr char kEncryptedPkcs8[] =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIGaMFYGCSqGSIb3DQEFDTBJMCgGCSqGSIb3DQEFDDAbBAhjsqa5iYPCygIBATAM\n"
    "BggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQ7JpBxwRBYOs9Xon8n7DWCwRABIru\n"
    "yE29D9eBHToYx9h5AqUQCgF1/bI5uZpFGWhBtLx3mvh5+fdF7VgZBvDFt1O7L2ol\n"
    "NnGZed5JVoPVTYJZNA==\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";

// openssl ecparam -name prime256v1 -genkey -noout |
// openssl ec -aes128 -passout pass:secret
constexpr char kEncryptedEc[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\n"
    "DEK-Info: AES-128-CBC,70D2EA2056A842C1FA25DC9A3862CD27\n"
    "\n"
    "/tRk8aKnHgfCICaoNWT7Vn3nBQDSZJXUeUBX1iBh7hWHptPm0oZjUPRPvynM5Qvy\n"
    "8QasM77ojqZIIkjQWkZzJymaZu89kXg/qfrE3nZzh/V5ttTo/WpPwLKaYTfy3hiy\n"
    "kQ+q9/GPgkpAEYpXHSDukEoSKaSSuu1dgGKIO0W4Dsk=\n"
    "-----END EC PRIVATE KEY-----\n";

// openssl ecparam -name secp256k1 -genkey -noout
constexpr char kSecp256k1[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHQCAQEEINCIWZZ/Hq5TR5ojyY525f3pib0cSqE4WgYkf1W/s7wKoAcGBSuBBAAK\n"
    "oUQDQgAEfVmIOM9+zeSAP8T27j/rUsOXUhAejfgTIOUmIo79oPOF+vOR7J8YFNLD\n"
    "gd1WxgehD67zVRe3hgrHSYHRc8t9NQ==\n"
    "-----END EC PRIVATE KEY-----\n";

// openssl genpkey -algorithm ed448
constexpr char kEd448[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MEcCAQAwBQYDK2VxBDsEOdpUqn4vOPAijpyY3k2KGakMJr4dBiAF+74euGB45uRK\n"
    "XIFJEFp7jmAWk+s3nCxVEqHCVo5nrGi+TA==\n"
    "-----END PRIVATE KEY-----\n";

absl::Status Check(absl::string_view pem,
                   CertificateUse use = CertificateUse::kShown) {
  return CheckCertificates(pem, use);
}

class PemTest : public ::testing::Test {
 protected:
  const TestCertificate authority_ = TestCertificate::Authority("ca");
  const TestCertificate server_ = authority_.Issue({});
};

TEST_F(PemTest, TakesCertificatesAndChains) {
  EXPECT_TRUE(Check(server_.certificate_pem()).ok());
  EXPECT_TRUE(Check("Subject: a comment\n" + server_.certificate_pem() + "\n" +
                    authority_.certificate_pem())
                  .ok());
}

TEST_F(PemTest, RefusesWhatIsNoCertificate) {
  EXPECT_FALSE(Check("").ok());
  EXPECT_FALSE(Check("certificate").ok());
  EXPECT_FALSE(Check(server_.private_key_pem()).ok());
  std::string cut = server_.certificate_pem();
  cut.resize(cut.size() / 2);
  EXPECT_FALSE(Check(cut).ok());
  EXPECT_FALSE(Check(authority_.certificate_pem() + cut).ok());
}

TEST_F(PemTest, RefusesToShowWhatOpenSslFindsTooWeak) {
  const auto complaint = [](const TestCertificate& certificate) {
    return std::string(Check(certificate.certificate_pem()).message());
  };
  CertificateOptions options;
  options.key = CertificateOptions::Key::kRsa1024;
  EXPECT_THAT(
      complaint(authority_.Issue(options)),
      AllOf(HasSubstr("certificate 1 is too weak for OpenSSL"),
            HasSubstr("its RSA key has 1024 bits, and needs 2048 or more")));
  options.key = CertificateOptions::Key::kRsa2048;
  EXPECT_EQ(complaint(authority_.Issue(options)), "");
  EXPECT_EQ(complaint(TestCertificate::SelfSigned(options)), "");
  EXPECT_THAT(std::string(Check(kP192).message()),
              HasSubstr("its EC key has 192 bits, and needs 224 or more"));
  options.signed_with_sha1 = true;
  EXPECT_THAT(complaint(authority_.Issue(options)),
              HasSubstr("its issuer signed it with SHA-1"));
  // Nobody looks at its signature.
  EXPECT_EQ(complaint(TestCertificate::SelfSigned(options)), "");
  options.key = CertificateOptions::Key::kEd25519;
  EXPECT_THAT(complaint(authority_.Issue(options)), HasSubstr("SHA-1"));
  // It is sent along, and looked at as well.
  EXPECT_THAT(std::string(Check(server_.certificate_pem() + kP192).message()),
              HasSubstr("certificate 2 is too weak"));
}

TEST_F(PemTest, OneCaThatOpenSslTakesIsEnough) {
  EXPECT_FALSE(Check(kP192, CertificateUse::kTrusted).ok());
  EXPECT_TRUE(
      Check(authority_.certificate_pem() + kP192, CertificateUse::kTrusted)
          .ok());
  // Who has signed it does not matter where it is trusted.
  CertificateOptions options;
  options.signed_with_sha1 = true;
  EXPECT_TRUE(Check(authority_.Issue(options).certificate_pem(),
                    CertificateUse::kTrusted)
                  .ok());
}

TEST_F(PemTest, MqttClientsMayTakeWhatOpenSslWouldNot) {
  EXPECT_TRUE(Check(kP192, CertificateUse::kMqttListener).ok());
}

TEST_F(PemTest, TakesTheKeyOfTheFirstCertificateOnly) {
  const std::string chain =
      server_.certificate_pem() + authority_.certificate_pem();
  EXPECT_TRUE(CheckPrivateKey(server_.private_key_pem(), chain).ok());
  EXPECT_FALSE(CheckPrivateKey(authority_.private_key_pem(), chain).ok());
}

TEST_F(PemTest, SaysWhyAPrivateKeyCannotBeUsed) {
  const std::string& pem = server_.private_key_pem();
  const std::pair<std::string, const char*> kCases[] = {
      {"", "no PEM private key"},
      {server_.certificate_pem(), "no PEM private key"},
      {"\x30\x2e\x02\x01", "no PEM private key"},
      {kEncryptedPkcs8, "the private key is encrypted"},
      {kEncryptedEc, "the private key is encrypted"},
      {kSecp256k1,
       "the private key is malformed, or of an unsupported kind; expected RSA"},
      {kEd448, "a private key of an unsupported kind"},
      {pem.substr(0, pem.size() / 2), "the private key is malformed"},
      {authority_.private_key_pem(), "does not belong to the certificate"},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(
        std::string(
            CheckPrivateKey(c.first, server_.certificate_pem()).message()),
        StartsWith(c.second));
  }
}

}  // namespace
}  // namespace sluice::policy
