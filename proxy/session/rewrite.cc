#include "proxy/session/rewrite.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/types/span.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/properties.h"
#include "proxy/mqtt/writer.h"
#include "proxy/session/credential.h"
#include "proxy/session/pending_subscribes.h"

namespace sluice::session {
namespace {

using mqtt::PacketType;
using mqtt::Properties;
using mqtt::PropertyId;
using mqtt::ProtocolVersion;

constexpr uint8_t kCredentialFlags =
    mqtt::kConnectUsername | mqtt::kConnectPassword;

void Append(ByteView bytes, std::string* out) {
  out->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// The properties as they stand on the wire, without those in `dropped`.
std::string Without(const Properties& properties,
                    absl::Span<const PropertyId> dropped) {
  std::string kept;
  for (const mqtt::Property& property : properties) {
    if (std::find(dropped.begin(), dropped.end(), property.id) ==
        dropped.end()) {
      Append(property.raw, &kept);
    }
  }
  return kept;
}

}  // namespace

ForwardedConnect StripCredentials(const mqtt::Connect& connect) {
  ForwardedConnect forwarded;
  forwarded.version = connect.version;
  forwarded.keep_alive = connect.keep_alive;
  forwarded.will_and_clean_flags =
      static_cast<uint8_t>(mqtt::ConnectFlags(connect) & ~kCredentialFlags);
  for (const mqtt::Property& property : connect.properties) {
    if (property.id == PropertyId::kAuthenticationMethod ||
        property.id == PropertyId::kAuthenticationData) {
      continue;
    }
    Append(property.raw, &forwarded.properties);
    if (property.id == PropertyId::kTopicAliasMaximum) {
      forwarded.topic_alias_maximum_at =
          forwarded.properties.size() - sizeof(uint16_t);
    }
  }
  Append(connect.client_id_and_will, &forwarded.client_id_and_will);
  return forwarded;
}

void LimitTopicAliases(uint16_t most, ForwardedConnect* connect) {
  const size_t at = connect->topic_alias_maximum_at;
  if (at == 0) return;
  char* number = &connect->properties[at];
  const uint32_t announced =
      static_cast<uint8_t>(number[0]) << 8 | static_cast<uint8_t>(number[1]);
  if (announced <= most) return;
  number[0] = static_cast<char>(most >> 8);
  number[1] = static_cast<char>(most);
}

std::string FillTemplate(absl::string_view text, absl::string_view subject,
                         absl::string_view client_id,
                         absl::string_view issuer) {
  return absl::StrReplaceAll(text, {{"${subject}", subject},
                                    {"${client_id}", client_id},
                                    {"${issuer}", issuer}});
}

std::string WriteConnect(const ForwardedConnect& connect,
                         absl::string_view username,
                         absl::string_view password) {
  const bool v5 = connect.version == ProtocolVersion::kV5;
  const bool has_password = !password.empty();
  const bool has_username = !username.empty() || (has_password && !v5);
  uint8_t flags = connect.will_and_clean_flags;
  if (has_username) flags |= mqtt::kConnectUsername;
  if (has_password) flags |= mqtt::kConnectPassword;

  std::string body;
  mqtt::AppendString("MQTT", &body);
  mqtt::AppendByte(static_cast<uint8_t>(connect.version), &body);
  mqtt::AppendByte(flags, &body);
  mqtt::AppendU16(connect.keep_alive, &body);
  mqtt::AppendProperties(connect.version, connect.properties, &body);
  body += connect.client_id_and_will;
  if (has_username) mqtt::AppendString(username, &body);
  if (has_password) mqtt::AppendString(password, &body);

  std::string packet;
  mqtt::AppendPacket(PacketType::kConnect, 0, body, &packet);
  return packet;
}

std::string RewriteConnack(const mqtt::Connack& connack,
                           const ConnackChanges& changes) {
  std::vector<PropertyId> dropped;
  if (changes.add_authentication_method) {
    dropped = {PropertyId::kAuthenticationMethod,
               PropertyId::kAuthenticationData};
  }
  if (changes.topic_alias_maximum.has_value()) {
    dropped.push_back(PropertyId::kTopicAliasMaximum);
  }
  if (changes.max_packet_size.has_value()) {
    dropped.push_back(PropertyId::kMaximumPacketSize);
  }
  std::string properties = Without(connack.properties, dropped);
  if (changes.topic_alias_maximum.has_value()) {
    mqtt::AppendU16Property(PropertyId::kTopicAliasMaximum,
                            *changes.topic_alias_maximum, &properties);
  }
  if (changes.max_packet_size.has_value()) {
    mqtt::AppendU32Property(PropertyId::kMaximumPacketSize,
                            *changes.max_packet_size, &properties);
  }
  if (changes.add_authentication_method) {
    mqtt::AppendBinaryProperty(PropertyId::kAuthenticationMethod,
                               AsBytes(kAceMethod), &properties);
  }
  std::string packet;
  mqtt::AppendConnack(ProtocolVersion::kV5, connack.session_present,
                      connack.code, properties, &packet);
  return packet;
}

std::string RewritePublish(const mqtt::Publish& publish, uint8_t flags,
                           const PublishChanges& changes) {
  std::string properties;
  if (changes.max_expiry.has_value()) {
    uint32_t expiry = *changes.max_expiry;
    mqtt::Property own;
    if (publish.properties.Find(PropertyId::kMessageExpiryInterval, &own)) {
      expiry = std::min(expiry, own.number);
    }
    properties =
        Without(publish.properties, {PropertyId::kMessageExpiryInterval});
    mqtt::AppendU32Property(PropertyId::kMessageExpiryInterval, expiry,
                            &properties);
  } else {
    Append(publish.properties.bytes(), &properties);
  }

  std::string body;
  mqtt::AppendString(changes.topic.value_or(publish.topic), &body);
  if (publish.qos > 0) mqtt::AppendU16(publish.packet_id, &body);
  mqtt::AppendProperties(ProtocolVersion::kV5, properties, &body);

  std::string packet;
  mqtt::AppendFixedHeader(PacketType::kPublish, flags,
                          body.size() + publish.payload_size, &packet);
  packet += body;
  Append(publish.payload, &packet);
  return packet;
}

std::string KeepForwarded(const mqtt::Subscribe& subscribe,
                          ProtocolVersion version, absl::string_view codes) {
  mqtt::Subscribe kept;
  kept.packet_id = subscribe.packet_id;
  kept.properties = subscribe.properties;
  for (size_t i = 0; i < subscribe.entries.size(); ++i) {
    if (static_cast<uint8_t>(codes[i]) == PendingSubscribes::kForwarded) {
      kept.entries.push_back(subscribe.entries[i]);
    }
  }
  std::string packet;
  mqtt::AppendSubscribe(version, kept, &packet);
  return packet;
}

std::string ReplaceCodes(const mqtt::Suback& suback, ProtocolVersion version,
                         absl::string_view codes,
                         absl::string_view more_properties) {
  std::string properties;
  Append(suback.properties.bytes(), &properties);
  properties.append(more_properties.data(), more_properties.size());
  std::string packet;
  mqtt::AppendSuback(version, suback.packet_id, properties, AsBytes(codes),
                     &packet);
  return packet;
}

}  // namespace sluice::session
