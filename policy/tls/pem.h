#ifndef POLICY_TLS_PEM_H_
#define POLICY_TLS_PEM_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sluice::policy {

// Checks of what gRPC and libcurl would only complain about when it is too
// late, so that `--check`, or whoever writes it, finds out. Messages hold
// nothing of the texts.

// What certificates are for. OpenSSL, which serves gRPC and libcurl, is at
// security level 2 unless its own configuration says otherwise: it loads what
// it finds too weak (RSA under 2048 bits, EC under 224, MD5, SHA-1), and then
// fails every handshake. BoringSSL, which serves MQTT clients, does not.
enum class CertificateUse {
  kMqttListener,  // a chain that is shown by BoringSSL
  kShown,         // a chain that is shown by OpenSSL
  kTrusted,       // CAs that OpenSSL trusts
};

// At least one certificate, each of which can be parsed, and which OpenSSL
// takes where it is to: each of a chain that is shown, one of CAs at least.
absl::Status CheckCertificates(absl::string_view pem, CertificateUse use);

// A private key without a pass phrase that belongs to the first certificate of
// `certificates`, which CheckCertificates() has passed.
absl::Status CheckPrivateKey(absl::string_view private_key,
                             absl::string_view certificates);

// Whether the first of `certificates`, which CheckCertificates() has passed, is
// for a DNS name (`subjectAltName`, RFC 6125 section 6.4).
bool HasDnsName(absl::string_view certificates);

}  // namespace sluice::policy

#endif  // POLICY_TLS_PEM_H_
