#ifndef PROXY_TRANSPORT_UPSTREAM_H_
#define PROXY_TRANSPORT_UPSTREAM_H_

#include <uv.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "proxy/base/address.h"
#include "proxy/transport/socket_address.h"
#include "proxy/transport/uv_handle.h"

namespace sluice::transport {

// Where the broker is, and how to get there.
struct Upstream {
  Upstream() = default;
  explicit Upstream(Address at);

  Address address;
  // Of `address`, if it is literal; names are resolved for each connection.
  absl::optional<SocketAddress> literal;

  // For the first half of it a broker that refuses is tried again: it may be
  // starting, and many client libraries take a CONNACK that says so for the
  // last word.
  absl::Duration connect_timeout = absl::Seconds(5);
  // Tell the broker the client's address ahead of everything else.
  bool send_proxy_protocol = false;
};

// Connects to the broker: a name's addresses are tried one after the other,
// within the timeout altogether, of which each has an equal part. On the loop's
// thread.
class UpstreamConnector {
 public:
  class HandlerInterface {
   public:
    virtual ~HandlerInterface() = default;
    // Once, and never from within Start(). May destroy the connector.
    virtual void OnConnected(absl::StatusOr<UvStream> socket) = 0;
  };

  // All outlive the connector.
  UpstreamConnector(uv_loop_t* loop, const Upstream* upstream,
                    HandlerInterface* handler);
  // Gives up, without a call.
  ~UpstreamConnector();
  UpstreamConnector(const UpstreamConnector&) = delete;
  UpstreamConnector& operator=(const UpstreamConnector&) = delete;

  void Start();

 private:
  struct Lookup;

  void Attempt();
  void Resolve();
  static void OnResolved(uv_getaddrinfo_t* request, int status, addrinfo* list);
  void ConnectNext();
  void ConnectTcp(const SocketAddress& address);
  void ConnectUnix();
  static void OnConnectDone(uv_connect_t* request, int status);
  // Tries again soon, or reports at the loop's next turn.
  void FailLater(int error);
  static void OnTimer(uv_timer_t* timer);

  uv_loop_t* loop_;
  const Upstream* upstream_;
  HandlerInterface* handler_;
  UvHandle<uv_timer_t> timer_;
  Lookup* lookup_ = nullptr;
  std::vector<SocketAddress> addresses_;  // still to be tried, last first
  UvStream socket_;
  uint64_t deadline_ = 0;     // ms, of uv_now()
  uint64_t retry_until_ = 0;  // likewise
  uint64_t retry_delay_;      // ms, of the next
  bool retries_ = false;      // the timer is for that
  int error_ = UV_ETIMEDOUT;  // of the latest attempt
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_UPSTREAM_H_
