#include "policy/tls/pem.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#ifndef OPENSSL_IS_BORINGSSL
#error "these are not BoringSSL's headers: depend on @boringssl//:crypto"
#endif

namespace sluice::policy {
namespace {

bssl::UniquePtr<BIO> Reader(absl::string_view text) {
  return bssl::UniquePtr<BIO>(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

bssl::UniquePtr<X509> NextCertificate(BIO* reader) {
  return bssl::UniquePtr<X509>(
      PEM_read_bio_X509(reader, nullptr, nullptr, nullptr));
}

// Nobody is there to be asked for a pass phrase.
int NoPassPhrase(char*, int, int, void*) { return 0; }

}  // namespace

absl::Status CheckCertificates(absl::string_view pem) {
  const bssl::UniquePtr<BIO> reader = Reader(pem);
  int count = 0;
  while (NextCertificate(reader.get()) != nullptr) ++count;
  const uint32_t error = ERR_peek_last_error();
  ERR_clear_error();
  // The reader ends with "no start line", at the end or at the first fault.
  if (count == 0) return absl::InvalidArgumentError("no PEM certificate");
  if (ERR_GET_LIB(error) != ERR_LIB_PEM ||
      ERR_GET_REASON(error) != PEM_R_NO_START_LINE) {
    return absl::InvalidArgumentError("a certificate is malformed");
  }
  return absl::OkStatus();
}

absl::Status CheckPrivateKey(absl::string_view private_key,
                             absl::string_view certificates) {
  const bssl::UniquePtr<EVP_PKEY> key(PEM_read_bio_PrivateKey(
      Reader(private_key).get(), nullptr, NoPassPhrase, nullptr));
  const bssl::UniquePtr<X509> certificate =
      NextCertificate(Reader(certificates).get());
  const bool fits = key != nullptr && certificate != nullptr &&
                    X509_check_private_key(certificate.get(), key.get()) == 1;
  ERR_clear_error();
  if (key == nullptr) {
    return absl::InvalidArgumentError("no PEM private key without pass phrase");
  }
  if (!fits) {
    return absl::InvalidArgumentError("does not belong to the certificate");
  }
  return absl::OkStatus();
}

}  // namespace sluice::policy
