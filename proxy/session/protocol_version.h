#ifndef PROXY_SESSION_PROTOCOL_VERSION_H_
#define PROXY_SESSION_PROTOCOL_VERSION_H_

#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/mqtt/packet_type.h"

namespace sluice::session {

// As the policy service calls it.
inline policy::v1::ProtocolVersion ToProto(mqtt::ProtocolVersion version) {
  return version == mqtt::ProtocolVersion::kV5
             ? policy::v1::PROTOCOL_VERSION_MQTT_5_0
             : policy::v1::PROTOCOL_VERSION_MQTT_3_1_1;
}

}  // namespace sluice::session

#endif  // PROXY_SESSION_PROTOCOL_VERSION_H_
