#include "proxy/mqtt/suback.h"

#include "proxy/base/byte_reader.h"
#include "proxy/mqtt/body_reader.h"
#include "proxy/mqtt/reason_code.h"

namespace sluice::mqtt {
namespace {

// MQTT 3.1.1 section 3.9.3: the granted QoS, or this.
constexpr uint8_t kFailureV311 = 0x80;

bool IsCode(PacketType type, uint8_t code, ProtocolVersion version) {
  if (version == ProtocolVersion::kV5) return IsReasonCodeOf(type, code);
  return code <= 2 || code == kFailureV311;
}

absl::Status ReadCodes(const Frame& frame, ProtocolVersion version,
                       ByteReader* reader, Suback* out) {
  out->codes = reader->rest();
  if (out->codes.empty()) return ProtocolError("no code");
  for (const uint8_t code : out->codes) {
    if (!IsCode(frame.type, code, version)) {
      return ProtocolError("code is none of this acknowledgement");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Suback> ParseSuback(const Frame& frame,
                                   ProtocolVersion version) {
  if (absl::Status status = CheckFlags(frame, 0); !status.ok()) return status;
  Suback suback;
  ByteReader reader(frame.body);
  if (absl::Status status = ReadPacketId(&reader, &suback.packet_id);
      !status.ok()) {
    return status;
  }
  const bool is_unsuback = frame.type == PacketType::kUnsuback;
  if (version == ProtocolVersion::kV5) {
    const PropertyPlace place =
        is_unsuback ? PropertyPlace::kUnsuback : PropertyPlace::kSuback;
    if (absl::Status status =
            ReadProperties(&reader, place, &suback.properties);
        !status.ok()) {
      return status;
    }
  } else if (is_unsuback) {
    if (absl::Status status = CheckEnd(reader); !status.ok()) return status;
    return suback;
  }
  if (absl::Status status = ReadCodes(frame, version, &reader, &suback);
      !status.ok()) {
    return status;
  }
  return suback;
}

}  // namespace sluice::mqtt
