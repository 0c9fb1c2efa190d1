#include "proxy/transport/tls_context.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "policy/tls/dns_names.h"
#include "policy/tls/pem_reader.h"
#include "proxy/base/small_file.h"
#include "proxy/transport/psk_exchange.h"

namespace sluice::transport {
namespace {

constexpr char kTls12Ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
// The first is for pre-shared keys, and is chosen where such are taken only.
constexpr char kTls12CiphersWithPsk[] =
    "ECDHE-PSK-CHACHA20-POLY1305:ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr uint16_t kPskCipher =
    TLS1_CK_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256 & 0xffff;

// The error queue's latest entry, for people. Clears the queue.
std::string TakeError() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  std::string text = reason == nullptr ? "unknown error" : reason;
  ERR_clear_error();
  return absl::AsciiStrToLower(text);
}

absl::Status FileError(const std::string& path, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", what));
}

// Installs the chain; returns its leaf.
absl::StatusOr<bssl::UniquePtr<X509>> LoadChain(const std::string& path,
                                                SSL_CTX* context) {
  absl::StatusOr<std::string> pem = ReadSmallFile(path);
  if (!pem.ok()) return pem.status();
  const bssl::UniquePtr<BIO> reader = policy::PemReader(*pem);
  bssl::UniquePtr<X509> leaf;
  while (auto certificate = policy::NextCertificate(reader.get())) {
    if (leaf == nullptr) {
      leaf = std::move(certificate);
      if (!SSL_CTX_use_certificate(context, leaf.get())) {
        return FileError(path, TakeError());
      }
    } else if (!SSL_CTX_add1_chain_cert(context, certificate.get())) {
      return FileError(path, TakeError());
    }
  }
  const uint32_t error = ERR_peek_last_error();
  const bool at_end = ERR_GET_LIB(error) == ERR_LIB_PEM &&
                      ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  if (!at_end) return FileError(path, TakeError());
  ERR_clear_error();
  if (leaf == nullptr) return FileError(path, "holds no PEM certificate");
  return leaf;
}

absl::Status LoadKey(const CertificateFiles& files, X509* leaf,
                     SSL_CTX* context) {
  absl::StatusOr<std::string> pem = ReadSmallFile(files.private_key);
  if (!pem.ok()) return pem.status();
  const bssl::UniquePtr<BIO> reader = policy::PemReader(*pem);
  // An encrypted key is refused, rather than asked a pass phrase for.
  bssl::UniquePtr<EVP_PKEY> key(PEM_read_bio_PrivateKey(
      reader.get(), nullptr, [](char*, int, int, void*) { return 0; },
      nullptr));
  OPENSSL_cleanse(pem->data(), pem->size());
  if (key == nullptr) {
    ERR_clear_error();
    return FileError(files.private_key, "holds no unencrypted private key");
  }
  if (!X509_check_private_key(leaf, key.get())) {
    ERR_clear_error();
    return FileError(files.private_key,
                     absl::StrCat("is not the key of the certificate in ",
                                  files.certificate));
  }
  if (!SSL_CTX_use_PrivateKey(context, key.get())) {
    return FileError(files.private_key, TakeError());
  }
  return absl::OkStatus();
}

int SelectAlpn(SSL* /*ssl*/, const uint8_t** out, uint8_t* out_length,
               const uint8_t* in, unsigned in_length, void* /*argument*/) {
  static constexpr uint8_t kMqtt[] = {4, 'm', 'q', 't', 't'};
  uint8_t* selected;
  const int result = SSL_select_next_proto(&selected, out_length, kMqtt,
                                           sizeof(kMqtt), in, in_length);
  if (result != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

bool OffersTls13(const SSL_CLIENT_HELLO* client_hello) {
  const uint8_t* data;
  size_t length;
  if (!SSL_early_callback_ctx_extension_get(
          client_hello, TLSEXT_TYPE_supported_versions, &data, &length)) {
    return false;
  }
  CBS extension, versions;
  CBS_init(&extension, data, length);
  if (!CBS_get_u8_length_prefixed(&extension, &versions)) return false;
  uint16_t version;
  while (CBS_get_u16(&versions, &version)) {
    if (version == TLS1_3_VERSION) return true;
  }
  return false;
}

bool OffersPreSharedKey(const SSL_CLIENT_HELLO* client_hello) {
  CBS suites;
  CBS_init(&suites, client_hello->cipher_suites,
           client_hello->cipher_suites_len);
  uint16_t suite;
  while (CBS_get_u16(&suites, &suite)) {
    if (suite == kPskCipher) return true;
  }
  return false;
}

// The keys that a token can be bound to, and RSA for those bound to a
// certificate as a whole. BoringSSL leaves Ed25519 out unless it is named.
constexpr uint16_t kClientSignatures[] = {
    SSL_SIGN_ED25519, SSL_SIGN_ECDSA_SECP256R1_SHA256,
    SSL_SIGN_ECDSA_SECP384R1_SHA384, SSL_SIGN_RSA_PSS_RSAE_SHA256,
    SSL_SIGN_RSA_PKCS1_SHA256};

// Bytes of all certificates that a client may send.
constexpr size_t kMaxClientChain = 16 * 1024;

absl::Status RequestClientCertificate(SSL_CTX* context) {
  if (!SSL_CTX_set_verify_algorithm_prefs(context, kClientSignatures,
                                          std::size(kClientSignatures))) {
    return absl::InternalError(TakeError());
  }
  SSL_CTX_set_max_cert_list(context, kMaxClientChain);
  SSL_CTX_set_custom_verify(
      context, SSL_VERIFY_PEER,
      [](SSL* /*ssl*/, uint8_t* /*alert*/) { return ssl_verify_ok; });
  return absl::OkStatus();
}

absl::StatusOr<bssl::UniquePtr<SSL_CTX>> NewSslContext(
    const TlsOptions& options) {
  bssl::UniquePtr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
  const uint16_t version =
      options.min_version == TlsVersion::k13 ? TLS1_3_VERSION : TLS1_2_VERSION;
  if (context == nullptr ||
      !SSL_CTX_set_min_proto_version(context.get(), version) ||
      !SSL_CTX_set_max_proto_version(context.get(), TLS1_3_VERSION) ||
      !SSL_CTX_set_strict_cipher_list(
          context.get(), options.take_pre_shared_keys ? kTls12CiphersWithPsk
                                                      : kTls12Ciphers)) {
    return absl::InternalError(TakeError());
  }
  if (options.take_pre_shared_keys) PskExchange::Enable(context.get());
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Sessions live in the clients' tickets, of which a client needs but one.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 1);
  SSL_CTX_set_alpn_select_cb(context.get(), SelectAlpn, nullptr);
  if (options.request_client_certificate) {
    absl::Status requested = RequestClientCertificate(context.get());
    if (!requested.ok()) return requested;
  }
  return context;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const TlsContext>> TlsContext::Create(
    const TlsOptions& options) {
  if (options.certificates.empty()) {
    return absl::InvalidArgumentError("a TLS listener needs a certificate");
  }
  std::shared_ptr<TlsContext> result(new TlsContext);
  result->takes_pre_shared_keys_ = options.take_pre_shared_keys;
  for (const CertificateFiles& files : options.certificates) {
    absl::StatusOr<bssl::UniquePtr<SSL_CTX>> context = NewSslContext(options);
    if (!context.ok()) return context.status();
    absl::StatusOr<bssl::UniquePtr<X509>> leaf =
        LoadChain(files.certificate, context->get());
    if (!leaf.ok()) return leaf.status();
    absl::Status key = LoadKey(files, leaf->get(), context->get());
    if (!key.ok()) return key;
    for (std::string& name : policy::DnsNames(leaf->get())) {
      result->by_name_.emplace(std::move(name), context->get());
    }
    if (result->default_ == nullptr) {
      result->default_ = *std::move(context);
    } else {
      result->others_.push_back(*std::move(context));
    }
  }
  // Connections start from the default context and are moved from there.
  SSL_CTX_set_app_data(result->default_.get(), result.get());
  SSL_CTX_set_select_certificate_cb(result->default_.get(), OnClientHello);
  return result;
}

bssl::UniquePtr<SSL> TlsContext::NewConnection() const {
  bssl::UniquePtr<SSL> ssl(SSL_new(default_.get()));
  if (ssl != nullptr) {
    SSL_set_accept_state(ssl.get());
    SSL_set_shed_handshake_config(ssl.get(), 1);
  }
  return ssl;
}

ssl_select_cert_result_t TlsContext::OnClientHello(
    const SSL_CLIENT_HELLO* client_hello) {
  SSL* const ssl = client_hello->ssl;
  const auto* self = static_cast<const TlsContext*>(
      SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  const bool with_psk =
      self->takes_pre_shared_keys_ && OffersPreSharedKey(client_hello);
  if (with_psk) {
    SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
    SSL_set_options(ssl, SSL_OP_NO_TICKET);
  }
  const uint8_t* data;
  size_t length;
  if ((with_psk || !OffersTls13(client_hello)) &&
      !SSL_early_callback_ctx_extension_get(
          client_hello, TLSEXT_TYPE_extended_master_secret, &data, &length)) {
    return ssl_select_cert_error;  // handshake_failure
  }
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name != nullptr) {
    SSL_CTX* context = self->Find(absl::AsciiStrToLower(name));
    if (context != self->default_.get()) SSL_set_SSL_CTX(ssl, context);
  }
  return ssl_select_cert_success;
}

SSL_CTX* TlsContext::Find(absl::string_view server_name) const {
  auto found = by_name_.find(std::string(server_name));
  const size_t dot = server_name.find('.');
  if (found == by_name_.end() && dot != absl::string_view::npos) {
    found = by_name_.find(absl::StrCat("*", server_name.substr(dot)));
  }
  return found == by_name_.end() ? default_.get() : found->second;
}

}  // namespace sluice::transport
