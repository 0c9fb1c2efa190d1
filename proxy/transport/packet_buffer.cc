#include "proxy/transport/packet_buffer.h"

#include <algorithm>
#include <cstring>

namespace sluice::transport {
namespace {

constexpr size_t kShort = 4 * 1024;

}  // namespace

absl::Span<uint8_t> PacketBuffer::Prepare(absl::Span<uint8_t> scratch) {
  if (held().empty() || !HeldGoesInFront()) return scratch;
  std::memcpy(scratch.data(), held().data(), held().size());
  return scratch.subspan(held_.size());
}

ByteView PacketBuffer::Commit(absl::Span<uint8_t> scratch, size_t count) {
  const bool in_front = HeldGoesInFront();
  last_read_ = static_cast<uint32_t>(count);
  if (in_front) return scratch.first(held_.size() + count);
  held_.Append(scratch.first(count));
  return held();
}

void PacketBuffer::Consume(ByteView data, size_t used) {
  const ByteView rest = data.subspan(used);
  if (data.data() == held().data()) {
    if (used > 0) held_.KeepLast(rest.size());
  } else if (used == 0) {
    held_.Append(rest.subspan(held_.size()));
  } else {
    held_ = HeldBytes();
    held_.Append(rest);
  }
}

// A rest that is short, or not longer than what was read last, is copied in
// front of what is read next, which then can stay where it is; to append what
// is read to a longer one costs less.
bool PacketBuffer::HeldGoesInFront() const {
  return held_.size() <= std::min<size_t>(std::max<size_t>(kShort, last_read_),
                                          kMinScratch / 2);
}

}  // namespace sluice::transport
