#ifndef PROXY_MQTT_WRITER_H_
#define PROXY_MQTT_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "proxy/base/bytes.h"
#include "proxy/mqtt/connect.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/properties.h"
#include "proxy/mqtt/publish.h"
#include "proxy/mqtt/reason_code.h"
#include "proxy/mqtt/subscribe.h"
#include "proxy/mqtt/unsubscribe.h"
#include "proxy/mqtt/varint.h"

namespace sluice::mqtt {

// Everything here appends to `out` and writes what it is told: that lengths fit
// (strings and binary data 65,535 bytes, a body kMaxVarint) and that the packet
// makes sense is the caller's business. Views must not alias `out`.

// Primitives. VarintSize() is in varint.h.
void AppendByte(uint8_t value, std::string* out);
void AppendU16(uint16_t value, std::string* out);
void AppendU32(uint32_t value, std::string* out);
void AppendVarint(uint32_t value, std::string* out);
void AppendBinary(ByteView data, std::string* out);  // two-byte length, bytes
void AppendString(absl::string_view text, std::string* out);

// Properties, identifier included.
void AppendU16Property(PropertyId id, uint16_t value, std::string* out);
void AppendU32Property(PropertyId id, uint32_t value, std::string* out);
void AppendBinaryProperty(PropertyId id, ByteView data, std::string* out);
void AppendUserProperty(absl::string_view name, absl::string_view value,
                        std::string* out);

// Property Length and properties; nothing in v3.
void AppendProperties(ProtocolVersion version, absl::string_view properties,
                      std::string* out);

// The Connect Flags of AppendConnect().
uint8_t ConnectFlags(const Connect& connect);

// The fixed header of a packet whose body is to follow.
void AppendFixedHeader(PacketType type, uint8_t flags, size_t remaining_length,
                       std::string* out);
// The fixed header, then `body`.
void AppendPacket(PacketType type, uint8_t flags, absl::string_view body,
                  std::string* out);

// Whole packets. `properties` is what a Property Length counts.
void AppendConnack(ProtocolVersion version, bool session_present, uint8_t code,
                   absl::string_view properties, std::string* out);
// PUBACK, PUBREC, PUBREL or PUBCOMP. v3 has no code; in v5 code and properties
// are left out where the standard allows it.
void AppendPuback(PacketType type, ProtocolVersion version, uint16_t packet_id,
                  ReasonCode code, absl::string_view properties,
                  std::string* out);
void AppendSuback(ProtocolVersion version, uint16_t packet_id,
                  absl::string_view properties, ByteView codes,
                  std::string* out);
// As AppendSuback(), but that v3 has no codes.
void AppendUnsuback(ProtocolVersion version, uint16_t packet_id,
                    absl::string_view properties, ByteView codes,
                    std::string* out);
// v5: code and properties (left out where allowed); v3: the bare packet.
void AppendDisconnect(ProtocolVersion version, ReasonCode code,
                      absl::string_view properties, std::string* out);
// Two bytes for kSuccess without properties.
void AppendAuth(ReasonCode code, absl::string_view properties,
                std::string* out);

// Whole packets from the structs that the parsers make; Properties::Unchecked()
// makes properties of what a caller has built. `version` says which fields are
// written: v3 has no properties.

// `connect.version` is the version; `client_id_and_will` is not looked at.
void AppendConnect(const Connect& connect, std::string* out);
// `topic_alias` is not looked at: the alias stands in `properties`, too.
void AppendPublish(ProtocolVersion version, const Publish& publish,
                   std::string* out);
void AppendSubscribe(ProtocolVersion version, const Subscribe& subscribe,
                     std::string* out);
void AppendUnsubscribe(ProtocolVersion version, const Unsubscribe& unsubscribe,
                       std::string* out);
// How large an UNSUBSCRIBE without properties is whose `count` filters have
// `bytes` together.
size_t UnsubscribeSize(ProtocolVersion version, size_t count, size_t bytes);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_WRITER_H_
