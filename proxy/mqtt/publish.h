#ifndef PROXY_MQTT_PUBLISH_H_
#define PROXY_MQTT_PUBLISH_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/properties.h"
#include "proxy/mqtt/unframer.h"

namespace sluice::mqtt {

// PUBLISH, MQTT 5.0 section 3.3. Views alias the frame.
struct Publish {
  bool dup = false;
  uint8_t qos = 0;
  bool retain = false;
  absl::string_view topic;   // empty only with a topic alias (v5)
  uint16_t packet_id = 0;    // 0 at QoS 0
  uint16_t topic_alias = 0;  // 0: none
  Properties properties;     // v5 only
  ByteView payload;          // what there is of it
  size_t payload_size = 0;   // of all of it
};

// Which side sent a PUBLISH: a Subscription Identifier may only come from the
// server (MQTT 5.0 section 3.3.4), else kProtocolError; and so may more than
// kMaxProperties, else kQuotaExceeded. Of a server's, DUP at QoS 0 and values
// that change nothing for anybody but the receiver are not looked at: see
// PropertyPlace::kDelivery.
enum class Sender : uint8_t { kClient, kServer };

// Reads a PUBLISH strictly; does not allocate when it succeeds. QoS 3, DUP at
// QoS 0, packet identifier 0, ill-formed UTF-8: kMalformedPacket. Wildcards in
// the topic name: kTopicNameInvalid. Topic alias 0: kTopicAliasInvalid. An
// empty topic without alias: kProtocolError (v5), kMalformedPacket (v3).
absl::StatusOr<Publish> ParsePublish(const Frame& frame,
                                     ProtocolVersion version, Sender sender);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_PUBLISH_H_
