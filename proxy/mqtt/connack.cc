#include "proxy/mqtt/connack.h"

#include "proxy/base/byte_reader.h"
#include "proxy/mqtt/body_reader.h"
#include "proxy/mqtt/reason_code.h"

namespace sluice::mqtt {
namespace {

constexpr uint8_t kSessionPresentFlag = 0x01;

bool IsCode(uint8_t code, ProtocolVersion version) {
  if (version == ProtocolVersion::kV5) {
    return IsReasonCodeOf(PacketType::kConnack, code);
  }
  return code <= static_cast<uint8_t>(ConnectReturnCode::kNotAuthorized);
}

}  // namespace

absl::StatusOr<Connack> ParseConnack(const Frame& frame,
                                     ProtocolVersion version) {
  if (absl::Status status = CheckFlags(frame, 0); !status.ok()) return status;
  Connack connack;
  ByteReader reader(frame.body);
  uint8_t flags;
  if (!reader.ReadU8(&flags) || !reader.ReadU8(&connack.code)) {
    return MalformedPacket("CONNACK is cut off");
  }
  if ((flags & ~kSessionPresentFlag) != 0) {
    return MalformedPacket("reserved acknowledge flags");
  }
  connack.session_present = flags != 0;
  if (!IsCode(connack.code, version)) {
    return ProtocolError("code is none of CONNACK");
  }
  if (connack.session_present && connack.code != 0) {
    return ProtocolError("refusal with session present");
  }
  if (absl::Status status = ReadProperties(
          &reader, version, PropertyPlace::kConnack, &connack.properties);
      !status.ok()) {
    return status;
  }
  if (absl::Status status = CheckEnd(reader); !status.ok()) return status;
  return connack;
}

}  // namespace sluice::mqtt
