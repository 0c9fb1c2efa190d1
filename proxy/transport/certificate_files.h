#ifndef PROXY_TRANSPORT_CERTIFICATE_FILES_H_
#define PROXY_TRANSPORT_CERTIFICATE_FILES_H_

#include <string>

namespace sluice::transport {

// PEM files: a certificate chain, leaf first, and the leaf's private key.
struct CertificateFiles {
  std::string certificate;
  std::string private_key;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_CERTIFICATE_FILES_H_
