#ifndef POLICY_ACE_CLIENT_CERTIFICATE_H_
#define POLICY_ACE_CLIENT_CERTIFICATE_H_

#include <optional>
#include <string>

#include "proxy/base/bytes.h"

namespace sluice::ace {

// What a token may be bound to of a certificate that a client showed in the TLS
// handshake (ACE-AUTH-3). Nothing else that the certificate says counts.
struct ClientCertificate {
  // The RFC 7638 thumbprint of its public key, in base64url, as
  // PopKey::thumbprint() has it. nullopt where the key is neither Ed25519 nor
  // P-256, or `der` is not a certificate.
  std::optional<std::string> key_thumbprint;
  // PopKey::CertificateIdentity() of its SHA-256 (RFC 8705 section 3.1).
  std::string identity;
};

// Reads a certificate in DER (RFC 5280).
ClientCertificate ReadClientCertificate(ByteView der);

}  // namespace sluice::ace

#endif  // POLICY_ACE_CLIENT_CERTIFICATE_H_
