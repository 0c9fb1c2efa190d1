#ifndef PROXY_MQTT_SUBSCRIBE_H_
#define PROXY_MQTT_SUBSCRIBE_H_

#include <cstdint>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/properties.h"
#include "proxy/mqtt/unframer.h"

namespace sluice::mqtt {

// Of a subscription's options, MQTT 5.0 section 3.8.3.1.
inline constexpr uint8_t kSubscribeQosMask = 0x03;

struct SubscribeEntry {
  absl::string_view filter;
  uint8_t options = 0;  // v3: the requested QoS
};

// SUBSCRIBE, MQTT 5.0 section 3.8. Views alias the frame.
struct Subscribe {
  uint16_t packet_id = 0;
  Properties properties;                           // v5 only
  absl::InlinedVector<SubscribeEntry, 4> entries;  // at least one
};

// More than kMaxFilters: kQuotaExceeded. Reserved option bits, QoS 3, Retain
// Handling 3: kMalformedPacket. No entry, No Local on a shared subscription:
// kProtocolError. A filter that is none: kTopicFilterInvalid.
absl::StatusOr<Subscribe> ParseSubscribe(const Frame& frame,
                                         ProtocolVersion version);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_SUBSCRIBE_H_
