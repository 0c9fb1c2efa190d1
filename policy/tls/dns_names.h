#ifndef POLICY_TLS_DNS_NAMES_H_
#define POLICY_TLS_DNS_NAMES_H_

#include <openssl/x509.h>

#include <string>
#include <vector>

#ifndef OPENSSL_IS_BORINGSSL
#error "these are not BoringSSL's headers: depend on @boringssl//:crypto"
#endif

namespace sluice::policy {

// The DNS names that a certificate is for (`subjectAltName`, RFC 6125 section
// 6.4), in lower case.
std::vector<std::string> DnsNames(X509* certificate);

}  // namespace sluice::policy

#endif  // POLICY_TLS_DNS_NAMES_H_
