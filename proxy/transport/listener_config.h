#ifndef PROXY_TRANSPORT_LISTENER_CONFIG_H_
#define PROXY_TRANSPORT_LISTENER_CONFIG_H_

#include <cstddef>
#include <memory>

#include "absl/time/time.h"
#include "proxy/session/settings.h"
#include "proxy/transport/client_nonces.h"
#include "proxy/transport/tls_context.h"
#include "proxy/transport/upstream.h"

namespace sluice::transport {

// How the clients of one listener are served. Immutable: a reload makes a new
// one for the clients that come then, and others keep theirs.
struct ListenerConfig {
  session::Settings session;
  std::shared_ptr<const TlsContext> tls;
  Upstream upstream;
  // Null: hints carry none.
  std::shared_ptr<const ClientNonces> client_nonces;
  // When so much waits for one side, the other is not read any more; so the
  // most that is queued for it, and what one read or one packet has on top.
  size_t max_queued_bytes = 256 * 1024;
  // From accepting a connection to the end of its TLS handshake.
  absl::Duration handshake_timeout = absl::Seconds(10);
  // When one side of a connection has ended: how long the other, which takes
  // nothing of what it is sent, is waited for.
  absl::Duration patience = absl::Seconds(5);
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_LISTENER_CONFIG_H_
