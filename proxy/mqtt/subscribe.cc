#include "proxy/mqtt/subscribe.h"

#include "proxy/base/byte_reader.h"
#include "proxy/mqtt/body_reader.h"
#include "proxy/mqtt/reason_code.h"
#include "proxy/mqtt/topic.h"

namespace sluice::mqtt {
namespace {

// MQTT 5.0 section 3.8.3.1.
constexpr uint8_t kNoLocalFlag = 0x04;
constexpr uint8_t kRetainHandlingMask = 0x30;
constexpr uint8_t kReservedMask = 0xc0;
// All but the requested QoS, MQTT 3.1.1 section 3.8.3.
constexpr uint8_t kReservedMaskV311 = 0xfc;

absl::Status CheckOptions(const SubscribeEntry& entry,
                          ProtocolVersion version) {
  const uint8_t options = entry.options;
  const uint8_t reserved =
      version == ProtocolVersion::kV5 ? kReservedMask : kReservedMaskV311;
  if ((options & reserved) != 0) {
    return MalformedPacket("reserved subscription options");
  }
  if ((options & kSubscribeQosMask) == kSubscribeQosMask) {
    return MalformedPacket("QoS is 3");
  }
  if ((options & kRetainHandlingMask) == kRetainHandlingMask) {
    return MalformedPacket("retain handling is 3");
  }
  if ((options & kNoLocalFlag) != 0 && IsShared(entry.filter)) {
    return ProtocolError("no local on a shared subscription");
  }
  return absl::OkStatus();
}

absl::Status ReadEntry(ByteReader* reader, ProtocolVersion version,
                       SubscribeEntry* out) {
  if (absl::Status status = ReadTopicFilter(reader, version, &out->filter);
      !status.ok()) {
    return status;
  }
  if (!reader->ReadU8(&out->options)) {
    return MalformedPacket("subscription options are cut off");
  }
  return CheckOptions(*out, version);
}

}  // namespace

absl::StatusOr<Subscribe> ParseSubscribe(const Frame& frame,
                                         ProtocolVersion version) {
  if (absl::Status status = CheckFlags(frame, 2); !status.ok()) return status;
  Subscribe subscribe;
  ByteReader reader(frame.body);
  if (absl::Status status = ReadPacketId(&reader, &subscribe.packet_id);
      !status.ok()) {
    return status;
  }
  if (absl::Status status = ReadProperties(
          &reader, version, PropertyPlace::kSubscribe, &subscribe.properties);
      !status.ok()) {
    return status;
  }
  while (!reader.empty()) {
    if (subscribe.entries.size() == kMaxFilters) {
      return MqttError(ReasonCode::kQuotaExceeded, "too many topic filters");
    }
    subscribe.entries.emplace_back();
    if (absl::Status status =
            ReadEntry(&reader, version, &subscribe.entries.back());
        !status.ok()) {
      return status;
    }
  }
  if (subscribe.entries.empty()) return ProtocolError("no topic filter");
  return subscribe;
}

}  // namespace sluice::mqtt
