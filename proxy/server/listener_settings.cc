#include "proxy/server/listener_settings.h"

#include <algorithm>
#include <utility>

#include "proxy/transport/client_nonces.h"
#include "proxy/transport/tls_context.h"
#include "proxy/transport/upstream.h"

namespace sluice::server {

session::Settings MakeSessionSettings(const Config& config,
                                      const MqttListenerConfig& listener) {
  session::Settings settings;
  settings.listener = listener.name;
  settings.allow_v311 = listener.allow_v311;
  settings.allow_v5 = listener.allow_v5;
  settings.max_packet_size = config.limits.max_packet_size;
  settings.max_unauthenticated_packet_size = std::min(
      settings.max_unauthenticated_packet_size, config.limits.max_packet_size);
  settings.connect_timeout = config.limits.connect_timeout;
  settings.broker_timeout = config.upstream.connect_timeout;
  settings.authentication_timeout = config.ace.authentication_timeout;
  settings.reauthentication_grace = config.ace.reauthentication_grace;
  settings.hide_topics = config.ace.hide_topics;
  settings.v5_username_token = config.ace.v5_username_token;
  settings.bind_client_id = config.ace.bind_client_id;
  settings.as_hint = config.ace.as_hint.json;
  settings.cnonce_optional = config.ace.as_hint.cnonce_optional;
  settings.authz_info_topic = config.ace.authz_info_topic;
  settings.refused_topic_characters = config.upstream.refused_topic_characters;
  settings.upstream_username = config.upstream.username;
  settings.upstream_password = config.upstream.password;
  return settings;
}

absl::StatusOr<std::shared_ptr<const transport::ListenerConfig>>
MakeTransportConfig(const Config& config, const MqttListenerConfig& listener) {
  auto result = std::make_shared<transport::ListenerConfig>();
  result->session = MakeSessionSettings(config, listener);
  result->handshake_timeout = config.limits.handshake_timeout;
  result->max_queued_bytes = config.limits.max_queued_bytes;
  if (!config.ace.as_hint.cnonce_key.empty()) {
    result->client_nonces = std::make_shared<transport::ClientNonces>(
        config.ace.as_hint.cnonce_key);
  }

  transport::TlsOptions tls;
  tls.certificates = listener.certificates;
  tls.request_client_certificate = listener.request_client_certificate;
  tls.take_pre_shared_keys = listener.take_pre_shared_keys;
  tls.min_version = listener.tls13_only ? transport::TlsVersion::k13
                                        : transport::TlsVersion::k12;
  auto context = transport::TlsContext::Create(tls);
  if (!context.ok()) return context.status();
  result->tls = *std::move(context);

  result->upstream = transport::Upstream(config.upstream.address);
  result->upstream.connect_timeout = config.upstream.connect_timeout;
  result->upstream.send_proxy_protocol = config.upstream.proxy_protocol_v2;
  return std::shared_ptr<const transport::ListenerConfig>(std::move(result));
}

}  // namespace sluice::server
