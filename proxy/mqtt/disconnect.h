#ifndef PROXY_MQTT_DISCONNECT_H_
#define PROXY_MQTT_DISCONNECT_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/properties.h"
#include "proxy/mqtt/unframer.h"

namespace sluice::mqtt {

// DISCONNECT and AUTH (MQTT 5.0 sections 3.14 and 3.15): one layout. Views
// alias the frame.
struct Disconnect {
  uint8_t code = 0;       // kSuccess where the packet leaves it out, and in v3
  Properties properties;  // v5 only
};

absl::StatusOr<Disconnect> ParseDisconnect(const Frame& frame,
                                           ProtocolVersion version);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_DISCONNECT_H_
