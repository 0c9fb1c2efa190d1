#ifndef PROXY_SESSION_BROKER_KEEP_ALIVE_H_
#define PROXY_SESSION_BROKER_KEEP_ALIVE_H_

#include <cstdint>

#include "absl/time/time.h"

namespace sluice::session {

// Keeps the broker from giving up a client that is there. A client need not
// send a PINGREQ while it sends other packets (MQTT 5.0 section 3.1.2.10), and
// those that end at the proxy the broker does not see. Where nothing has gone
// on to the broker for a while, what the client sends therefore becomes a
// PINGREQ, whose PINGRESP ends here; so it does while what it sends has to
// wait. A client that sends nothing still times out.
class BrokerKeepAlive {
 public:
  // `seconds`: Keep Alive, as the broker has it. 0: it waits for ever.
  void Start(uint16_t seconds, absl::Time now) {
    interval_ = absl::Seconds(seconds);
    sent_at_ = now;
  }

  // Packets of the client have gone on to the broker.
  void OnSent(absl::Time now) { sent_at_ = now; }
  void OnClientPing() { ++client_pings_; }

  // When something is to go on, at the latest.
  absl::Time Due() const;

  // The client has sent something that did not go on, or it waits. Whether the
  // broker is to get a PINGREQ, which then is taken to be sent.
  bool TakePing(absl::Time now);

  // The broker has sent a PINGRESP. Whether it is the client's: they are all
  // alike, so the client's come first.
  bool TakePingresp();

  // The clock was set.
  void OnClockSet(absl::Duration by) { sent_at_ += by; }

 private:
  absl::Duration interval_;
  absl::Time sent_at_;
  // That have not been answered.
  uint32_t client_pings_ = 0;
  uint32_t own_pings_ = 0;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_BROKER_KEEP_ALIVE_H_
