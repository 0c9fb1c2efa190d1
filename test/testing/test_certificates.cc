#include "test/testing/test_certificates.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/bytestring.h>
#include <openssl/curve25519.h>
#include <openssl/ec_key.h>
#include <openssl/evp.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "test/testing/boringssl.h"

namespace sluice::testing {
namespace {

void Require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "test_certificates: %s failed\n", what);
  std::abort();
}

bssl::UniquePtr<EVP_PKEY> NewEd25519Key() {
  uint8_t public_key[ED25519_PUBLIC_KEY_LEN];
  uint8_t private_key[ED25519_PRIVATE_KEY_LEN];
  ED25519_keypair(public_key, private_key);
  // The seed is what it begins with.
  bssl::UniquePtr<EVP_PKEY> key(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, private_key, 32));
  Require(key != nullptr, "key");
  return key;
}

bssl::UniquePtr<EVP_PKEY> NewRsaKey(int bits) {
  bssl::UniquePtr<RSA> rsa(RSA_new());
  bssl::UniquePtr<BIGNUM> exponent(BN_new());
  Require(rsa && exponent && BN_set_word(exponent.get(), RSA_F4) &&
              RSA_generate_key_ex(rsa.get(), bits, exponent.get(), nullptr),
          "key generation");
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  Require(key && EVP_PKEY_set1_RSA(key.get(), rsa.get()), "key");
  return key;
}

bssl::UniquePtr<EVP_PKEY> NewKey(const CertificateOptions& options) {
  using Key = CertificateOptions::Key;
  if (options.key == Key::kEd25519) return NewEd25519Key();
  if (options.key == Key::kRsa1024) return NewRsaKey(1024);
  if (options.key == Key::kRsa2048) return NewRsaKey(2048);
  bssl::UniquePtr<EC_KEY> ec(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  Require(ec && EC_KEY_generate_key(ec.get()), "key generation");
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  Require(key && EVP_PKEY_set1_EC_KEY(key.get(), ec.get()), "key");
  return key;
}

std::string ReadBio(BIO* bio) {
  const uint8_t* data;
  size_t length;
  Require(BIO_mem_contents(bio, &data, &length), "BIO");
  return std::string(reinterpret_cast<const char*>(data), length);
}

void AddExtension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  bssl::UniquePtr<X509_EXTENSION> extension(
      X509V3_EXT_nconf_nid(nullptr, &context, nid, value.c_str()));
  Require(extension && X509_add_ext(certificate, extension.get(), -1),
          "extension");
}

std::string AlternativeNames(const CertificateOptions& options) {
  std::string names;
  for (const std::string& name : options.dns_names) {
    absl::StrAppend(&names, names.empty() ? "" : ",", "DNS:", name);
  }
  for (const std::string& address : options.ip_addresses) {
    absl::StrAppend(&names, names.empty() ? "" : ",", "IP:", address);
  }
  return names;
}

bssl::UniquePtr<X509> NewCertificate(const CertificateOptions& options,
                                     bool authority, EVP_PKEY* key) {
  bssl::UniquePtr<X509> certificate(X509_new());
  Require(X509_set_version(certificate.get(), X509_VERSION_3), "version");
  uint64_t serial;
  RAND_bytes(reinterpret_cast<uint8_t*>(&serial), sizeof(serial));
  Require(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()),
                                  serial >> 1),
          "serial number");
  X509_NAME* subject = X509_get_subject_name(certificate.get());
  Require(X509_NAME_add_entry_by_txt(
              subject, "CN", MBSTRING_UTF8,
              reinterpret_cast<const uint8_t*>(options.common_name.data()),
              options.common_name.size(), -1, 0),
          "subject");
  const std::time_t now = std::time(nullptr);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()),
                now + absl::ToInt64Seconds(options.not_before));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()),
                now + absl::ToInt64Seconds(options.not_after));
  Require(X509_set_pubkey(certificate.get(), key), "public key");
  AddExtension(certificate.get(), NID_basic_constraints,
               authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  AddExtension(
      certificate.get(), NID_key_usage,
      authority ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature");
  const std::string names = AlternativeNames(options);
  if (!authority && !names.empty()) {
    AddExtension(certificate.get(), NID_subject_alt_name, names);
  }
  return certificate;
}

struct Pem {
  std::string certificate, private_key, der;
};

Pem Sign(const CertificateOptions& options, X509* certificate, EVP_PKEY* key,
         X509_NAME* issuer, EVP_PKEY* issuer_key) {
  Require(X509_set_issuer_name(certificate, issuer), "issuer");
  const EVP_MD* digest = options.signed_with_sha1 ? EVP_sha1() : EVP_sha256();
  if (EVP_PKEY_id(issuer_key) == EVP_PKEY_ED25519) digest = nullptr;
  Require(X509_sign(certificate, issuer_key, digest), "signature");
  Pem pem;
  uint8_t* der = nullptr;
  const int length = i2d_X509(certificate, &der);
  Require(length > 0, "DER");
  const bssl::UniquePtr<uint8_t> owned(der);
  pem.der.assign(reinterpret_cast<const char*>(der),
                 static_cast<size_t>(length));
  bssl::UniquePtr<BIO> bio(BIO_new(BIO_s_mem()));
  Require(PEM_write_bio_X509(bio.get(), certificate), "PEM");
  pem.certificate = ReadBio(bio.get());
  bio.reset(BIO_new(BIO_s_mem()));
  Require(PEM_write_bio_PKCS8PrivateKey(bio.get(), key, nullptr, nullptr, 0,
                                        nullptr, nullptr),
          "PEM");
  pem.private_key = ReadBio(bio.get());
  return pem;
}

Pem SelfSign(const CertificateOptions& options, bool authority) {
  bssl::UniquePtr<EVP_PKEY> key = NewKey(options);
  bssl::UniquePtr<X509> certificate =
      NewCertificate(options, authority, key.get());
  return Sign(options, certificate.get(), key.get(),
              X509_get_subject_name(certificate.get()), key.get());
}

}  // namespace

TestCertificate TestCertificate::Authority(absl::string_view common_name) {
  CertificateOptions options;
  options.common_name = std::string(common_name);
  Pem pem = SelfSign(options, /*authority=*/true);
  TestCertificate result;
  result.certificate_pem_ = std::move(pem.certificate);
  result.certificate_der_ = std::move(pem.der);
  result.private_key_pem_ = std::move(pem.private_key);
  return result;
}

TestCertificate TestCertificate::SelfSigned(const CertificateOptions& options) {
  Pem pem = SelfSign(options, /*authority=*/false);
  TestCertificate result;
  result.certificate_pem_ = std::move(pem.certificate);
  result.certificate_der_ = std::move(pem.der);
  result.private_key_pem_ = std::move(pem.private_key);
  return result;
}

TestCertificate TestCertificate::Issue(
    const CertificateOptions& options) const {
  bssl::UniquePtr<BIO> bio(
      BIO_new_mem_buf(certificate_pem_.data(), certificate_pem_.size()));
  bssl::UniquePtr<X509> issuer(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  bio.reset(BIO_new_mem_buf(private_key_pem_.data(), private_key_pem_.size()));
  bssl::UniquePtr<EVP_PKEY> issuer_key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  Require(issuer && issuer_key, "reading the authority");

  bssl::UniquePtr<EVP_PKEY> key = NewKey(options);
  bssl::UniquePtr<X509> certificate =
      NewCertificate(options, /*authority=*/false, key.get());
  Pem pem = Sign(options, certificate.get(), key.get(),
                 X509_get_subject_name(issuer.get()), issuer_key.get());
  TestCertificate result;
  result.certificate_pem_ = std::move(pem.certificate);
  result.certificate_der_ = std::move(pem.der);
  result.private_key_pem_ = std::move(pem.private_key);
  return result;
}

TempDir::TempDir() {
  const char* base = std::getenv("TEST_TMPDIR");
  path_ = absl::StrCat(base == nullptr ? "/tmp" : base, "/sluice.XXXXXX");
  Require(mkdtemp(path_.data()) != nullptr, "mkdtemp");
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::Write(absl::string_view name,
                           absl::string_view contents) const {
  std::string path = absl::StrCat(path_, "/", name);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(contents.data(), static_cast<std::streamsize>(contents.size()));
  file.close();
  Require(!file.fail(), "writing a file");
  return path;
}

mode_t ModeOf(const std::string& path) {
  struct stat status;
  Require(stat(path.c_str(), &status) == 0, "stat");
  return status.st_mode & 07777;
}

}  // namespace sluice::testing
