#ifndef PROXY_SESSION_TLS_CHANNEL_INTERFACE_H_
#define PROXY_SESSION_TLS_CHANNEL_INTERFACE_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace sluice::session {

// The client's TLS connection, as far as a session needs it.
class TlsChannelInterface {
 public:
  virtual ~TlsChannelInterface() = default;
  // Whether this TLS session was resumed (ACE-POP-3).
  virtual bool IsResumed() const = 0;
  // The certificate, in DER, with which the client proved a key in the
  // handshake (ACE-AUTH-3); empty without one.
  virtual std::string PeerCertificate() const = 0;
  // What the policy service called the pre-shared key with which the client
  // made the handshake (ACE-AUTH-3); empty without one.
  virtual std::string PreSharedKeyId() const = 0;
  // 32 bytes of the exporter (RFC 8446 section 7.5) for `label`. TLS 1.2 yields
  // two values, with an empty and with an absent context (RFC 5705 section 4);
  // TLS 1.3 makes no difference and yields one. Empty on failure.
  virtual std::vector<std::array<uint8_t, 32>> ExportKeyingMaterial(
      absl::string_view label) const = 0;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_TLS_CHANNEL_INTERFACE_H_
