#ifndef TEST_PROXY_SESSION_PACKET_STREAM_H_
#define TEST_PROXY_SESSION_PACKET_STREAM_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "proxy/base/bytes.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/unframer.h"

namespace sluice::session {

// The packets of one direction, as they come.
class PacketStream {
 public:
  // A PUBLISH of more than `max_held` bytes may come in parts.
  explicit PacketStream(size_t max_held) : max_held_(max_held) {}

  // The first packet of `bytes`, or what there is of such a PUBLISH.
  mqtt::UnframeResult First(ByteView bytes,
                            mqtt::ProtocolVersion version) const {
    const mqtt::UnframeResult result = mqtt::Unframe(bytes, 268435460);
    if (result.kind != mqtt::UnframeResult::Kind::kNeedMore ||
        result.need <= max_held_ ||
        bytes[0] >> 4 != static_cast<uint8_t>(mqtt::PacketType::kPublish)) {
      return result;
    }
    return mqtt::UnframePublishHead(bytes, result.need, SIZE_MAX, version);
  }

  // Calls `on_packet` with the frame of each packet, or with the beginning of
  // one that comes in parts, and `on_more` with how many bytes more there are
  // of it. False where there is something else.
  template <typename OnPacket, typename OnMore>
  bool Each(ByteView bytes, mqtt::ProtocolVersion version, OnPacket on_packet,
            OnMore on_more) {
    while (!bytes.empty()) {
      if (missing_ > 0) {
        const size_t more = std::min(missing_, bytes.size());
        missing_ -= more;
        bytes.remove_prefix(more);
        on_more(more);
        continue;
      }
      const mqtt::UnframeResult result = First(bytes, version);
      if (result.kind != mqtt::UnframeResult::Kind::kFrame) return false;
      on_packet(result.frame);
      missing_ = result.frame.missing;
      bytes.remove_prefix(result.frame.whole.size());
    }
    return true;
  }
  template <typename OnPacket>
  bool Each(ByteView bytes, mqtt::ProtocolVersion version, OnPacket on_packet) {
    return Each(bytes, version, on_packet, [](size_t) {});
  }

 private:
  size_t max_held_;
  size_t missing_ = 0;  // bytes of the last PUBLISH
};

}  // namespace sluice::session

#endif  // TEST_PROXY_SESSION_PACKET_STREAM_H_
