#include "test/bench/load/tls_client.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sluice::load {
namespace {

// BoringSSL's oldest queued error in words. Empties the queue.
std::string LastError() {
  char text[256];
  ERR_error_string_n(ERR_get_error(), text, sizeof(text));
  ERR_clear_error();
  return text;
}

absl::Status LibraryError(absl::string_view doing) {
  return absl::InternalError(absl::StrCat(doing, ": ", LastError()));
}

bool SetVersion(TlsVersion version, SSL_CTX* context) {
  uint16_t low = TLS1_2_VERSION;
  uint16_t high = TLS1_3_VERSION;
  if (version == TlsVersion::k12) high = TLS1_2_VERSION;
  if (version == TlsVersion::k13) low = TLS1_3_VERSION;
  return SSL_CTX_set_min_proto_version(context, low) == 1 &&
         SSL_CTX_set_max_proto_version(context, high) == 1;
}

}  // namespace

TlsStream::TlsStream(bssl::UniquePtr<SSL> ssl, std::string* output)
    : ssl_(std::move(ssl)), output_(output) {
  BIO* bio = BIO_new(WireMethod());
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);  // takes the one reference
  SSL_set_connect_state(ssl_.get());
}

const BIO_METHOD* TlsStream::WireMethod() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* wire = BIO_meth_new(BIO_TYPE_MEM, "wire");
    BIO_meth_set_read(wire, WireRead);
    BIO_meth_set_write(wire, WireWrite);
    BIO_meth_set_ctrl(wire, [](BIO*, int command, long, void*) -> long {
      return command == BIO_CTRL_FLUSH;
    });
    return wire;
  }();
  return method;
}

int TlsStream::WireRead(BIO* bio, char* out, int size) {
  BIO_clear_retry_flags(bio);
  auto* stream = static_cast<TlsStream*>(BIO_get_data(bio));
  if (stream->input_.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const size_t count =
      std::min(stream->input_.size(), static_cast<size_t>(size));
  std::memcpy(out, stream->input_.data(), count);
  stream->input_.remove_prefix(count);
  return static_cast<int>(count);
}

int TlsStream::WireWrite(BIO* bio, const char* data, int size) {
  static_cast<TlsStream*>(BIO_get_data(bio))
      ->output_->append(data, static_cast<size_t>(size));
  return size;
}

absl::Status TlsStream::ErrorOf(int result, absl::string_view doing) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return absl::OkStatus();
    case SSL_ERROR_ZERO_RETURN:
      return absl::UnavailableError("closed by the server");
    default:
      return LibraryError(doing);
  }
}

absl::StatusOr<bool> TlsStream::Handshake() {
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return true;
  absl::Status status = ErrorOf(result, "TLS handshake");
  if (!status.ok()) return status;
  return false;
}

absl::Status TlsStream::Write(absl::string_view plaintext) {
  const int result = SSL_write(ssl_.get(), plaintext.data(),
                               static_cast<int>(plaintext.size()));
  if (result == static_cast<int>(plaintext.size())) return absl::OkStatus();
  return LibraryError("TLS write");
}

absl::StatusOr<size_t> TlsStream::Read(absl::Span<uint8_t> buffer) {
  const int result =
      SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()));
  if (result > 0) return static_cast<size_t>(result);
  absl::Status status = ErrorOf(result, "TLS read");
  if (!status.ok()) return status;
  return 0;
}

void TlsStream::Close() { SSL_shutdown(ssl_.get()); }

absl::StatusOr<std::string> TlsStream::Export(absl::string_view label,
                                              size_t size) {
  std::string exported(size, '\0');
  if (SSL_export_keying_material(
          ssl_.get(), reinterpret_cast<uint8_t*>(&exported[0]), size,
          label.data(), label.size(), nullptr, 0, /*use_context=*/0) != 1) {
    return LibraryError("TLS exporter");
  }
  return exported;
}

std::string TlsStream::Describe() const {
  return absl::StrCat(
      SSL_get_version(ssl_.get()), " ",
      SSL_CIPHER_standard_name(SSL_get_current_cipher(ssl_.get())));
}

TlsClient::TlsClient(bssl::UniquePtr<SSL_CTX> context, std::string host,
                     std::string server_name)
    : context_(std::move(context)),
      host_(std::move(host)),
      server_name_(std::move(server_name)) {}

absl::StatusOr<TlsClient> TlsClient::Create(const Options& options) {
  bssl::UniquePtr<SSL_CTX> context(SSL_CTX_new(TLS_method()));
  if (context == nullptr || !SetVersion(options.tls_version, context.get())) {
    return LibraryError("TLS set-up");
  }
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  if (!options.ca_file.empty()) {
    if (SSL_CTX_load_verify_locations(context.get(), options.ca_file.c_str(),
                                      nullptr) != 1) {
      return LibraryError(options.ca_file);
    }
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  }
  return TlsClient(std::move(context), options.host, options.server_name);
}

absl::StatusOr<std::unique_ptr<TlsStream>> TlsClient::NewStream(
    std::string* output) const {
  bssl::UniquePtr<SSL> ssl(SSL_new(context_.get()));
  if (ssl == nullptr) return LibraryError("TLS connection");
  X509_VERIFY_PARAM* checks = SSL_get0_param(ssl.get());
  const bool named =
      server_name_.empty()
          ? X509_VERIFY_PARAM_set1_ip_asc(checks, host_.c_str()) == 1
          : SSL_set_tlsext_host_name(ssl.get(), server_name_.c_str()) == 1 &&
                X509_VERIFY_PARAM_set1_host(checks, server_name_.data(),
                                            server_name_.size()) == 1;
  if (!named) return LibraryError("name of the server");
  return std::make_unique<TlsStream>(std::move(ssl), output);
}

}  // namespace sluice::load
