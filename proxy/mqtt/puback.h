#ifndef PROXY_MQTT_PUBACK_H_
#define PROXY_MQTT_PUBACK_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/properties.h"
#include "proxy/mqtt/unframer.h"

namespace sluice::mqtt {

// PUBACK, PUBREC, PUBREL and PUBCOMP: one layout (MQTT 5.0 sections 3.4 to
// 3.7). Views alias the frame.
struct Puback {
  uint16_t packet_id = 0;
  uint8_t code = 0;       // kSuccess where the packet leaves it out, and in v3
  Properties properties;  // v5 only
};

// `frame.type` is one of the four. PUBREL's flags must be 2, the others' 0.
absl::StatusOr<Puback> ParsePuback(const Frame& frame, ProtocolVersion version);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_PUBACK_H_
