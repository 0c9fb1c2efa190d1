#ifndef PROXY_TRANSPORT_LISTENER_CONFIG_H_
#define PROXY_TRANSPORT_LISTENER_CONFIG_H_

#include <memory>

#include "absl/time/time.h"
#include "proxy/session/session.h"
#include "proxy/transport/tls_context.h"
#include "proxy/transport/upstream.h"

namespace sluice::transport {

// How the clients of one listener are served. Immutable: a reload makes a new
// one for the clients that come then, and others keep theirs.
struct ListenerConfig {
  session::Settings session;
  std::shared_ptr<const TlsContext> tls;
  Upstream upstream;
  // From accepting a connection to the end of its TLS handshake.
  absl::Duration handshake_timeout = absl::Seconds(10);
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_LISTENER_CONFIG_H_
