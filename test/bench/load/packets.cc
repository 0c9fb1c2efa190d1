#include "test/bench/load/packets.h"

#include <cstring>

#include "proxy/mqtt/connect.h"
#include "proxy/mqtt/properties.h"
#include "proxy/mqtt/publish.h"
#include "proxy/mqtt/reason_code.h"
#include "proxy/mqtt/subscribe.h"
#include "proxy/mqtt/writer.h"

namespace sluice::load {
namespace {

constexpr uint32_t kMark = 0x534c4344;

// Stamp as it stands in a payload; read on the machine that wrote it.
struct StampBytes {
  int64_t sent;
  uint64_t sequence;
  uint32_t publisher;
  uint32_t mark;
};
static_assert(sizeof(StampBytes) == Stamp::kSize);

std::string AceProperties(absl::string_view data) {
  std::string properties;
  mqtt::AppendBinaryProperty(mqtt::PropertyId::kAuthenticationMethod,
                             AsBytes(kAceMethod), &properties);
  mqtt::AppendBinaryProperty(mqtt::PropertyId::kAuthenticationData,
                             AsBytes(data), &properties);
  return properties;
}

}  // namespace

std::string ConnectPacket(mqtt::ProtocolVersion version,
                          absl::string_view client_id, uint16_t keep_alive,
                          const Credentials& credentials) {
  mqtt::Connect connect;
  connect.version = version;
  connect.clean_start = true;
  connect.keep_alive = keep_alive;
  connect.client_id = client_id;
  std::string properties;
  if (credentials.authentication_data.has_value()) {
    properties = AceProperties(*credentials.authentication_data);
    connect.properties = mqtt::Properties::Unchecked(AsBytes(properties));
  }
  if (credentials.username.has_value()) {
    connect.username = *credentials.username;
  }
  if (credentials.password.has_value()) {
    connect.password = AsBytes(*credentials.password);
  }
  std::string packet;
  mqtt::AppendConnect(connect, &packet);
  return packet;
}

std::string AuthPacket(absl::string_view data) {
  std::string packet;
  mqtt::AppendAuth(mqtt::ReasonCode::kContinueAuthentication,
                   AceProperties(data), &packet);
  return packet;
}

std::string SubscribePacket(mqtt::ProtocolVersion version,
                            absl::string_view filter, int qos) {
  mqtt::Subscribe subscribe;
  subscribe.packet_id = 1;
  mqtt::SubscribeEntry entry;
  entry.filter = filter;
  entry.options = static_cast<uint8_t>(qos);
  subscribe.entries.push_back(entry);
  std::string packet;
  mqtt::AppendSubscribe(version, subscribe, &packet);
  return packet;
}

std::string PingPacket() {
  std::string packet;
  mqtt::AppendPacket(mqtt::PacketType::kPingreq, 0, "", &packet);
  return packet;
}

std::string DisconnectPacket(mqtt::ProtocolVersion version) {
  std::string packet;
  mqtt::AppendDisconnect(version, mqtt::ReasonCode::kSuccess, "", &packet);
  return packet;
}

void AppendPubackPacket(mqtt::ProtocolVersion version, uint16_t packet_id,
                        std::string* out) {
  mqtt::AppendPuback(mqtt::PacketType::kPuback, version, packet_id,
                     mqtt::ReasonCode::kSuccess, "", out);
}

absl::optional<Stamp> ReadStamp(ByteView payload) {
  StampBytes bytes;
  if (payload.size() < sizeof(bytes)) return absl::nullopt;
  std::memcpy(&bytes, payload.data(), sizeof(bytes));
  if (bytes.mark != kMark) return absl::nullopt;
  return Stamp{bytes.sent, bytes.sequence, bytes.publisher};
}

PublishTemplate::PublishTemplate(mqtt::ProtocolVersion version,
                                 absl::string_view topic, int qos,
                                 size_t payload_size) {
  const std::string payload(payload_size, 'x');
  mqtt::Publish publish;
  publish.qos = static_cast<uint8_t>(qos);
  publish.topic = topic;
  publish.packet_id = 0;
  publish.payload = AsBytes(payload);
  mqtt::AppendPublish(version, publish, &packet_);
  stamp_at_ = packet_.size() - payload_size;
  if (qos == 0) return;
  // Behind the identifier, MQTT 5 has the length of no properties.
  const size_t properties = version == mqtt::ProtocolVersion::kV5 ? 1 : 0;
  packet_id_at_ = stamp_at_ - properties - sizeof(uint16_t);
}

absl::string_view PublishTemplate::Fill(const Stamp& stamp,
                                        uint16_t packet_id) {
  const StampBytes bytes{stamp.sent, stamp.sequence, stamp.publisher, kMark};
  std::memcpy(&packet_[stamp_at_], &bytes, sizeof(bytes));
  if (packet_id_at_ != 0) {
    packet_[packet_id_at_] = static_cast<char>(packet_id >> 8);
    packet_[packet_id_at_ + 1] = static_cast<char>(packet_id & 0xff);
  }
  return packet_;
}

}  // namespace sluice::load
