#include "proxy/mqtt/unframer.h"

#include "proxy/base/byte_reader.h"
#include "proxy/mqtt/varint.h"

namespace sluice::mqtt {
namespace {

UnframeResult NeedMore(size_t need) {
  UnframeResult result{};
  result.kind = UnframeResult::Kind::kNeedMore;
  result.need = need;
  return result;
}

UnframeResult Error(ReasonCode code) {
  UnframeResult result{};
  result.kind = UnframeResult::Kind::kError;
  result.error = code;
  return result;
}

}  // namespace

UnframeResult Unframe(ByteView input, size_t max_packet_size) {
  ByteReader reader(input);
  uint8_t first;
  if (!reader.ReadU8(&first)) return NeedMore(0);
  if (first >> 4 == 0) return Error(ReasonCode::kMalformedPacket);
  uint32_t remaining_length;
  switch (ReadVarint(&reader, &remaining_length)) {
    case VarintResult::kIncomplete:
      return NeedMore(0);
    case VarintResult::kMalformed:
      return Error(ReasonCode::kMalformedPacket);
    case VarintResult::kOk:
      break;
  }
  const size_t header_size = input.size() - reader.size();
  const size_t whole_size = header_size + remaining_length;
  if (whole_size > max_packet_size) return Error(ReasonCode::kPacketTooLarge);
  if (input.size() < whole_size) return NeedMore(whole_size);
  UnframeResult result{};
  result.kind = UnframeResult::Kind::kFrame;
  result.frame.type = static_cast<PacketType>(first >> 4);
  result.frame.flags = first & 0x0f;
  result.frame.whole = input.first(whole_size);
  result.frame.body = result.frame.whole.subspan(header_size);
  return result;
}

}  // namespace sluice::mqtt
