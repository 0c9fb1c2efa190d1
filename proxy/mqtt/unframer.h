#ifndef PROXY_MQTT_UNFRAMER_H_
#define PROXY_MQTT_UNFRAMER_H_

#include <cstddef>
#include <cstdint>

#include "proxy/base/bytes.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/reason_code.h"
#include "proxy/mqtt/varint.h"

namespace sluice::mqtt {

// A Remaining Length of four bytes, with the fixed header (MQTT 5.0 section
// 2.1.4).
inline constexpr size_t kMaxPacketSize = 1 + kMaxVarintSize + kMaxVarint;

// One control packet: complete, unless it comes from UnframePublishHead(). Both
// views alias the unframer's input.
struct Frame {
  PacketType type;
  uint8_t flags;   // low four bits of the first byte, checked by the parsers
  ByteView whole;  // fixed header included
  ByteView body;   // what Remaining Length counts
  size_t missing = 0;  // bytes of a PUBLISH's payload that are to come
};

// Exactly one of three things; an error is final for the connection.
struct UnframeResult {
  enum class Kind { kFrame, kNeedMore, kError };
  Kind kind;
  Frame frame;       // kFrame
  size_t need;       // kNeedMore: bytes that the whole packet has, 0 if the
                     // fixed header is not complete yet
  ReasonCode error;  // kError: kMalformedPacket, kPacketTooLarge, or
                     // kQuotaExceeded
};

// Takes the first control packet off `input`. Stateless and does not allocate:
// call it again with more bytes after kNeedMore. `max_packet_size` bounds the
// whole packet, fixed header included, and is judged from the fixed header
// alone (MQTT 5.0 section 3.1.2.11.4). Packet type 0 is malformed; so are a
// Remaining Length of more than four bytes and one that is not in its shortest
// form (section 1.5.5).
UnframeResult Unframe(ByteView input, size_t max_packet_size);

// The same for a PUBLISH that is not all there: `input` is what there is of it,
// and Unframe() said that it has `need` bytes. A frame once all is there that
// stands before the payload (MQTT 5.0 section 3.3), with what has come of that.
// Where the former has more than `max_head` bytes: kQuotaExceeded, as soon as
// that is known.
UnframeResult UnframePublishHead(ByteView input, size_t need, size_t max_head,
                                 ProtocolVersion version);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_UNFRAMER_H_
