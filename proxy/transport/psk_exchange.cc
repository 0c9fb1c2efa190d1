#include "proxy/transport/psk_exchange.h"

#include <algorithm>

namespace sluice::transport {
namespace {

constexpr unsigned kRandomKeySize = 32;

}  // namespace

static_assert(PskIdentityFinder::kMaxIdentity == PSK_MAX_IDENTITY_LEN,
              "identities that BoringSSL refuses need no key");

void PskExchange::Enable(SSL_CTX* context) {
  SSL_CTX_set_psk_server_callback(context, OnKeyWanted);
}

bool PskExchange::IsFor(const SSL_CIPHER* cipher) {
  return cipher != nullptr && SSL_CIPHER_get_auth_nid(cipher) == NID_auth_psk;
}

PskExchange::PskExchange(SSL* ssl) : ssl_(ssl) { SSL_set_app_data(ssl_, this); }

PskExchange::~PskExchange() { SSL_set_app_data(ssl_, nullptr); }

std::string PskExchange::WhyNone() const {
  if (!key_.has_value()) return "no identity";
  if (key_->key().size() > PSK_MAX_PSK_LEN) return "the key is too long";
  return key_->why_none();
}

unsigned PskExchange::OnKeyWanted(SSL* ssl, const char* identity, uint8_t* out,
                                  unsigned max_length) {
  auto* self = static_cast<PskExchange*>(SSL_get_app_data(ssl));
  if (self != nullptr && self->key_.has_value() && identity != nullptr &&
      self->identity() == identity) {
    const ByteView key = self->key_->key();
    if (!key.empty() && key.size() <= max_length) {
      std::copy(key.begin(), key.end(), out);
      self->key_id_ = self->key_->id();
      return static_cast<unsigned>(key.size());
    }
  }
  RAND_bytes(out, kRandomKeySize);
  return kRandomKeySize;
}

}  // namespace sluice::transport
