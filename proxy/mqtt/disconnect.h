#ifndef PROXY_MQTT_DISCONNECT_H_
#define PROXY_MQTT_DISCONNECT_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/properties.h"
#include "proxy/mqtt/unframer.h"

namespace sluice::mqtt {

// DISCONNECT, MQTT 5.0 section 3.14. Views alias the frame.
struct Disconnect {
  uint8_t code = 0;       // kSuccess where the packet leaves it out, and in v3
  Properties properties;  // v5 only
};

// v5: reads the forms with and without code and properties. Which side may send
// which code or property is not checked.
absl::StatusOr<Disconnect> ParseDisconnect(const Frame& frame,
                                           ProtocolVersion version);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_DISCONNECT_H_
