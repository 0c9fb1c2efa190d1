#ifndef POLICY_TLS_PEM_READER_H_
#define POLICY_TLS_PEM_READER_H_

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "absl/strings/string_view.h"

#ifndef OPENSSL_IS_BORINGSSL
#error "these are not BoringSSL's headers: depend on @boringssl//:crypto"
#endif

namespace sluice::policy {

// Of `pem`, which outlives it.
inline bssl::UniquePtr<BIO> PemReader(absl::string_view pem) {
  return bssl::UniquePtr<BIO>(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// Null at the end or at the first fault, which the error queue then says.
inline bssl::UniquePtr<X509> NextCertificate(BIO* reader) {
  return bssl::UniquePtr<X509>(
      PEM_read_bio_X509(reader, nullptr, nullptr, nullptr));
}

}  // namespace sluice::policy

#endif  // POLICY_TLS_PEM_READER_H_
