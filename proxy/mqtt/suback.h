#ifndef PROXY_MQTT_SUBACK_H_
#define PROXY_MQTT_SUBACK_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/properties.h"
#include "proxy/mqtt/unframer.h"

namespace sluice::mqtt {

// SUBACK and UNSUBACK (MQTT 5.0 sections 3.9 and 3.11): one layout, but that
// UNSUBACK has no codes in v3. Views alias the frame.
struct Suback {
  uint16_t packet_id = 0;
  Properties properties;  // v5 only
  ByteView codes;         // one a topic filter
};

absl::StatusOr<Suback> ParseSuback(const Frame& frame, ProtocolVersion version);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_SUBACK_H_
