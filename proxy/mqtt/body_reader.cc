#include "proxy/mqtt/body_reader.h"

#include <utility>

#include "absl/status/statusor.h"
#include "proxy/mqtt/reason_code.h"
#include "proxy/mqtt/topic.h"
#include "proxy/mqtt/utf8.h"
#include "proxy/mqtt/varint.h"

namespace sluice::mqtt {

absl::Status CheckFlags(const Frame& frame, uint8_t expected) {
  if (frame.flags == expected) return absl::OkStatus();
  return MalformedPacket("reserved flags of the fixed header");
}

absl::Status ReadPacketId(ByteReader* reader, uint16_t* out) {
  if (!reader->ReadU16(out)) {
    return MalformedPacket("packet identifier is cut off");
  }
  if (*out == 0) return MalformedPacket("packet identifier is 0");
  return absl::OkStatus();
}

absl::Status ReadProperties(ByteReader* reader, PropertyPlace place,
                            Properties* out) {
  uint32_t length;
  ByteView bytes;
  if (ReadVarint(reader, &length) != VarintResult::kOk ||
      !reader->ReadBytes(length, &bytes)) {
    return MalformedPacket("properties are cut off");
  }
  if (bytes.empty()) {
    *out = Properties();
    return absl::OkStatus();
  }
  absl::StatusOr<Properties> properties =
      ParseProperties(bytes, place, MaxPropertiesFromClient(place));
  if (!properties.ok()) return std::move(properties).status();
  *out = *properties;
  return absl::OkStatus();
}

absl::Status ReadString(ByteReader* reader, absl::string_view* out) {
  ByteView bytes;
  if (!reader->ReadU16Prefixed(&bytes)) {
    return MalformedPacket("string is cut off");
  }
  *out = AsString(bytes);
  if (!IsValidUtf8(*out)) return MalformedPacket("string is not UTF-8");
  return absl::OkStatus();
}

absl::Status ReadTopicName(ByteReader* reader, absl::string_view* out) {
  ByteView bytes;
  if (!reader->ReadU16Prefixed(&bytes)) {
    return MalformedPacket("topic name is cut off");
  }
  *out = AsString(bytes);
  const Utf8Scan scan = ScanUtf8(*out);
  if (!scan.valid) return MalformedPacket("topic name is not UTF-8");
  if (scan.has_wildcard) {
    return MqttError(ReasonCode::kTopicNameInvalid,
                     "topic name has a wildcard");
  }
  return absl::OkStatus();
}

absl::Status ReadTopicFilter(ByteReader* reader, ProtocolVersion version,
                             absl::string_view* out) {
  if (absl::Status status = ReadString(reader, out); !status.ok()) {
    return status;
  }
  if (!(version == ProtocolVersion::kV5 ? IsValidTopicFilter(*out)
                                        : IsValidTopicFilterV311(*out))) {
    return MqttError(ReasonCode::kTopicFilterInvalid,
                     "topic filter is not valid");
  }
  return absl::OkStatus();
}

absl::Status CheckEnd(const ByteReader& reader) {
  if (reader.empty()) return absl::OkStatus();
  return MalformedPacket("bytes behind the last field");
}

}  // namespace sluice::mqtt
