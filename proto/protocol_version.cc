#include "proto/protocol_version.h"

namespace sluice {

absl::string_view ProtocolVersionName(policy::v1::ProtocolVersion version) {
  switch (version) {
    case policy::v1::PROTOCOL_VERSION_MQTT_3_1_1:
      return "3.1.1";
    case policy::v1::PROTOCOL_VERSION_MQTT_5_0:
      return "5.0";
    default:
      return "";
  }
}

std::optional<policy::v1::ProtocolVersion> ParseProtocolVersion(
    absl::string_view name) {
  for (const policy::v1::ProtocolVersion version :
       {policy::v1::PROTOCOL_VERSION_MQTT_3_1_1,
        policy::v1::PROTOCOL_VERSION_MQTT_5_0}) {
    if (name == ProtocolVersionName(version)) return version;
  }
  return std::nullopt;
}

}  // namespace sluice
