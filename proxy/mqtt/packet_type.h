#ifndef PROXY_MQTT_PACKET_TYPE_H_
#define PROXY_MQTT_PACKET_TYPE_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace sluice::mqtt {

// MQTT 5.0 section 2.1.2.
enum class PacketType : uint8_t {
  kConnect = 1,
  kConnack = 2,
  kPublish = 3,
  kPuback = 4,
  kPubrec = 5,
  kPubrel = 6,
  kPubcomp = 7,
  kSubscribe = 8,
  kSuback = 9,
  kUnsubscribe = 10,
  kUnsuback = 11,
  kPingreq = 12,
  kPingresp = 13,
  kDisconnect = 14,
  kAuth = 15,  // MQTT 5.0 only
};

// The value is the Protocol Level on the wire.
enum class ProtocolVersion : uint8_t { kV311 = 4, kV5 = 5 };

// "PUBLISH", for logs and metrics labels (there in lower case). "RESERVED" for
// what is no packet type.
absl::string_view PacketTypeName(PacketType type);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_PACKET_TYPE_H_
