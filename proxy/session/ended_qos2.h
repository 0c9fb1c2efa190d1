#ifndef PROXY_SESSION_ENDED_QOS2_H_
#define PROXY_SESSION_ENDED_QOS2_H_

#include <cstdint>

#include "proxy/session/packet_id_set.h"

namespace sluice::session {

// Which QoS 2 messages of a client have ended at the proxy, denied or taken as
// a token, by their packet identifiers: their PUBREL ends here as well
// (MQTT 5.0 section 4.3.3). An identifier is that of the last message that had
// it.
class EndedQos2 {
 public:
  // Where a PUBREL belongs.
  enum class Place : uint8_t {
    kBroker,
    kDenied,  // the message was: PUBCOMP 0x92
    kTaken,   // PUBCOMP 0x00
  };

  // What it takes to remember them.
  size_t bytes() const {
    return denied_.bytes() + taken_.bytes() + denied_resends_.bytes();
  }

  // The message goes on to the broker.
  void Forward(uint16_t packet_id) {
    denied_.Erase(packet_id);
    taken_.Erase(packet_id);
  }
  // It was answered here with a failure (PUBREC 0x80 or greater).
  void Deny(uint16_t packet_id) {
    denied_.Insert(packet_id);
    taken_.Erase(packet_id);
  }
  // It was a token.
  void Take(uint16_t packet_id) {
    taken_.Insert(packet_id);
    denied_.Erase(packet_id);
  }

  // A resend (DUP) is denied: the broker may have the message, and would take
  // another one with that identifier for it.
  void NoteDeniedResend(uint16_t packet_id) {
    denied_resends_.Insert(packet_id);
  }
  // The resend goes on after all.
  void ForgetDeniedResend(uint16_t packet_id) {
    denied_resends_.Erase(packet_id);
  }
  bool BrokerMayHave(uint16_t packet_id) const {
    return denied_resends_.Contains(packet_id);
  }

  // PUBREL has come: the message is over, wherever it belongs.
  Place Release(uint16_t packet_id) {
    if (denied_.Erase(packet_id)) return Place::kDenied;
    return taken_.Erase(packet_id) ? Place::kTaken : Place::kBroker;
  }

 private:
  PacketIdSet denied_;
  PacketIdSet taken_;
  PacketIdSet denied_resends_;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_ENDED_QOS2_H_
