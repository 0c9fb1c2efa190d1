#ifndef PROXY_TRANSPORT_PACKET_BUFFER_H_
#define PROXY_TRANSPORT_PACKET_BUFFER_H_

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "proxy/base/bytes.h"
#include "proxy/transport/held_bytes.h"

namespace sluice::transport {

// One direction's input. Bytes are read into `scratch`, a buffer that all
// connections of a loop share and that holds nothing between their turns; only
// bytes that have to wait (an incomplete packet, as a rule) are kept here. So
// memory is in proportion to bytes received, never to a length that a packet
// announces, and the copying is linear in them. A turn is
//
//   const size_t n = read into Prepare(scratch);
//   const ByteView data = Commit(scratch, n);
//   Consume(data, how much of it was used);
class PacketBuffer {
 public:
  // The least size of `scratch`; half of it is always free for reading.
  static constexpr size_t kMinScratch = 128 * 1024;

  // Where to read: the part of `scratch` behind what was held, if that is put
  // in front.
  absl::Span<uint8_t> Prepare(absl::Span<uint8_t> scratch);

  // `count` bytes were read. Returns all bytes that wait, in one piece, valid
  // until the next call.
  ByteView Commit(absl::Span<uint8_t> scratch, size_t count);

  // Bytes that wait since an earlier turn, for a turn without reading.
  ByteView held() const { return held_.view(); }

  // Keeps what follows the first `used` bytes of `data`, which Commit() or
  // held() returned.
  void Consume(ByteView data, size_t used);

 private:
  bool HeldGoesInFront() const;

  HeldBytes held_;
  uint32_t last_read_ = 0;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_PACKET_BUFFER_H_
