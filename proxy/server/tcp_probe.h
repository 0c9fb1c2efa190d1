#ifndef PROXY_SERVER_TCP_PROBE_H_
#define PROXY_SERVER_TCP_PROBE_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "proxy/base/address.h"

namespace sluice::server {

// OK where somebody accepts connections at `address`: connects, waiting for at
// most `timeout` for each address that the name has, and hangs up. Unavailable,
// with what the system says of the last attempt, where nobody does. Looking up
// a name takes as long as the system's resolver does.
absl::Status TryToConnect(const Address& address, absl::Duration timeout);

}  // namespace sluice::server

#endif  // PROXY_SERVER_TCP_PROBE_H_
