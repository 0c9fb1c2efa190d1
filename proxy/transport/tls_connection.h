#ifndef PROXY_TRANSPORT_TLS_CONNECTION_H_
#define PROXY_TRANSPORT_TLS_CONNECTION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "proxy/base/bytes.h"
#include "proxy/session/tls_channel_interface.h"
#include "proxy/transport/pre_shared_key.h"
#include "proxy/transport/psk_exchange.h"
#include "proxy/transport/tls_context.h"
#include "proxy/transport/tls_io.h"

namespace sluice::transport {

// The server's end of one TLS connection, over memory: records come from and go
// to a TlsIo. Output that a failed call made (an alert) is to be sent, too. On
// the loop's thread.
class TlsConnection final : public session::TlsChannelInterface {
 public:
  enum class Progress : uint8_t {
    kDone,
    kNeedsInput,  // all of the input is used up
    kNeedsKey,    // so it is, and SetPreSharedKey() comes next
    kEnded,       // the peer sent close_notify
    kFailed,      // nothing works any more
  };

  // `io` outlives the connection.
  TlsConnection(std::shared_ptr<const TlsContext> context, TlsIo* io);

  // kDone once; input may be left then, for Read(). kNeedsKey: the client names
  // a pre-shared key, psk_identity(); what it sends is kept.
  Progress Handshake();

  const std::string& psk_identity() const { return psk_->identity(); }
  bool waits_for_key() const {
    return psk_ != nullptr && psk_->waits_for_key();
  }
  // After kNeedsKey: what there is of the key. Makes what was kept the input;
  // Handshake() goes on.
  void SetPreSharedKey(PreSharedKey key);

  // Puts decrypted bytes into `out`, as many as there are or fit; `*count` of
  // them, also when that was the last progress. kDone: `out` is full.
  Progress Read(absl::Span<uint8_t> out, size_t* count);

  // Encrypts all of `bytes`; false on failure. After the handshake.
  bool Write(ByteView bytes);

  // Says close_notify; does not wait for the peer's.
  void Shutdown();

  // Why the latest call failed: "no application protocol", for people.
  const std::string& error() const { return error_; }

  // session::TlsChannelInterface:
  bool IsResumed() const override;
  std::string PeerCertificate() const override;
  std::string PreSharedKeyId() const override { return psk_key_id_; }
  std::vector<std::array<uint8_t, 32>> ExportKeyingMaterial(
      absl::string_view label) const override;

 private:
  Progress Failed(int result);
  Progress HandshakeStopped(int result);
  // Whether the end of the handshake proves what it has to prove.
  bool CheckHandshake();

  std::shared_ptr<const TlsContext> context_;
  TlsIo* io_;
  bssl::UniquePtr<SSL> ssl_;
  // From the choice of a cipher suite with a pre-shared key until what was held
  // back for it is read.
  std::unique_ptr<PskExchange> psk_;
  std::string psk_key_id_;
  std::string error_;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_TLS_CONNECTION_H_
