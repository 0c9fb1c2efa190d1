#ifndef PROXY_TRANSPORT_PSK_EXCHANGE_H_
#define PROXY_TRANSPORT_PSK_EXCHANGE_H_

#include <string>

#include "absl/types/optional.h"
#include "proxy/base/bytes.h"
#include "proxy/transport/boringssl.h"
#include "proxy/transport/pre_shared_key.h"
#include "proxy/transport/psk_identity_finder.h"

namespace sluice::transport {

// The part of one TLS handshake that needs a pre-shared key. BoringSSL asks for
// the key from within the handshake and wants it at once; whoever has it may be
// far away. So the client's records are held back until the key is there.
//
// Where there is no key for the identity, BoringSSL gets a random one: the
// handshake fails as with a wrong key, and the client does not learn which it
// was (RFC 4279 section 2).
class PskExchange {
 public:
  using Progress = PskIdentityFinder::Progress;

  // Makes `context` ask for keys; a connection of it that has no PskExchange
  // gets a random one.
  static void Enable(SSL_CTX* context);
  // Whether a cipher suite wants a pre-shared key; nullptr does not.
  static bool IsFor(const SSL_CIPHER* cipher);

  // For the handshake of `ssl`, which outlives this, from when the server has
  // said which cipher suite it is.
  explicit PskExchange(SSL* ssl);
  ~PskExchange();
  PskExchange(const PskExchange&) = delete;
  PskExchange& operator=(const PskExchange&) = delete;

  // The client's next bytes. kFound: identity() is there, and the key is
  // wanted. kNone: go on with records(), without a key.
  Progress Add(ByteView bytes) { return progress_ = finder_.Add(bytes); }
  const std::string& identity() const { return finder_.identity(); }
  bool holds_records() const { return progress_ == Progress::kNeedsInput; }
  bool waits_for_key() const {
    return progress_ == Progress::kFound && !key_.has_value();
  }

  // What is known of identity(); the handshake may go on, with records().
  void SetKey(PreSharedKey key) { key_.emplace(std::move(key)); }
  // What was held back.
  ByteView records() const { return finder_.records(); }

  // The id of the key that BoringSSL was given; empty where it was a random
  // one. Once the handshake is done, the client has proven that key.
  const std::string& key_id() const { return key_id_; }
  // Why the handshake has no key; empty where it has one.
  std::string WhyNone() const;

 private:
  static unsigned OnKeyWanted(SSL* ssl, const char* identity, uint8_t* out,
                              unsigned max_length);

  SSL* const ssl_;
  PskIdentityFinder finder_;
  Progress progress_ = Progress::kNeedsInput;
  absl::optional<PreSharedKey> key_;
  std::string key_id_;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_PSK_EXCHANGE_H_
