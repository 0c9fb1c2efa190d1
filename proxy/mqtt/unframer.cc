#include "proxy/mqtt/unframer.h"

#include "proxy/base/byte_reader.h"
#include "proxy/mqtt/varint.h"

namespace sluice::mqtt {
namespace {

// Of a PUBLISH's first byte.
constexpr uint8_t kQosBits = 0x06;

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

UnframeResult UnframePublishHead(ByteView input, size_t need, size_t max_head,
                                 ProtocolVersion version) {
  ByteReader reader(input);
  uint8_t first;
  uint32_t remaining_length;
  if (!reader.ReadU8(&first) ||
      ReadVarint(&reader, &remaining_length) != VarintResult::kOk) {
    return NeedMore(need);
  }
  const size_t header_size = input.size() - reader.size();
  uint16_t topic_size;
  if (!reader.ReadU16(&topic_size)) return NeedMore(need);
  const bool has_packet_id = (first & kQosBits) != 0;
  size_t head = header_size + sizeof(topic_size) + topic_size +
                (has_packet_id ? sizeof(uint16_t) : 0);
  if (head > need) return Error(ReasonCode::kMalformedPacket);
  if (input.size() < head) return NeedMore(need);
  if (version == ProtocolVersion::kV5) {
    ByteReader properties(input.subspan(head));
    uint32_t properties_size;
    switch (ReadVarint(&properties, &properties_size)) {
      case VarintResult::kIncomplete:
        return NeedMore(need);
      case VarintResult::kMalformed:
        return Error(ReasonCode::kMalformedPacket);
      case VarintResult::kOk:
        break;
    }
    head = input.size() - properties.size() + properties_size;
    if (head > need) return Error(ReasonCode::kMalformedPacket);
  }
  if (head > max_head) return Error(ReasonCode::kQuotaExceeded);
  if (input.size() < head) return NeedMore(need);
  UnframeResult result{};
  result.kind = UnframeResult::Kind::kFrame;
  result.frame.type = PacketType::kPublish;
  result.frame.flags = first & 0x0f;
  result.frame.whole = input;
  result.frame.body = input.subspan(header_size);
  result.frame.missing = need - input.size();
  return result;
}

}  // namespace sluice::mqtt
