#ifndef PROXY_MQTT_AUTH_H_
#define PROXY_MQTT_AUTH_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "proxy/mqtt/properties.h"
#include "proxy/mqtt/unframer.h"

namespace sluice::mqtt {

// AUTH, MQTT 5.0 section 3.15. Views alias the frame.
struct Auth {
  uint8_t code = 0;       // kSuccess where the packet leaves it out
  Properties properties;  // Authentication Method is there unless the packet
                          // is the two-byte form (kSuccess, no properties)
};

// Only Success, Continue authentication and Re-authenticate are codes of AUTH;
// any other is kProtocolError. MQTT 5.0 only.
absl::StatusOr<Auth> ParseAuth(const Frame& frame);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_AUTH_H_
