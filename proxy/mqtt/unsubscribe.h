#ifndef PROXY_MQTT_UNSUBSCRIBE_H_
#define PROXY_MQTT_UNSUBSCRIBE_H_

#include <cstdint>

#include "absl/container/inlined_vector.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/properties.h"
#include "proxy/mqtt/unframer.h"

namespace sluice::mqtt {

// UNSUBSCRIBE, MQTT 5.0 section 3.10. Views alias the frame.
struct Unsubscribe {
  uint16_t packet_id = 0;
  Properties properties;                              // v5 only
  absl::InlinedVector<absl::string_view, 4> filters;  // at least one
};

// More filters than kMaxFilters: kQuotaExceeded.
absl::StatusOr<Unsubscribe> ParseUnsubscribe(const Frame& frame,
                                             ProtocolVersion version);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_UNSUBSCRIBE_H_
