#include "proxy/mqtt/publish.h"

#include "proxy/base/byte_reader.h"
#include "proxy/mqtt/body_reader.h"
#include "proxy/mqtt/reason_code.h"

namespace sluice::mqtt {
namespace {

// MQTT 5.0 section 3.3.1.
constexpr uint8_t kRetainFlag = 0x01;
constexpr uint8_t kQosShift = 1;
constexpr uint8_t kQosMask = 0x03;
constexpr uint8_t kDupFlag = 0x08;

absl::Status ReadPublishFlags(uint8_t flags, Sender sender, Publish* out) {
  out->dup = (flags & kDupFlag) != 0;
  out->qos = (flags >> kQosShift) & kQosMask;
  out->retain = (flags & kRetainFlag) != 0;
  if (out->qos == 3) return MalformedPacket("QoS is 3");
  if (out->dup && out->qos == 0 && sender == Sender::kClient) {
    return MalformedPacket("DUP at QoS 0");
  }
  return absl::OkStatus();
}

// What a PUBLISH's properties say beyond being well formed.
absl::Status ApplyProperties(Sender sender, Publish* out) {
  for (const Property& property : out->properties) {
    if (property.id == PropertyId::kTopicAlias) {
      out->topic_alias = static_cast<uint16_t>(property.number);
    } else if (property.id == PropertyId::kSubscriptionIdentifier &&
               sender == Sender::kClient) {
      return ProtocolError("subscription identifier from a client");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Publish> ParsePublish(const Frame& frame,
                                     ProtocolVersion version, Sender sender) {
  absl::StatusOr<Publish> result{Publish()};
  Publish& publish = *result;
  if (absl::Status status = ReadPublishFlags(frame.flags, sender, &publish);
      !status.ok()) {
    return status;
  }
  ByteReader reader(frame.body);
  if (absl::Status status = ReadTopicName(&reader, &publish.topic);
      !status.ok()) {
    return status;
  }
  if (publish.qos > 0) {
    if (absl::Status status = ReadPacketId(&reader, &publish.packet_id);
        !status.ok()) {
      return status;
    }
  }
  if (version == ProtocolVersion::kV5) {
    const PropertyPlace place = sender == Sender::kClient
                                    ? PropertyPlace::kPublish
                                    : PropertyPlace::kDelivery;
    if (absl::Status status =
            ReadProperties(&reader, place, &publish.properties);
        !status.ok()) {
      return status;
    }
    if (absl::Status status = ApplyProperties(sender, &publish); !status.ok()) {
      return status;
    }
  }
  if (publish.topic.empty() && publish.topic_alias == 0) {
    return version == ProtocolVersion::kV5
               ? ProtocolError("neither topic nor topic alias")
               : MalformedPacket("topic name is empty");
  }
  publish.payload = reader.rest();
  publish.payload_size = publish.payload.size() + frame.missing;
  return result;
}

}  // namespace sluice::mqtt
