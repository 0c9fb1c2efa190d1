// Client certificates. Where a key is found in one that BoringSSL can read too,
// BoringSSL finds a key of such a kind.
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "policy/ace/client_certificate.h"
#include "policy/ace/openssl_guard.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {
namespace {

bool IsKeyOfOurs(const EVP_PKEY* key) {
  if (key == nullptr) return false;
  if (EVP_PKEY_id(key) == EVP_PKEY_ED25519) return true;
  const EC_KEY* ec = EVP_PKEY_get0_EC_KEY(key);
  return ec != nullptr &&
         EC_GROUP_get_curve_name(EC_KEY_get0_group(ec)) == NID_X9_62_prime256v1;
}

void CheckOne(ByteView der) {
  const ClientCertificate read = ReadClientCertificate(der);
  if (read.identity.empty()) std::abort();
  if (!read.key_thumbprint.has_value()) return;
  const uint8_t* data = der.data();
  const bssl::UniquePtr<X509> certificate(
      d2i_X509(nullptr, &data, static_cast<long>(der.size())));
  if (certificate == nullptr) return;
  const bssl::UniquePtr<EVP_PKEY> key(X509_get_pubkey(certificate.get()));
  if (!IsKeyOfOurs(key.get())) std::abort();
}

}  // namespace
}  // namespace sluice::ace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sluice::ace::CheckOne(sluice::ByteView(data, size));
  return 0;
}
