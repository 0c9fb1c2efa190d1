#include "proxy/server/listener_settings.h"

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "test/testing/test_certificates.h"

namespace sluice::server {
namespace {

Config Sample() {
  Config config;
  config.upstream.address.host = "127.0.0.1";
  config.upstream.address.port = 1883;
  config.upstream.username = "u-${subject}";
  config.upstream.password = SecretString("p");
  config.upstream.proxy_protocol_v2 = true;
  config.upstream.connect_timeout = absl::Seconds(1);
  config.ace.authz_info_topic = "tokens";
  config.ace.as_hint.json = "{}";
  config.ace.as_hint.cnonce_optional = true;
  config.ace.authentication_timeout = absl::Seconds(2);
  config.ace.reauthentication_grace = absl::Seconds(3);
  config.ace.hide_topics = true;
  config.ace.v5_username_token = true;
  config.limits.max_packet_size = 1000000;
  config.limits.max_queued_bytes = 20000;
  config.limits.handshake_timeout = absl::Seconds(4);
  config.limits.connect_timeout = absl::Seconds(5);
  return config;
}

TEST(MakeSessionSettingsTest, TakesOverEveryField) {
  MqttListenerConfig listener;
  listener.name = "mqtts";
  listener.allow_v311 = false;
  const session::Settings settings = MakeSessionSettings(Sample(), listener);
  EXPECT_EQ(settings.listener, "mqtts");
  EXPECT_FALSE(settings.allow_v311);
  EXPECT_TRUE(settings.allow_v5);
  EXPECT_EQ(settings.max_packet_size, 1000000u);
  EXPECT_EQ(settings.connect_timeout, absl::Seconds(5));
  EXPECT_EQ(settings.authentication_timeout, absl::Seconds(2));
  EXPECT_EQ(settings.reauthentication_grace, absl::Seconds(3));
  EXPECT_TRUE(settings.hide_topics);
  EXPECT_TRUE(settings.v5_username_token);
  EXPECT_EQ(settings.as_hint, "{}");
  EXPECT_TRUE(settings.cnonce_optional);
  EXPECT_EQ(settings.authz_info_topic, "tokens");
  EXPECT_EQ(settings.upstream_username, "u-${subject}");
  EXPECT_EQ(settings.upstream_password, "p");
}

TEST(MakeSessionSettingsTest, TrustsAStrangerWithNoMoreThanOthers) {
  Config config = Sample();
  EXPECT_EQ(MakeSessionSettings(config, {}).max_unauthenticated_packet_size,
            256u * 1024);
  config.limits.max_packet_size = 1000;
  EXPECT_EQ(MakeSessionSettings(config, {}).max_unauthenticated_packet_size,
            1000u);
}

TEST(MakeTransportConfigTest, TakesOverUpstreamAndTls) {
  const sluice::testing::TempDir dir;
  const auto certificate = sluice::testing::TestCertificate::SelfSigned({});
  MqttListenerConfig listener;
  listener.certificates = {
      {dir.Write("server.crt", certificate.certificate_pem()),
       dir.Write("server.key", certificate.private_key_pem())}};
  Config config = Sample();
  const auto result = MakeTransportConfig(config, listener);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_NE((*result)->tls, nullptr);
  EXPECT_EQ((*result)->handshake_timeout, absl::Seconds(4));
  EXPECT_EQ((*result)->max_queued_bytes, 20000u);
  EXPECT_EQ((*result)->client_nonces, nullptr);
  EXPECT_EQ((*result)->upstream.address.port, 1883);
  EXPECT_EQ((*result)->upstream.connect_timeout, absl::Seconds(1));
  EXPECT_TRUE((*result)->upstream.send_proxy_protocol);
  config.ace.as_hint.cnonce_key = SecretString(std::string(32, 'k'));
  const auto with_nonces = MakeTransportConfig(config, listener);
  ASSERT_TRUE(with_nonces.ok());
  EXPECT_NE((*with_nonces)->client_nonces, nullptr);
}

TEST(MakeTransportConfigTest, NamesTheFileThatCannotBeUsed) {
  MqttListenerConfig listener;
  listener.certificates = {{"/nonexistent.crt", "/nonexistent.key"}};
  const auto result = MakeTransportConfig(Sample(), listener);
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.status().message().find("/nonexistent."),
            absl::string_view::npos);
}

}  // namespace
}  // namespace sluice::server
