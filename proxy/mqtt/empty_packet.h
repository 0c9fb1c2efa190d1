#ifndef PROXY_MQTT_EMPTY_PACKET_H_
#define PROXY_MQTT_EMPTY_PACKET_H_

#include "absl/status/status.h"
#include "proxy/mqtt/unframer.h"

namespace sluice::mqtt {

// PINGREQ and PINGRESP (MQTT 5.0 sections 3.12 and 3.13): no flags, no body.
absl::Status CheckEmptyPacket(const Frame& frame);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_EMPTY_PACKET_H_
