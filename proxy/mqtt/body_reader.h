#ifndef PROXY_MQTT_BODY_READER_H_
#define PROXY_MQTT_BODY_READER_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "proxy/base/byte_reader.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/properties.h"
#include "proxy/mqtt/unframer.h"

namespace sluice::mqtt {

// The fields that several control packets share, for the packet parsers. Each
// function reads one field off `reader` into `out`; a field that is cut off is
// kMalformedPacket. Views alias the packet.

// kMalformedPacket unless the fixed header's flags are `expected` (MQTT 5.0
// section 2.1.3).
absl::Status CheckFlags(const Frame& frame, uint8_t expected);

// Topic filters of one SUBSCRIBE or UNSUBSCRIBE: each is judged, recorded and
// answered before another packet is looked at.
inline constexpr size_t kMaxFilters = 4096;

// A Packet Identifier (section 2.2.1); 0 is kMalformedPacket.
absl::Status ReadPacketId(ByteReader* reader, uint16_t* out);

// Property Length and properties (section 2.2.2), as many as may be there.
absl::Status ReadProperties(ByteReader* reader, PropertyPlace place,
                            Properties* out);
// The same of a packet of that version; reads nothing in v3, which has none.
inline absl::Status ReadProperties(ByteReader* reader, ProtocolVersion version,
                                   PropertyPlace place, Properties* out) {
  return version == ProtocolVersion::kV5 ? ReadProperties(reader, place, out)
                                         : absl::OkStatus();
}

// A UTF-8 Encoded String (section 1.5.4); ill-formed: kMalformedPacket.
absl::Status ReadString(ByteReader* reader, absl::string_view* out);

// A string that is a topic name: wildcards are kTopicNameInvalid. May be empty.
absl::Status ReadTopicName(ByteReader* reader, absl::string_view* out);

// A string that is a topic filter of that version; any other is
// kTopicFilterInvalid.
absl::Status ReadTopicFilter(ByteReader* reader, ProtocolVersion version,
                             absl::string_view* out);

// kMalformedPacket unless everything has been read.
absl::Status CheckEnd(const ByteReader& reader);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_BODY_READER_H_
