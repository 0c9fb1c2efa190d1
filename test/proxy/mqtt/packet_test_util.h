#ifndef TEST_PROXY_MQTT_PACKET_TEST_UTIL_H_
#define TEST_PROXY_MQTT_PACKET_TEST_UTIL_H_

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "proxy/base/bytes.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/reason_code.h"
#include "proxy/mqtt/unframer.h"

namespace sluice::mqtt {

inline constexpr ProtocolVersion kV311 = ProtocolVersion::kV311;
inline constexpr ProtocolVersion kV5 = ProtocolVersion::kV5;

// The bytes that `digits` spell in hexadecimal; white space is skipped.
std::string Hex(absl::string_view digits);

// The only frame in `packet`, which it aliases; fails the test when there is
// none or something behind it.
Frame FrameOf(const std::string& packet);

// A packet parser, less its result.
using Parser = std::function<absl::Status(const Frame&)>;

// That of packets of `version`.
template <typename Packet>
Parser ParserOf(absl::StatusOr<Packet> (*parse)(const Frame&, ProtocolVersion),
                ProtocolVersion version) {
  return [parse, version](const Frame& frame) {
    return parse(frame, version).status();
  };
}

// The reason for which `parse` refuses `packet`; nullopt when it does not.
absl::optional<ReasonCode> Refusal(const Parser& parse,
                                   const std::string& packet);

// Something that must be refused.
struct BadPacket {
  absl::string_view what;
  std::string packet;
  ReasonCode reason;
};

void ExpectRefused(const Parser& parse, const std::vector<BadPacket>& packets);

// Checks what holds for every packet: the unframer yields it whole, when split
// in two anywhere, byte by byte and twice in a row; `parse` takes it, refuses
// its body cut off at every length, but for `valid_lengths`, and refuses one
// byte more, unless `open_ended`. (EDGE-4)
void ExpectStrict(const Parser& parse, const std::string& packet,
                  const std::set<size_t>& valid_lengths = {},
                  bool open_ended = false);

}  // namespace sluice::mqtt

#endif  // TEST_PROXY_MQTT_PACKET_TEST_UTIL_H_
