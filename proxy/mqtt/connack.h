#ifndef PROXY_MQTT_CONNACK_H_
#define PROXY_MQTT_CONNACK_H_

#include "absl/status/statusor.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/properties.h"
#include "proxy/mqtt/unframer.h"

namespace sluice::mqtt {

// CONNACK, MQTT 5.0 section 3.2. Views alias the frame.
struct Connack {
  bool session_present = false;
  uint8_t code = 0;       // v5: ReasonCode; v3: ConnectReturnCode
  Properties properties;  // v5 only
};

absl::StatusOr<Connack> ParseConnack(const Frame& frame,
                                     ProtocolVersion version);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_CONNACK_H_
