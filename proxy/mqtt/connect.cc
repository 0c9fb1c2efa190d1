#include "proxy/mqtt/connect.h"

#include "proxy/base/byte_reader.h"
#include "proxy/mqtt/body_reader.h"
#include "proxy/mqtt/reason_code.h"

namespace sluice::mqtt {
namespace {

constexpr absl::string_view kProtocolName = "MQTT";

// Protocol name and level (sections 3.1.2.1 and 3.1.2.2).
absl::Status ReadVersion(ByteReader* reader, ProtocolVersion* out) {
  ByteView name;
  if (!reader->ReadU16Prefixed(&name)) {
    return MalformedPacket("protocol name is cut off");
  }
  if (AsString(name) != kProtocolName) {
    return MqttError(ReasonCode::kUnsupportedProtocolVersion,
                     "protocol name is not MQTT");
  }
  uint8_t level;
  if (!reader->ReadU8(&level)) {
    return MalformedPacket("protocol level is cut off");
  }
  *out = static_cast<ProtocolVersion>(level);
  if (*out != ProtocolVersion::kV311 && *out != ProtocolVersion::kV5) {
    return MqttError(ReasonCode::kUnsupportedProtocolVersion,
                     "protocol level is neither 4 nor 5");
  }
  return absl::OkStatus();
}

absl::Status CheckConnectFlags(uint8_t flags, ProtocolVersion version) {
  if ((flags & kConnectReserved) != 0) {
    return MalformedPacket("reserved connect flag");
  }
  if ((flags & kConnectWill) == 0) {
    if ((flags & (kConnectWillQosMask | kConnectWillRetain)) != 0) {
      return MalformedPacket("will QoS or will retain without will");
    }
  } else if ((flags & kConnectWillQosMask) == kConnectWillQosMask) {
    return MalformedPacket("will QoS is 3");
  }
  if (version == ProtocolVersion::kV311 && (flags & kConnectPassword) != 0 &&
      (flags & kConnectUsername) == 0) {
    return MalformedPacket("password without user name");
  }
  return absl::OkStatus();
}

absl::Status ReadWill(ByteReader* reader, uint8_t flags,
                      ProtocolVersion version, Will* out) {
  out->qos = (flags & kConnectWillQosMask) >> kConnectWillQosShift;
  out->retain = (flags & kConnectWillRetain) != 0;
  if (absl::Status status = ReadProperties(
          reader, version, PropertyPlace::kWill, &out->properties);
      !status.ok()) {
    return status;
  }
  if (absl::Status status = ReadTopicName(reader, &out->topic); !status.ok()) {
    return status;
  }
  if (out->topic.empty()) {
    return MqttError(ReasonCode::kTopicNameInvalid, "will topic is empty");
  }
  if (!reader->ReadU16Prefixed(&out->payload)) {
    return MalformedPacket("will payload is cut off");
  }
  return absl::OkStatus();
}

// Section 3.1.3.1. MQTT 3.1.1 wants Clean Session of a client without a name.
absl::Status ReadClientId(ByteReader* reader, Connect* out) {
  if (absl::Status status = ReadString(reader, &out->client_id); !status.ok()) {
    return status;
  }
  if (out->version == ProtocolVersion::kV311 && out->client_id.empty() &&
      !out->clean_start) {
    return MqttError(ReasonCode::kClientIdentifierNotValid,
                     "empty client identifier without clean session");
  }
  return absl::OkStatus();
}

absl::Status ReadCredentials(ByteReader* reader, uint8_t flags, Connect* out) {
  if ((flags & kConnectUsername) != 0) {
    absl::string_view username;
    if (absl::Status status = ReadString(reader, &username); !status.ok()) {
      return status;
    }
    out->username = username;
  }
  if ((flags & kConnectPassword) != 0) {
    ByteView password;
    if (!reader->ReadU16Prefixed(&password)) {
      return MalformedPacket("password is cut off");
    }
    out->password = password;
  }
  return absl::OkStatus();
}

absl::Status ReadPayload(ByteReader* reader, uint8_t flags, Connect* out) {
  const ByteView payload = reader->rest();
  if (absl::Status status = ReadClientId(reader, out); !status.ok()) {
    return status;
  }
  if ((flags & kConnectWill) != 0) {
    out->will.emplace();
    if (absl::Status status =
            ReadWill(reader, flags, out->version, &*out->will);
        !status.ok()) {
      return status;
    }
  }
  out->client_id_and_will = payload.first(payload.size() - reader->size());
  return ReadCredentials(reader, flags, out);
}

}  // namespace

absl::StatusOr<Connect> ParseConnect(const Frame& frame) {
  if (absl::Status status = CheckFlags(frame, 0); !status.ok()) return status;
  Connect connect;
  ByteReader reader(frame.body);
  if (absl::Status status = ReadVersion(&reader, &connect.version);
      !status.ok()) {
    return status;
  }
  uint8_t flags;
  if (!reader.ReadU8(&flags) || !reader.ReadU16(&connect.keep_alive)) {
    return MalformedPacket("connect flags or keep alive are cut off");
  }
  if (absl::Status status = CheckConnectFlags(flags, connect.version);
      !status.ok()) {
    return status;
  }
  connect.clean_start = (flags & kConnectCleanStart) != 0;
  if (absl::Status status =
          ReadProperties(&reader, connect.version, PropertyPlace::kConnect,
                         &connect.properties);
      !status.ok()) {
    return status;
  }
  if (absl::Status status = ReadPayload(&reader, flags, &connect);
      !status.ok()) {
    return status;
  }
  if (absl::Status status = CheckEnd(reader); !status.ok()) return status;
  return connect;
}

absl::optional<uint8_t> PeekProtocolLevel(ByteView connect_body) {
  ByteReader reader(connect_body);
  ByteView name;
  uint8_t level;
  if (!reader.ReadU16Prefixed(&name) || !reader.ReadU8(&level)) {
    return absl::nullopt;
  }
  return level;
}

}  // namespace sluice::mqtt
