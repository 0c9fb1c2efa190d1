#ifndef PROXY_MQTT_UNFRAMER_H_
#define PROXY_MQTT_UNFRAMER_H_

#include <cstddef>
#include <cstdint>

#include "proxy/base/bytes.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/reason_code.h"

namespace sluice::mqtt {

// One complete control packet. Both views alias the unframer's input.
struct Frame {
  PacketType type;
  uint8_t flags;   // low four bits of the first byte, checked by the parsers
  ByteView whole;  // fixed header included
  ByteView body;   // what Remaining Length counts
};

// Exactly one of three things; an error is final for the connection.
struct UnframeResult {
  enum class Kind { kFrame, kNeedMore, kError };
  Kind kind;
  Frame frame;       // kFrame
  size_t need;       // kNeedMore: bytes that the whole packet has, 0 if the
                     // fixed header is not complete yet
  ReasonCode error;  // kError: kMalformedPacket or kPacketTooLarge
};

// Takes the first control packet off `input`. Stateless and does not allocate:
// call it again with more bytes after kNeedMore. `max_packet_size` bounds the
// whole packet, fixed header included, and is judged from the fixed header
// alone (MQTT 5.0 section 3.1.2.11.4). Packet type 0 is malformed; so are a
// Remaining Length of more than four bytes and one that is not in its shortest
// form (section 1.5.5).
UnframeResult Unframe(ByteView input, size_t max_packet_size);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_UNFRAMER_H_
