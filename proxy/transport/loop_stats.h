#ifndef PROXY_TRANSPORT_LOOP_STATS_H_
#define PROXY_TRANSPORT_LOOP_STATS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "proxy/base/counter.h"
#include "proxy/base/histogram.h"
#include "proxy/session/counters.h"

namespace sluice::transport {

// Of one event loop. Written by the loop's thread, read by any.
struct LoopStats {
  // Client connections accepted, and those of them that have ended; the
  // difference is what is open now.
  Counter connections_opened;
  Counter connections_closed;
  // Of what is open: those that are not let in yet.
  std::atomic<size_t> pending{0};
  // Likewise: those that were let in without a token.
  std::atomic<size_t> anonymous{0};
  // MQTT bytes, by where they came from.
  CounterArray<session::Direction, session::kDirections> bytes;
  // Of bytes that pass unchanged: those that a full socket made us copy.
  Counter forwarded_bytes_copied;

  // TLS handshakes that succeeded, from the accept on.
  DurationHistogram handshakes;
  Counter handshakes_resumed;
  Counter handshakes_failed;  // timed out and broken off ones too

  // accept() failed, as for want of descriptors.
  Counter accept_failures;
  // Turned away at once, over limits.
  Counter refused_max_connections;
  Counter refused_rate;
  Counter refused_denials;
  // The same, or closed so that another could come in.
  Counter refused_pending;
  Counter refused_anonymous;
  Counter refused_held_bytes;

  int64_t connections() const {
    return static_cast<int64_t>(connections_opened.value()) -
           static_cast<int64_t>(connections_closed.value());
  }
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_LOOP_STATS_H_
