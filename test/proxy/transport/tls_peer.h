#ifndef TEST_PROXY_TRANSPORT_TLS_PEER_H_
#define TEST_PROXY_TRANSPORT_TLS_PEER_H_

#include <openssl/ssl.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "test/testing/boringssl.h"
#include "test/testing/test_certificates.h"

namespace sluice::transport {

// A TLS client's end of a connection, over memory, for tests: records come in
// through Feed() and go out through TakeOutput(). Servers are not verified.
class TlsPeer {
 public:
  struct Options {
    uint16_t version = TLS1_3_VERSION;
    std::string server_name;
    std::vector<std::string> alpn;
    SSL_SESSION* resume = nullptr;
    // Shown when the server asks for one; outlives the constructor.
    const testing::TestCertificate* certificate = nullptr;
    // CertificateVerify is made with a key that is not the certificate's.
    bool sign_with_another_key = false;
    // Offered with cipher suites for pre-shared keys; empty: none are.
    std::string psk_identity;
    std::string psk;
    // The lowest version, where it is not `version`.
    uint16_t min_version = 0;
    // Of TLS 1.2; BoringSSL's default where it is empty.
    std::string ciphers;
  };
  static Options ForVersion(uint16_t version) {
    Options options;
    options.version = version;
    return options;
  }

  explicit TlsPeer(const Options& options);
  explicit TlsPeer(uint16_t version) : TlsPeer(ForVersion(version)) {}

  // Records from the server. Runs the handshake and collects what is decrypted.
  void Feed(absl::string_view records);
  // Records for the server; begins with ClientHello.
  std::string TakeOutput();
  void Write(absl::string_view plaintext);
  void Shutdown();

  bool is_ready() const { return ready_; }
  // close_notify came.
  bool is_closed() const { return closed_; }
  // The fatal alert that the server sent, or 0.
  int alert() const { return alert_; }
  const std::string& received() const { return received_; }
  std::string TakeReceived();

  // The common name of the server's certificate.
  std::string ServerCommonName() const;
  std::string SelectedAlpn() const;
  // Of the cipher suite, as the standards have it.
  std::string CipherName() const {
    return SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl_.get()));
  }
  bool is_resumed() const { return SSL_session_reused(ssl_.get()) == 1; }
  // What the server gave for resumption; null if nothing.
  SSL_SESSION* session() const { return session_.get(); }
  std::array<uint8_t, 32> Export(absl::string_view label,
                                 bool use_context) const;
  const Options& options() const { return options_; }
  SSL* ssl() const { return ssl_.get(); }

 private:
  void Advance();

  const Options options_;
  bssl::UniquePtr<SSL_CTX> context_;
  bssl::UniquePtr<SSL> ssl_;
  bssl::UniquePtr<SSL_SESSION> session_;
  std::string received_;
  bool ready_ = false;
  bool closed_ = false;
  int alert_ = 0;
};

}  // namespace sluice::transport

#endif  // TEST_PROXY_TRANSPORT_TLS_PEER_H_
