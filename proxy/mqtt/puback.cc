#include "proxy/mqtt/puback.h"

#include "proxy/base/byte_reader.h"
#include "proxy/mqtt/body_reader.h"
#include "proxy/mqtt/reason_code.h"

namespace sluice::mqtt {
namespace {

PropertyPlace PlaceOf(PacketType type) {
  switch (type) {
    case PacketType::kPubrec:
      return PropertyPlace::kPubrec;
    case PacketType::kPubrel:
      return PropertyPlace::kPubrel;
    case PacketType::kPubcomp:
      return PropertyPlace::kPubcomp;
    default:
      return PropertyPlace::kPuback;
  }
}

// The optional end of the packet (MQTT 5.0 section 3.4.2.1): nothing, a code,
// or a code and properties.
absl::Status ReadCodeAndProperties(PacketType type, ByteReader* reader,
                                   Puback* out) {
  if (!reader->ReadU8(&out->code)) return absl::OkStatus();
  if (!IsReasonCodeOf(type, out->code)) {
    return ProtocolError("code is none of this acknowledgement");
  }
  if (reader->empty()) return absl::OkStatus();
  return ReadProperties(reader, PlaceOf(type), &out->properties);
}

}  // namespace

absl::StatusOr<Puback> ParsePuback(const Frame& frame,
                                   ProtocolVersion version) {
  const uint8_t flags = frame.type == PacketType::kPubrel ? 2 : 0;
  if (absl::Status status = CheckFlags(frame, flags); !status.ok()) {
    return status;
  }
  Puback puback;
  ByteReader reader(frame.body);
  if (absl::Status status = ReadPacketId(&reader, &puback.packet_id);
      !status.ok()) {
    return status;
  }
  if (version == ProtocolVersion::kV5) {
    if (absl::Status status =
            ReadCodeAndProperties(frame.type, &reader, &puback);
        !status.ok()) {
      return status;
    }
  }
  if (absl::Status status = CheckEnd(reader); !status.ok()) return status;
  return puback;
}

}  // namespace sluice::mqtt
