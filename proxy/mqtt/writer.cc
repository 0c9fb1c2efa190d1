#include "proxy/mqtt/writer.h"

namespace sluice::mqtt {
namespace {

constexpr size_t kLengthPrefix = 2;

void AppendId(PropertyId id, std::string* out) {
  AppendByte(static_cast<uint8_t>(id), out);
}

// What AppendProperties() writes.
size_t PropertiesSize(ProtocolVersion version, absl::string_view properties) {
  if (version == ProtocolVersion::kV311) return 0;
  return VarintSize(static_cast<uint32_t>(properties.size())) +
         properties.size();
}

void AppendProperties(ProtocolVersion version, const Properties& properties,
                      std::string* out) {
  AppendProperties(version, AsString(properties.bytes()), out);
}

// PUBREL, SUBSCRIBE and UNSUBSCRIBE have 2 in the reserved flags.
uint8_t FlagsOf(PacketType type) {
  return type == PacketType::kPubrel || type == PacketType::kSubscribe ||
                 type == PacketType::kUnsubscribe
             ? 2
             : 0;
}

void AppendSubscribeAnswer(PacketType type, ProtocolVersion version,
                           uint16_t packet_id, absl::string_view properties,
                           ByteView codes, std::string* out) {
  AppendFixedHeader(
      type, 0,
      sizeof(packet_id) + PropertiesSize(version, properties) + codes.size(),
      out);
  AppendU16(packet_id, out);
  AppendProperties(version, properties, out);
  const absl::string_view text = AsString(codes);
  out->append(text.data(), text.size());
}

// The end of an acknowledgement or DISCONNECT: in v5 code and properties, which
// are left out where the standard allows it (MQTT 5.0 section 3.4.2.1).
void AppendCodeAndProperties(ProtocolVersion version, ReasonCode code,
                             absl::string_view properties, std::string* out) {
  if (version == ProtocolVersion::kV311 ||
      (code == ReasonCode::kSuccess && properties.empty())) {
    return;
  }
  AppendByte(static_cast<uint8_t>(code), out);
  if (!properties.empty()) AppendProperties(version, properties, out);
}

}  // namespace

void AppendByte(uint8_t value, std::string* out) {
  out->push_back(static_cast<char>(value));
}

void AppendU16(uint16_t value, std::string* out) {
  AppendByte(static_cast<uint8_t>(value >> 8), out);
  AppendByte(static_cast<uint8_t>(value), out);
}

void AppendU32(uint32_t value, std::string* out) {
  AppendU16(static_cast<uint16_t>(value >> 16), out);
  AppendU16(static_cast<uint16_t>(value), out);
}

void AppendVarint(uint32_t value, std::string* out) {
  while (value >= 0x80) {
    AppendByte(static_cast<uint8_t>(value | 0x80), out);
    value >>= 7;
  }
  AppendByte(static_cast<uint8_t>(value), out);
}

void AppendBinary(ByteView data, std::string* out) {
  AppendString(AsString(data), out);
}

void AppendString(absl::string_view text, std::string* out) {
  AppendU16(static_cast<uint16_t>(text.size()), out);
  out->append(text.data(), text.size());
}

void AppendU16Property(PropertyId id, uint16_t value, std::string* out) {
  AppendId(id, out);
  AppendU16(value, out);
}

void AppendU32Property(PropertyId id, uint32_t value, std::string* out) {
  AppendId(id, out);
  AppendU32(value, out);
}

void AppendBinaryProperty(PropertyId id, ByteView data, std::string* out) {
  AppendId(id, out);
  AppendBinary(data, out);
}

void AppendUserProperty(absl::string_view name, absl::string_view value,
                        std::string* out) {
  AppendId(PropertyId::kUserProperty, out);
  AppendString(name, out);
  AppendString(value, out);
}

void AppendProperties(ProtocolVersion version, absl::string_view properties,
                      std::string* out) {
  if (version == ProtocolVersion::kV311) return;
  AppendVarint(static_cast<uint32_t>(properties.size()), out);
  out->append(properties.data(), properties.size());
}

uint8_t ConnectFlags(const Connect& connect) {
  int flags = connect.clean_start ? kConnectCleanStart : 0;
  if (connect.will.has_value()) {
    flags |= kConnectWill | connect.will->qos << kConnectWillQosShift |
             (connect.will->retain ? kConnectWillRetain : 0);
  }
  if (connect.password.has_value()) flags |= kConnectPassword;
  if (connect.username.has_value()) flags |= kConnectUsername;
  return static_cast<uint8_t>(flags);
}

void AppendFixedHeader(PacketType type, uint8_t flags, size_t remaining_length,
                       std::string* out) {
  AppendByte(static_cast<uint8_t>(static_cast<int>(type) << 4 | flags), out);
  AppendVarint(static_cast<uint32_t>(remaining_length), out);
}

void AppendPacket(PacketType type, uint8_t flags, absl::string_view body,
                  std::string* out) {
  AppendFixedHeader(type, flags, body.size(), out);
  out->append(body.data(), body.size());
}

void AppendConnack(ProtocolVersion version, bool session_present, uint8_t code,
                   absl::string_view properties, std::string* out) {
  AppendFixedHeader(PacketType::kConnack, 0,
                    2 + PropertiesSize(version, properties), out);
  AppendByte(session_present ? 1 : 0, out);
  AppendByte(code, out);
  AppendProperties(version, properties, out);
}

void AppendPuback(PacketType type, ProtocolVersion version, uint16_t packet_id,
                  ReasonCode code, absl::string_view properties,
                  std::string* out) {
  std::string body;
  AppendU16(packet_id, &body);
  AppendCodeAndProperties(version, code, properties, &body);
  AppendPacket(type, FlagsOf(type), body, out);
}

void AppendSuback(ProtocolVersion version, uint16_t packet_id,
                  absl::string_view properties, ByteView codes,
                  std::string* out) {
  AppendSubscribeAnswer(PacketType::kSuback, version, packet_id, properties,
                        codes, out);
}

void AppendUnsuback(ProtocolVersion version, uint16_t packet_id,
                    absl::string_view properties, ByteView codes,
                    std::string* out) {
  AppendSubscribeAnswer(PacketType::kUnsuback, version, packet_id, properties,
                        version == ProtocolVersion::kV5 ? codes : ByteView(),
                        out);
}

void AppendDisconnect(ProtocolVersion version, ReasonCode code,
                      absl::string_view properties, std::string* out) {
  std::string body;
  AppendCodeAndProperties(version, code, properties, &body);
  AppendPacket(PacketType::kDisconnect, 0, body, out);
}

void AppendAuth(ReasonCode code, absl::string_view properties,
                std::string* out) {
  std::string body;
  if (code != ReasonCode::kSuccess || !properties.empty()) {
    AppendByte(static_cast<uint8_t>(code), &body);
    AppendProperties(ProtocolVersion::kV5, properties, &body);
  }
  AppendPacket(PacketType::kAuth, 0, body, out);
}

void AppendConnect(const Connect& connect, std::string* out) {
  std::string body;
  AppendString("MQTT", &body);
  AppendByte(static_cast<uint8_t>(connect.version), &body);
  AppendByte(ConnectFlags(connect), &body);
  AppendU16(connect.keep_alive, &body);
  AppendProperties(connect.version, connect.properties, &body);
  AppendString(connect.client_id, &body);
  if (connect.will.has_value()) {
    AppendProperties(connect.version, connect.will->properties, &body);
    AppendString(connect.will->topic, &body);
    AppendBinary(connect.will->payload, &body);
  }
  if (connect.username.has_value()) AppendString(*connect.username, &body);
  if (connect.password.has_value()) AppendBinary(*connect.password, &body);
  AppendPacket(PacketType::kConnect, 0, body, out);
}

void AppendPublish(ProtocolVersion version, const Publish& publish,
                   std::string* out) {
  const absl::string_view properties = AsString(publish.properties.bytes());
  const absl::string_view payload = AsString(publish.payload);
  const size_t id_size = publish.qos > 0 ? sizeof(publish.packet_id) : 0;
  const size_t remaining_length =
      kLengthPrefix + publish.topic.size() + id_size +
      PropertiesSize(version, properties) + payload.size();
  const int flags =
      (publish.dup ? 0x08 : 0) | publish.qos << 1 | (publish.retain ? 0x01 : 0);
  AppendFixedHeader(PacketType::kPublish, static_cast<uint8_t>(flags),
                    remaining_length, out);
  AppendString(publish.topic, out);
  if (publish.qos > 0) AppendU16(publish.packet_id, out);
  AppendProperties(version, properties, out);
  out->append(payload.data(), payload.size());
}

void AppendSubscribe(ProtocolVersion version, const Subscribe& subscribe,
                     std::string* out) {
  std::string body;
  AppendU16(subscribe.packet_id, &body);
  AppendProperties(version, subscribe.properties, &body);
  for (const SubscribeEntry& entry : subscribe.entries) {
    AppendString(entry.filter, &body);
    AppendByte(entry.options, &body);
  }
  AppendPacket(PacketType::kSubscribe, FlagsOf(PacketType::kSubscribe), body,
               out);
}

void AppendUnsubscribe(ProtocolVersion version, const Unsubscribe& unsubscribe,
                       std::string* out) {
  std::string body;
  AppendU16(unsubscribe.packet_id, &body);
  AppendProperties(version, unsubscribe.properties, &body);
  for (const absl::string_view filter : unsubscribe.filters) {
    AppendString(filter, &body);
  }
  AppendPacket(PacketType::kUnsubscribe, FlagsOf(PacketType::kUnsubscribe),
               body, out);
}

size_t UnsubscribeSize(ProtocolVersion version, size_t count, size_t bytes) {
  const size_t properties = version == ProtocolVersion::kV311 ? 0 : 1;
  const size_t body = 2 + properties + 2 * count + bytes;
  return 1 + VarintSize(static_cast<uint32_t>(body)) + body;
}

}  // namespace sluice::mqtt
