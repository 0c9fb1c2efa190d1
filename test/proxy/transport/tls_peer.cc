#include "test/proxy/transport/tls_peer.h"

#include <openssl/bio.h>
#include <openssl/ec_key.h>
#include <openssl/err.h>
#include <openssl/nid.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <utility>

namespace sluice::transport {

namespace {

void UseCertificate(const testing::TestCertificate& certificate, SSL* ssl) {
  const auto reader = [](const std::string& pem) {
    return bssl::UniquePtr<BIO>(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  };
  const bssl::UniquePtr<X509> leaf(PEM_read_bio_X509(
      reader(certificate.certificate_pem()).get(), nullptr, nullptr, nullptr));
  const bssl::UniquePtr<EVP_PKEY> key(PEM_read_bio_PrivateKey(
      reader(certificate.private_key_pem()).get(), nullptr, nullptr, nullptr));
  SSL_use_certificate(ssl, leaf.get());
  SSL_use_PrivateKey(ssl, key.get());
  constexpr uint16_t kAlgorithms[] = {SSL_SIGN_ED25519,
                                      SSL_SIGN_ECDSA_SECP256R1_SHA256};
  SSL_set_signing_algorithm_prefs(ssl, kAlgorithms, 2);
}

// Signs with a key of its own, whatever the certificate says.
ssl_private_key_result_t SignWithAnotherKey(SSL* /*ssl*/, uint8_t* out,
                                            size_t* out_length, size_t max_out,
                                            uint16_t /*algorithm*/,
                                            const uint8_t* in,
                                            size_t in_length) {
  const bssl::UniquePtr<EC_KEY> ec(
      EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  EC_KEY_generate_key(ec.get());
  const bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  EVP_PKEY_set1_EC_KEY(key.get(), ec.get());
  bssl::ScopedEVP_MD_CTX context;
  *out_length = max_out;
  return EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr,
                            key.get()) &&
                 EVP_DigestSign(context.get(), out, out_length, in, in_length)
             ? ssl_private_key_success
             : ssl_private_key_failure;
}

unsigned GivePreSharedKey(SSL* ssl, const char* /*hint*/, char* identity,
                          unsigned max_identity, uint8_t* psk,
                          unsigned max_psk) {
  const auto* self =
      static_cast<const TlsPeer*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  const TlsPeer::Options& options = self->options();
  if (options.psk_identity.size() >= max_identity ||
      options.psk.size() > max_psk) {
    return 0;
  }
  std::copy_n(options.psk_identity.c_str(), options.psk_identity.size() + 1,
              identity);
  std::copy(options.psk.begin(), options.psk.end(), psk);
  return static_cast<unsigned>(options.psk.size());
}

constexpr SSL_PRIVATE_KEY_METHOD kAnotherKey = {SignWithAnotherKey, nullptr,
                                                nullptr};

}  // namespace

TlsPeer::TlsPeer(const Options& options)
    : options_(options), context_(SSL_CTX_new(TLS_client_method())) {
  SSL_CTX_set_min_proto_version(context_.get(), options.min_version == 0
                                                    ? options.version
                                                    : options.min_version);
  if (!options.ciphers.empty()) {
    SSL_CTX_set_strict_cipher_list(context_.get(), options.ciphers.c_str());
  }
  SSL_CTX_set_max_proto_version(context_.get(), options.version);
  SSL_CTX_set_session_cache_mode(context_.get(), SSL_SESS_CACHE_CLIENT);
  SSL_CTX_set_app_data(context_.get(), this);
  SSL_CTX_sess_set_new_cb(context_.get(), [](SSL* ssl, SSL_SESSION* session) {
    auto* self =
        static_cast<TlsPeer*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    self->session_.reset(session);
    return 1;  // ownership taken
  });
  SSL_CTX_set_info_callback(
      context_.get(), [](const SSL* ssl, int type, int value) {
        auto* self =
            static_cast<TlsPeer*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
        if (type == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL) {
          self->alert_ = value & 0xff;
        }
      });
  if (!options.psk.empty()) {
    SSL_CTX_set_psk_client_callback(context_.get(), GivePreSharedKey);
  }
  ssl_.reset(SSL_new(context_.get()));
  SSL_set_connect_state(ssl_.get());
  SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  BIO_set_mem_eof_return(SSL_get_rbio(ssl_.get()), -1);
  if (!options.server_name.empty()) {
    SSL_set_tlsext_host_name(ssl_.get(), options.server_name.c_str());
  }
  std::string protocols;
  for (const std::string& name : options.alpn) {
    protocols += static_cast<char>(name.size());
    protocols += name;
  }
  SSL_set_alpn_protos(ssl_.get(),
                      reinterpret_cast<const uint8_t*>(protocols.data()),
                      protocols.size());
  if (options.certificate != nullptr) {
    UseCertificate(*options.certificate, ssl_.get());
    if (options.sign_with_another_key) {
      SSL_set_private_key_method(ssl_.get(), &kAnotherKey);
    }
  }
  if (options.resume != nullptr) SSL_set_session(ssl_.get(), options.resume);
  Advance();
}

void TlsPeer::Feed(absl::string_view records) {
  BIO_write(SSL_get_rbio(ssl_.get()), records.data(),
            static_cast<int>(records.size()));
  Advance();
}

std::string TlsPeer::TakeOutput() {
  BIO* bio = SSL_get_wbio(ssl_.get());
  const uint8_t* data;
  size_t length;
  BIO_mem_contents(bio, &data, &length);
  std::string output(reinterpret_cast<const char*>(data), length);
  BIO_reset(bio);
  return output;
}

void TlsPeer::Write(absl::string_view plaintext) {
  SSL_write(ssl_.get(), plaintext.data(), static_cast<int>(plaintext.size()));
}

void TlsPeer::Shutdown() { SSL_shutdown(ssl_.get()); }

std::string TlsPeer::TakeReceived() { return std::exchange(received_, {}); }

std::string TlsPeer::ServerCommonName() const {
  bssl::UniquePtr<X509> certificate(SSL_get_peer_certificate(ssl_.get()));
  char name[256] = "";
  if (certificate != nullptr) {
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()),
                              NID_commonName, name, sizeof(name));
  }
  return name;
}

std::string TlsPeer::SelectedAlpn() const {
  const uint8_t* data;
  unsigned length;
  SSL_get0_alpn_selected(ssl_.get(), &data, &length);
  return std::string(reinterpret_cast<const char*>(data), length);
}

std::array<uint8_t, 32> TlsPeer::Export(absl::string_view label,
                                        bool use_context) const {
  std::array<uint8_t, 32> value{};
  SSL_export_keying_material(ssl_.get(), value.data(), value.size(),
                             label.data(), label.size(), nullptr, 0,
                             use_context ? 1 : 0);
  return value;
}

void TlsPeer::Advance() {
  if (!ready_) {
    if (SSL_do_handshake(ssl_.get()) != 1) {
      ERR_clear_error();
      return;
    }
    ready_ = true;
  }
  char buffer[4096];
  int count;
  while ((count = SSL_read(ssl_.get(), buffer, sizeof(buffer))) > 0) {
    received_.append(buffer, static_cast<size_t>(count));
  }
  if (SSL_get_error(ssl_.get(), count) == SSL_ERROR_ZERO_RETURN) {
    closed_ = true;
  }
  ERR_clear_error();
}

}  // namespace sluice::transport
