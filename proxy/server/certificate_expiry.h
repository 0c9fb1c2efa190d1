#ifndef PROXY_SERVER_CERTIFICATE_EXPIRY_H_
#define PROXY_SERVER_CERTIFICATE_EXPIRY_H_

#include <string>

#include "absl/time/time.h"

namespace sluice::server {

// When a certificate that the proxy uses expires: of a chain the first, of CAs
// the last.
struct CertificateExpiry {
  std::string listener;  // whose it is; empty: it is no listener's
  std::string of;  // what it is then: policy.tls.certificate, policy.tls.ca
  absl::Time not_after;
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_CERTIFICATE_EXPIRY_H_
