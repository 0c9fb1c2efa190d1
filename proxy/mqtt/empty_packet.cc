#include "proxy/mqtt/empty_packet.h"

#include "proxy/base/byte_reader.h"
#include "proxy/mqtt/body_reader.h"

namespace sluice::mqtt {

absl::Status CheckEmptyPacket(const Frame& frame) {
  if (absl::Status status = CheckFlags(frame, 0); !status.ok()) return status;
  return CheckEnd(ByteReader(frame.body));
}

}  // namespace sluice::mqtt
