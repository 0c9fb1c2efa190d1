#ifndef PROXY_MQTT_CONNECT_H_
#define PROXY_MQTT_CONNECT_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "proxy/base/bytes.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/properties.h"
#include "proxy/mqtt/unframer.h"

namespace sluice::mqtt {

// Connect Flags, MQTT 5.0 section 3.1.2.3.
inline constexpr uint8_t kConnectReserved = 0x01;
inline constexpr uint8_t kConnectCleanStart = 0x02;
inline constexpr uint8_t kConnectWill = 0x04;
inline constexpr uint8_t kConnectWillQosShift = 3;
inline constexpr uint8_t kConnectWillQosMask = 0x18;
inline constexpr uint8_t kConnectWillRetain = 0x20;
inline constexpr uint8_t kConnectPassword = 0x40;
inline constexpr uint8_t kConnectUsername = 0x80;

// MQTT 5.0 section 3.1.3.2 to 3.1.3.4.
struct Will {
  absl::string_view topic;
  ByteView payload;
  Properties properties;  // v5 only
  uint8_t qos = 0;
  bool retain = false;
};

// CONNECT, MQTT 5.0 section 3.1. Views alias the frame.
struct Connect {
  ProtocolVersion version = ProtocolVersion::kV5;
  bool clean_start = false;  // v3: Clean Session
  uint16_t keep_alive = 0;   // seconds
  Properties properties;     // v5 only
  absl::string_view client_id;
  absl::optional<Will> will;
  absl::optional<absl::string_view> username;
  absl::optional<ByteView> password;
  // The bytes that draft-ietf-ace-mqtt-tls-profile-01 signs: Client Identifier
  // with its length prefix, then the Will fields, as they were sent.
  ByteView client_id_and_will;
};

// Reads a CONNECT strictly. An unknown protocol name or level is
// kUnsupportedProtocolVersion (0x84), whatever follows it in the packet; a
// level with the bridge bit (0x84) is unknown. MQTT 3.1.1: a password needs a
// user name, and an empty Client Identifier needs Clean Session
// (kClientIdentifierNotValid).
absl::StatusOr<Connect> ParseConnect(const Frame& frame);

// The Protocol Level that a CONNECT names, of whatever protocol, so that a
// refusal can be worded in the client's version; nothing where the packet is
// not whole enough to tell.
absl::optional<uint8_t> PeekProtocolLevel(ByteView connect_body);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_CONNECT_H_
