#ifndef PROTO_PROTOCOL_VERSION_H_
#define PROTO_PROTOCOL_VERSION_H_

#include <optional>

#include "absl/strings/string_view.h"
#include "proto/sluice/policy/v1/policy.pb.h"

namespace sluice {

// How operators write versions of MQTT: "3.1.1" and "5.0".

// Empty for a version that we do not know.
absl::string_view ProtocolVersionName(policy::v1::ProtocolVersion version);

// nullopt where `name` is that of no version.
std::optional<policy::v1::ProtocolVersion> ParseProtocolVersion(
    absl::string_view name);

}  // namespace sluice

#endif  // PROTO_PROTOCOL_VERSION_H_
