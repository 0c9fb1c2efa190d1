#include "proxy/transport/tls_connection.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace sluice::transport {

TlsConnection::TlsConnection(std::shared_ptr<const TlsContext> context,
                             TlsIo* io)
    : context_(std::move(context)), io_(io), ssl_(context_->NewConnection()) {
  if (ssl_ == nullptr) return;
  SSL_set0_rbio(ssl_.get(), bssl::UpRef(io_->bio()).release());
  SSL_set0_wbio(ssl_.get(), bssl::UpRef(io_->bio()).release());
}

TlsConnection::Progress TlsConnection::Handshake() {
  if (ssl_ == nullptr) {
    error_ = "out of memory";
    return Progress::kFailed;
  }
  if (psk_ != nullptr && psk_->holds_records()) {
    switch (psk_->Add(io_->TakeInput())) {
      case PskExchange::Progress::kNeedsInput:
        return Progress::kNeedsInput;
      case PskExchange::Progress::kFound:
        return Progress::kNeedsKey;
      case PskExchange::Progress::kNone:
        io_->set_input(psk_->records());
        break;
    }
  }
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) return HandshakeStopped(result);
  return CheckHandshake() ? Progress::kDone : Progress::kFailed;
}

TlsConnection::Progress TlsConnection::HandshakeStopped(int result) {
  const Progress progress = Failed(result);
  if (psk_ == nullptr) {
    if (progress == Progress::kNeedsInput &&
        PskExchange::IsFor(SSL_get_pending_cipher(ssl_.get()))) {
      psk_ = std::make_unique<PskExchange>(ssl_.get());
    }
  } else if (progress == Progress::kFailed) {
    const std::string why_none = psk_->WhyNone();
    error_ = why_none.empty() ? absl::StrCat("with a pre-shared key: ", error_)
                              : absl::StrCat("no pre-shared key: ", why_none);
  }
  return progress;
}

// Both locks are second ones: ClientHello has been checked for Extended Master
// Secret, and with a random key no handshake ends.
bool TlsConnection::CheckHandshake() {
  if (!SSL_get_extms_support(ssl_.get())) {
    error_ = "no extended master secret";
    return false;
  }
  if (!PskExchange::IsFor(SSL_get_current_cipher(ssl_.get()))) return true;
  if (psk_ == nullptr || psk_->key_id().empty() ||
      SSL_session_reused(ssl_.get())) {
    error_ = "no pre-shared key was proven";
    return false;
  }
  psk_key_id_ = psk_->key_id();
  return true;
}

void TlsConnection::SetPreSharedKey(PreSharedKey key) {
  psk_->SetKey(std::move(key));
  io_->set_input(psk_->records());
}

TlsConnection::Progress TlsConnection::Read(absl::Span<uint8_t> out,
                                            size_t* count) {
  *count = 0;
  while (*count < out.size()) {
    // A last call that would find nothing is saved.
    if (!io_->has_input() && SSL_pending(ssl_.get()) == 0) {
      psk_.reset();
      return Progress::kNeedsInput;
    }
    const int result = SSL_read(ssl_.get(), out.data() + *count,
                                static_cast<int>(out.size() - *count));
    if (result <= 0) return Failed(result);
    *count += static_cast<size_t>(result);
  }
  return Progress::kDone;
}

bool TlsConnection::Write(ByteView bytes) {
  if (bytes.empty()) return true;
  // All or nothing: the output takes everything.
  const int result =
      SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
  if (result > 0) return true;
  Failed(result);
  return false;
}

void TlsConnection::Shutdown() {
  if (ssl_ != nullptr) SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

bool TlsConnection::IsResumed() const {
  return SSL_session_reused(ssl_.get()) == 1;
}

std::string TlsConnection::PeerCertificate() const {
  const STACK_OF(CRYPTO_BUFFER)* chain = SSL_get0_peer_certificates(ssl_.get());
  if (chain == nullptr || sk_CRYPTO_BUFFER_num(chain) == 0) return "";
  const CRYPTO_BUFFER* leaf = sk_CRYPTO_BUFFER_value(chain, 0);
  return std::string(reinterpret_cast<const char*>(CRYPTO_BUFFER_data(leaf)),
                     CRYPTO_BUFFER_len(leaf));
}

std::vector<std::array<uint8_t, 32>> TlsConnection::ExportKeyingMaterial(
    absl::string_view label) const {
  std::vector<std::array<uint8_t, 32>> values;
  const bool is_tls13 = SSL_version(ssl_.get()) == TLS1_3_VERSION;
  for (const int use_context : {1, 0}) {
    if (is_tls13 && use_context == 0) continue;
    std::array<uint8_t, 32> value;
    if (!SSL_export_keying_material(ssl_.get(), value.data(), value.size(),
                                    label.data(), label.size(), nullptr, 0,
                                    use_context)) {
      ERR_clear_error();
      return {};
    }
    values.push_back(value);
  }
  return values;
}

TlsConnection::Progress TlsConnection::Failed(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Progress::kNeedsInput;
    case SSL_ERROR_ZERO_RETURN:
      error_ = "closed by the client";
      return Progress::kEnded;
    default: {
      const uint32_t error = ERR_peek_error();
      // In TLS 1.3 the server's own key is in use by then, and a client that
      // has none yet sends its alert in the clear (RFC 8446 section 6): a
      // record too short to be decrypted.
      if (SSL_in_init(ssl_.get()) && ERR_GET_LIB(error) == ERR_LIB_SSL &&
          ERR_GET_REASON(error) == SSL_R_BAD_PACKET_LENGTH) {
        error_ = "the client refused the handshake, perhaps the certificate";
        ERR_clear_error();
        return Progress::kFailed;
      }
      const char* reason = ERR_reason_error_string(error);
      error_ = absl::StrReplaceAll(
          absl::AsciiStrToLower(reason == nullptr ? "broken off" : reason),
          {{"_", " "}});
      ERR_clear_error();
      return Progress::kFailed;
    }
  }
}

}  // namespace sluice::transport
