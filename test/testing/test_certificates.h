#ifndef TEST_TESTING_TEST_CERTIFICATES_H_
#define TEST_TESTING_TEST_CERTIFICATES_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sluice::testing {

// What goes into a certificate.
struct CertificateOptions {
  std::string common_name = "localhost";
  std::vector<std::string> dns_names = {"localhost"};
  std::vector<std::string> ip_addresses = {"127.0.0.1"};
  enum class Key { kP256, kEd25519, kRsa1024, kRsa2048 };
  Key key = Key::kP256;
  // The issuer's signature is over a hash that nobody should trust any more.
  bool signed_with_sha1 = false;
  // Relative to the present.
  absl::Duration not_before = -absl::Hours(1);
  absl::Duration not_after = absl::Hours(24);
};

// A key pair with its X.509 certificate, made in the test.
// A failure inside aborts the test program.
class TestCertificate {
 public:
  // A certificate authority that signed itself.
  static TestCertificate Authority(absl::string_view common_name);
  // An end entity that signed itself.
  static TestCertificate SelfSigned(const CertificateOptions& options);
  // An end entity that this authority vouches for.
  TestCertificate Issue(const CertificateOptions& options) const;

  const std::string& certificate_pem() const { return certificate_pem_; }
  // The same in DER.
  const std::string& certificate_der() const { return certificate_der_; }
  // PKCS #8.
  const std::string& private_key_pem() const { return private_key_pem_; }

 private:
  TestCertificate() = default;

  std::string certificate_pem_;
  std::string certificate_der_;
  std::string private_key_pem_;
};

// A directory that goes away, with what is in it, at the end of its life.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  // Writes (or replaces) a file; returns its path.
  std::string Write(absl::string_view name, absl::string_view contents) const;

 private:
  std::string path_;
};

// The permissions of the file at `path`, which there is.
mode_t ModeOf(const std::string& path);

}  // namespace sluice::testing

#endif  // TEST_TESTING_TEST_CERTIFICATES_H_
