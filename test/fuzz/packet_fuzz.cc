// Any control packets: what a parser takes, the writer writes, and the parser
// reads it back the same. The first byte chooses version and sender.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/status/statusor.h"
#include "proxy/base/bytes.h"
#include "proxy/mqtt/auth.h"
#include "proxy/mqtt/connack.h"
#include "proxy/mqtt/connect.h"
#include "proxy/mqtt/disconnect.h"
#include "proxy/mqtt/empty_packet.h"
#include "proxy/mqtt/puback.h"
#include "proxy/mqtt/publish.h"
#include "proxy/mqtt/reason_code.h"
#include "proxy/mqtt/suback.h"
#include "proxy/mqtt/subscribe.h"
#include "proxy/mqtt/unframer.h"
#include "proxy/mqtt/unsubscribe.h"
#include "proxy/mqtt/writer.h"

namespace sluice::mqtt {
namespace {

constexpr size_t kNoLimit = 268435460;

void Check(bool condition) {
  if (!condition) std::abort();
}

absl::string_view TextOf(const Properties& properties) {
  return AsString(properties.bytes());
}

bool Same(const Properties& a, const Properties& b) {
  return a.bytes() == b.bytes();
}

bool Same(const Auth& a, const Auth& b) {
  return a.code == b.code && Same(a.properties, b.properties);
}

bool Same(const Connack& a, const Connack& b) {
  return a.session_present == b.session_present && a.code == b.code &&
         Same(a.properties, b.properties);
}

bool Same(const Will& a, const Will& b) {
  return a.topic == b.topic && a.payload == b.payload && a.qos == b.qos &&
         a.retain == b.retain && Same(a.properties, b.properties);
}

bool Same(const Connect& a, const Connect& b) {
  return a.version == b.version && a.clean_start == b.clean_start &&
         a.keep_alive == b.keep_alive && Same(a.properties, b.properties) &&
         a.client_id == b.client_id &&
         a.will.has_value() == b.will.has_value() &&
         (!a.will.has_value() || Same(*a.will, *b.will)) &&
         a.username == b.username && a.password == b.password &&
         a.client_id_and_will == b.client_id_and_will;
}

bool Same(const Disconnect& a, const Disconnect& b) {
  return a.code == b.code && Same(a.properties, b.properties);
}

bool Same(const Puback& a, const Puback& b) {
  return a.packet_id == b.packet_id && a.code == b.code &&
         Same(a.properties, b.properties);
}

bool Same(const Publish& a, const Publish& b) {
  return a.dup == b.dup && a.qos == b.qos && a.retain == b.retain &&
         a.topic == b.topic && a.packet_id == b.packet_id &&
         a.topic_alias == b.topic_alias && Same(a.properties, b.properties) &&
         a.payload == b.payload;
}

bool Same(const Suback& a, const Suback& b) {
  return a.packet_id == b.packet_id && a.codes == b.codes &&
         Same(a.properties, b.properties);
}

bool Same(const Subscribe& a, const Subscribe& b) {
  return a.packet_id == b.packet_id && Same(a.properties, b.properties) &&
         std::equal(a.entries.begin(), a.entries.end(), b.entries.begin(),
                    b.entries.end(),
                    [](const SubscribeEntry& x, const SubscribeEntry& y) {
                      return x.filter == y.filter && x.options == y.options;
                    });
}

bool Same(const Unsubscribe& a, const Unsubscribe& b) {
  return a.packet_id == b.packet_id && a.filters == b.filters &&
         Same(a.properties, b.properties);
}

// `parse`: Frame to StatusOr; `write`: what that yields to bytes.
template <typename Parse, typename Write>
void RoundTrip(const Frame& frame, Parse parse, Write write) {
  const auto first = parse(frame);
  if (!first.ok()) {
    // Every refusal says how it is answered.
    Check(ReasonCodeOf(first.status()) != ReasonCode::kUnspecifiedError);
    return;
  }
  std::string bytes;
  write(*first, &bytes);
  const UnframeResult again = Unframe(AsBytes(bytes), kNoLimit);
  Check(again.kind == UnframeResult::Kind::kFrame);
  Check(again.frame.whole.size() == bytes.size());
  // Nothing grows: the writer uses the shortest form of everything.
  Check(bytes.size() <= frame.whole.size());
  Check(again.frame.type == frame.type && again.frame.flags == frame.flags);
  const auto second = parse(again.frame);
  Check(second.ok() && Same(*first, *second));
}

void RoundTripAck(const Frame& frame, ProtocolVersion version) {
  RoundTrip(
      frame, [&](const Frame& f) { return ParsePuback(f, version); },
      [&](const Puback& ack, std::string* out) {
        AppendPuback(frame.type, version, ack.packet_id,
                     static_cast<ReasonCode>(ack.code), TextOf(ack.properties),
                     out);
      });
}

void RoundTripSuback(const Frame& frame, ProtocolVersion version) {
  RoundTrip(
      frame, [&](const Frame& f) { return ParseSuback(f, version); },
      [&](const Suback& ack, std::string* out) {
        const auto append =
            frame.type == PacketType::kSuback ? AppendSuback : AppendUnsuback;
        append(version, ack.packet_id, TextOf(ack.properties), ack.codes, out);
      });
}

void RoundTripSubscribe(const Frame& frame, ProtocolVersion version) {
  if (frame.type == PacketType::kSubscribe) {
    RoundTrip(
        frame, [&](const Frame& f) { return ParseSubscribe(f, version); },
        [&](const Subscribe& subscribe, std::string* out) {
          AppendSubscribe(version, subscribe, out);
        });
  } else {
    RoundTrip(
        frame, [&](const Frame& f) { return ParseUnsubscribe(f, version); },
        [&](const Unsubscribe& unsubscribe, std::string* out) {
          AppendUnsubscribe(version, unsubscribe, out);
        });
  }
}

void RoundTripSetup(const Frame& frame, ProtocolVersion version) {
  switch (frame.type) {
    case PacketType::kConnect:
      PeekProtocolLevel(frame.body);
      return RoundTrip(frame, ParseConnect, AppendConnect);
    case PacketType::kConnack:
      return RoundTrip(
          frame, [&](const Frame& f) { return ParseConnack(f, version); },
          [&](const Connack& connack, std::string* out) {
            AppendConnack(version, connack.session_present, connack.code,
                          TextOf(connack.properties), out);
          });
    case PacketType::kDisconnect:
      return RoundTrip(
          frame, [&](const Frame& f) { return ParseDisconnect(f, version); },
          [&](const Disconnect& disconnect, std::string* out) {
            AppendDisconnect(version, static_cast<ReasonCode>(disconnect.code),
                             TextOf(disconnect.properties), out);
          });
    default:
      return RoundTrip(frame, ParseAuth,
                       [](const Auth& auth, std::string* out) {
                         AppendAuth(static_cast<ReasonCode>(auth.code),
                                    TextOf(auth.properties), out);
                       });
  }
}

void RoundTripPublish(const Frame& frame, ProtocolVersion version,
                      Sender sender) {
  RoundTrip(
      frame, [&](const Frame& f) { return ParsePublish(f, version, sender); },
      [&](const Publish& publish, std::string* out) {
        AppendPublish(version, publish, out);
      });
}

void RoundTripAny(const Frame& frame, ProtocolVersion version, Sender sender) {
  switch (frame.type) {
    case PacketType::kConnect:
    case PacketType::kConnack:
    case PacketType::kDisconnect:
    case PacketType::kAuth:
      return RoundTripSetup(frame, version);
    case PacketType::kPublish:
      return RoundTripPublish(frame, version, sender);
    case PacketType::kPuback:
    case PacketType::kPubrec:
    case PacketType::kPubrel:
    case PacketType::kPubcomp:
      return RoundTripAck(frame, version);
    case PacketType::kSubscribe:
    case PacketType::kUnsubscribe:
      return RoundTripSubscribe(frame, version);
    case PacketType::kSuback:
    case PacketType::kUnsuback:
      return RoundTripSuback(frame, version);
    case PacketType::kPingreq:
    case PacketType::kPingresp:
      Check(CheckEmptyPacket(frame).ok() ==
            (frame.flags == 0 && frame.body.empty()));
      return;
  }
}

}  // namespace
}  // namespace sluice::mqtt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::mqtt;  // NOLINT
  if (size == 0) return 0;
  const ProtocolVersion version =
      (data[0] & 1) != 0 ? ProtocolVersion::kV5 : ProtocolVersion::kV311;
  const Sender sender = (data[0] & 2) != 0 ? Sender::kServer : Sender::kClient;
  sluice::ByteView rest(data + 1, size - 1);
  while (true) {
    const UnframeResult result = Unframe(rest, kNoLimit);
    if (result.kind != UnframeResult::Kind::kFrame) return 0;
    RoundTripAny(result.frame, version, sender);
    rest.remove_prefix(result.frame.whole.size());
  }
}
