#ifndef PROXY_TRANSPORT_TLS_CONTEXT_H_
#define PROXY_TRANSPORT_TLS_CONTEXT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proxy/transport/boringssl.h"
#include "proxy/transport/certificate_files.h"

namespace sluice::transport {

enum class TlsVersion : uint8_t { k12, k13 };

struct TlsOptions {
  // The first is for clients that send no server name, or one that none of the
  // others has; at least one.
  std::vector<CertificateFiles> certificates;
  TlsVersion min_version = TlsVersion::k12;
  // Ask clients for a certificate, and take any: see TlsContext.
  bool request_client_certificate = false;
  // Take pre-shared keys: see TlsContext.
  bool take_pre_shared_keys = false;
};

// What the TLS server of a listener offers: TLS 1.2 (ECDHE with AEAD ciphers,
// Extended Master Secret required, ACE-POP-9) and 1.3; session tickets; no
// renegotiation, compression or early data. Of ALPN `mqtt` is taken; a client
// that offers others only gets no_application_protocol (RFC 7301 section 3.2).
//
// A client certificate is asked for only where the options say so, and is never
// required. Any will do, self-signed, expired and of an unknown issuer
// (ACE-AUTH-3): the access token vouches for the key (RFC 9431 section 2.2.1),
// CertificateVerify shows that the client has it (RFC 8446 section 4.4.3), and
// nothing else that the certificate says is believed. A resumed session has the
// certificate of the handshake that it descends from.
//
// Pre-shared keys are taken only where the options say so. BoringSSL has them
// in TLS 1.2; of its cipher suites, ECDHE-PSK-CHACHA20-POLY1305 is the one with
// forward secrecy and an AEAD. A client that offers it has a key to prove, so
// it comes first, and before TLS 1.3, where the key could not be used. Such a
// connection gets no ticket and is never resumed: each time, the policy service
// says anew which key it is. See PskExchange.
//
// Immutable, so connections on all threads share it; a reload makes a new one.
class TlsContext {
 public:
  // Reads the files. An error names the file and never holds key material.
  static absl::StatusOr<std::shared_ptr<const TlsContext>> Create(
      const TlsOptions& options);

  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // A server's end of a new connection.
  bssl::UniquePtr<SSL> NewConnection() const;

 private:
  TlsContext() = default;

  static ssl_select_cert_result_t OnClientHello(
      const SSL_CLIENT_HELLO* client_hello);
  SSL_CTX* Find(absl::string_view server_name) const;

  bssl::UniquePtr<SSL_CTX> default_;
  std::vector<bssl::UniquePtr<SSL_CTX>> others_;
  // Names of the leaves in lower case, wildcards ("*.example.com") too.
  std::unordered_map<std::string, SSL_CTX*> by_name_;
  bool takes_pre_shared_keys_ = false;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_TLS_CONTEXT_H_
