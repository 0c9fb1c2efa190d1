#include "proxy/mqtt/disconnect.h"

#include "proxy/base/byte_reader.h"
#include "proxy/mqtt/body_reader.h"
#include "proxy/mqtt/reason_code.h"

namespace sluice::mqtt {
namespace {

// MQTT 5.0 section 3.14.2: nothing, a code, or a code and properties.
absl::Status ReadCodeAndProperties(ByteReader* reader, Disconnect* out) {
  if (!reader->ReadU8(&out->code)) return absl::OkStatus();
  if (!IsReasonCodeOf(PacketType::kDisconnect, out->code)) {
    return ProtocolError("code is none of DISCONNECT");
  }
  if (reader->empty()) return absl::OkStatus();
  return ReadProperties(reader, PropertyPlace::kDisconnect, &out->properties);
}

}  // namespace

absl::StatusOr<Disconnect> ParseDisconnect(const Frame& frame,
                                           ProtocolVersion version) {
  if (absl::Status status = CheckFlags(frame, 0); !status.ok()) return status;
  Disconnect disconnect;
  ByteReader reader(frame.body);
  if (version == ProtocolVersion::kV5) {
    if (absl::Status status = ReadCodeAndProperties(&reader, &disconnect);
        !status.ok()) {
      return status;
    }
  }
  if (absl::Status status = CheckEnd(reader); !status.ok()) return status;
  return disconnect;
}

}  // namespace sluice::mqtt
