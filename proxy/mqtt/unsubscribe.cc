#include "proxy/mqtt/unsubscribe.h"

#include "proxy/base/byte_reader.h"
#include "proxy/mqtt/body_reader.h"
#include "proxy/mqtt/reason_code.h"

namespace sluice::mqtt {

absl::StatusOr<Unsubscribe> ParseUnsubscribe(const Frame& frame,
                                             ProtocolVersion version) {
  if (absl::Status status = CheckFlags(frame, 2); !status.ok()) return status;
  Unsubscribe unsubscribe;
  ByteReader reader(frame.body);
  if (absl::Status status = ReadPacketId(&reader, &unsubscribe.packet_id);
      !status.ok()) {
    return status;
  }
  if (absl::Status status =
          ReadProperties(&reader, version, PropertyPlace::kUnsubscribe,
                         &unsubscribe.properties);
      !status.ok()) {
    return status;
  }
  while (!reader.empty()) {
    if (unsubscribe.filters.size() == kMaxFilters) {
      return MqttError(ReasonCode::kQuotaExceeded, "too many topic filters");
    }
    unsubscribe.filters.emplace_back();
    if (absl::Status status =
            ReadTopicFilter(&reader, version, &unsubscribe.filters.back());
        !status.ok()) {
      return status;
    }
  }
  if (unsubscribe.filters.empty()) return ProtocolError("no topic filter");
  return unsubscribe;
}

}  // namespace sluice::mqtt
