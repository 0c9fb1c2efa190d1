#ifndef PROXY_MQTT_WRITER_H_
#define PROXY_MQTT_WRITER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "proxy/base/bytes.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/properties.h"
#include "proxy/mqtt/reason_code.h"

namespace sluice::mqtt {

// Bytes of a Variable Byte Integer (MQTT 5.0 section 1.5.5), 1 to 4.
size_t VarintSize(uint32_t value);

// Primitives; each appends to `out`. Strings and binary data are at most
// 65,535 bytes, which the caller has checked.
void AppendByte(uint8_t value, std::string* out);
void AppendU16(uint16_t value, std::string* out);
void AppendU32(uint32_t value, std::string* out);
void AppendVarint(uint32_t value, std::string* out);
void AppendBinary(ByteView data, std::string* out);  // two-byte length, bytes
void AppendString(absl::string_view text, std::string* out);

// Properties, identifier included.
void AppendByteProperty(PropertyId id, uint8_t value, std::string* out);
void AppendU16Property(PropertyId id, uint16_t value, std::string* out);
void AppendU32Property(PropertyId id, uint32_t value, std::string* out);
void AppendBinaryProperty(PropertyId id, ByteView data, std::string* out);
void AppendUserProperty(absl::string_view name, absl::string_view value,
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
// v5: code and properties (left out where allowed); v3: the bare packet.
void AppendDisconnect(ProtocolVersion version, ReasonCode code,
                      absl::string_view properties, std::string* out);
void AppendAuth(ReasonCode code, absl::string_view properties,
                std::string* out);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_WRITER_H_
