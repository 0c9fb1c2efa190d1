#include "proxy/server/config.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "proxy/server/reload.h"
#include "test/testing/test_certificates.h"

namespace sluice::server {
namespace {

using ::sluice::config::AnyPort;
using ::sluice::config::Unix;
using ::sluice::testing::CertificateOptions;
using ::sluice::testing::TempDir;
using ::sluice::testing::TestCertificate;

// The least that a configuration says; six lines.
constexpr char kMinimal[] =
    "listeners:\n"
    "- name: mqtts\n"
    "  address: 127.0.0.1:8883\n"
    "  tls: {certificate: server.crt, private_key: server.key}\n"
    "upstream: {address: 127.0.0.1:1883}\n"
    "policy: {address: 127.0.0.1:50051}\n";

class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    static const TestCertificate* const certificate =
        new TestCertificate(TestCertificate::SelfSigned({}));
    static const TestCertificate* const other =
        new TestCertificate(TestCertificate::SelfSigned({}));
    dir_.Write("server.crt", certificate->certificate_pem());
    dir_.Write("server.key", certificate->private_key_pem());
    dir_.Write("other.key", other->private_key_pem());
  }

  absl::StatusOr<Config> Load(absl::string_view yaml) {
    return LoadConfig(dir_.Write("proxy.yaml", yaml));
  }

  Config MustLoad(absl::string_view yaml) {
    absl::StatusOr<Config> config = Load(yaml);
    EXPECT_TRUE(config.ok()) << config.status();
    return config.ok() ? *std::move(config) : Config();
  }

  // The message of the failure, without the directory.
  std::string Error(absl::string_view yaml) {
    const absl::StatusOr<Config> config = Load(yaml);
    EXPECT_FALSE(config.ok()) << yaml;
    return absl::StrReplaceAll(std::string(config.status().message()),
                               {{dir_.path() + "/", ""}});
  }

  TempDir dir_;
};

TEST_F(ConfigTest, HasTheDefaultsOfTheContract) {
  const Config config = MustLoad(kMinimal);
  ASSERT_EQ(config.listeners.size(), 1u);
  const MqttListenerConfig& listener = config.listeners[0];
  EXPECT_EQ(listener.name, "mqtts");
  EXPECT_EQ(listener.address.ToString(), "127.0.0.1:8883");
  EXPECT_EQ(listener.certificates[0].certificate, dir_.path() + "/server.crt");
  EXPECT_EQ(listener.certificates[0].private_key, dir_.path() + "/server.key");
  EXPECT_FALSE(listener.tls13_only);
  EXPECT_TRUE(listener.allow_v311);
  EXPECT_TRUE(listener.allow_v5);

  EXPECT_EQ(config.upstream.address.ToString(), "127.0.0.1:1883");
  EXPECT_EQ(config.upstream.username, "");
  EXPECT_EQ(config.upstream.password, "");
  EXPECT_FALSE(config.upstream.proxy_protocol_v2);
  EXPECT_EQ(config.upstream.connect_timeout, absl::Seconds(5));

  ASSERT_TRUE(config.policy.address.has_value());
  EXPECT_EQ(config.policy.address->ToString(), "127.0.0.1:50051");
  EXPECT_FALSE(config.policy.tls.has_value());
  EXPECT_FALSE(config.policy.embedded.has_value());
  EXPECT_EQ(config.policy.timeout, absl::Seconds(2));
  EXPECT_EQ(config.policy.on_outage, OnOutage::kKeep);

  EXPECT_EQ(config.ace.authz_info_topic, "authz-info");
  EXPECT_EQ(config.ace.as_hint.json, "");
  EXPECT_EQ(config.ace.as_hint.cnonce_key, "");
  EXPECT_FALSE(config.ace.as_hint.cnonce_optional);
  EXPECT_EQ(config.ace.authentication_timeout, absl::Seconds(10));
  EXPECT_EQ(config.ace.reauthentication_grace, absl::ZeroDuration());
  EXPECT_FALSE(config.ace.hide_topics);
  EXPECT_FALSE(config.ace.v5_username_token);
  EXPECT_FALSE(config.ace.bind_client_id);

  EXPECT_EQ(config.limits.max_connections, 0u);
  EXPECT_EQ(config.limits.max_packet_size, 268435460u);
  EXPECT_EQ(config.limits.max_queued_bytes, 262144u);
  EXPECT_EQ(config.limits.handshake_timeout, absl::Seconds(10));
  EXPECT_EQ(config.limits.connect_timeout, absl::Seconds(10));
  EXPECT_EQ(config.limits.connections_per_second, 0u);
  EXPECT_EQ(config.limits.authz_info_per_second, 10u);
  EXPECT_EQ(config.limits.denials_per_second, 100u);
  EXPECT_EQ(config.limits.max_pending_connections, 1024u);
  EXPECT_FALSE(config.limits.max_anonymous_connections.has_value());

  EXPECT_FALSE(config.admin.has_value());
  EXPECT_EQ(config.workers, 0u);
  EXPECT_EQ(config.drain_time, absl::Seconds(10));
  EXPECT_EQ(config.event_coalescing, absl::Microseconds(500));
  EXPECT_EQ(config.log.level, LogLevel::kInfo);
  EXPECT_EQ(config.log.format, LogFormat::kJson);
  EXPECT_EQ(config.log.audit_file, "");
  EXPECT_EQ(config.log.audit_sample, 0.01);
}

TEST_F(ConfigTest, ReadsEveryField) {
  dir_.Write("broker-password", "s3cret\n");
  dir_.Write("cnonce-key", std::string(32, '\n'));
  const Config config = MustLoad(R"(
listeners:
- name: one
  address: "[::1]:0"
  tls:
    certificate: server.crt
    private_key: server.key
    min_version: "1.3"
    client_certificate: none
    psk: false
  protocols: [v5]
- name: two
  address: 0.0.0.0:8884
  tls: {certificate: server.crt, private_key: server.key, min_version: 1.2}
  protocols: [v3.1.1]
upstream:
  address: unix:/run/broker.sock
  username: "${subject}/${client_id}@${issuer}"
  password_file: broker-password
  proxy_protocol: v2
  connect_timeout: 250ms
policy:
  address: policy.example:443
  tls: {ca: server.crt, certificate: server.crt, private_key: server.key}
  timeout: 1s
  on_outage: disconnect
ace:
  authz_info_topic: ""
  as_hint:
    as: "https://as.example/token"
    audience: broker
    scope: 'a"b'
    kid: k1
    cnonce_key_file: cnonce-key
    cnonce_optional: true
  authentication_timeout: 11s
  reauthentication_grace: 12s
  hide_topics: true
  v5_username_token: true
  client_id: bound
limits:
  max_connections: 1000
  max_packet_size: 65536
  max_queued_bytes: 16384
  handshake_timeout: 13s
  connect_timeout: 14s
  connections_per_second: 15
  authz_info_per_second: 0
  denials_per_second: 16
  max_pending_connections: 17
  max_anonymous_connections: 0
admin: {address: 127.0.0.1:9901}
workers: 3
drain_time: 0s
event_coalescing: 100us
log: {level: debug, format: text, audit: audit.log, audit_sample: 0.5}
)");
  ASSERT_EQ(config.listeners.size(), 2u);
  EXPECT_EQ(config.listeners[0].address.ToString(), "[::1]:0");
  EXPECT_TRUE(config.listeners[0].tls13_only);
  EXPECT_FALSE(config.listeners[0].allow_v311);
  EXPECT_TRUE(config.listeners[0].allow_v5);
  EXPECT_FALSE(config.listeners[1].tls13_only);
  EXPECT_TRUE(config.listeners[1].allow_v311);
  EXPECT_FALSE(config.listeners[1].allow_v5);
  EXPECT_EQ(config.upstream.address.unix_path, "/run/broker.sock");
  EXPECT_EQ(config.upstream.username, "${subject}/${client_id}@${issuer}");
  EXPECT_EQ(config.upstream.password, "s3cret");
  EXPECT_TRUE(config.upstream.proxy_protocol_v2);
  EXPECT_EQ(config.upstream.connect_timeout, absl::Milliseconds(250));
  EXPECT_EQ(config.policy.address->ToString(), "policy.example:443");
  ASSERT_TRUE(config.policy.tls.has_value());
  EXPECT_EQ(config.policy.tls->ca_file, dir_.path() + "/server.crt");
  EXPECT_EQ(config.policy.tls->key_pair.certificate,
            dir_.path() + "/server.crt");
  EXPECT_EQ(config.policy.tls->key_pair.private_key,
            dir_.path() + "/server.key");
  EXPECT_EQ(config.policy.timeout, absl::Seconds(1));
  EXPECT_EQ(config.policy.on_outage, OnOutage::kDisconnect);
  EXPECT_EQ(config.ace.authz_info_topic, "");
  EXPECT_EQ(config.ace.as_hint.json,
            R"({"AS":"https://as.example/token","audience":"broker",)"
            R"("kid":"k1","scope":"a\"b"})");
  EXPECT_EQ(config.ace.as_hint.cnonce_key, std::string(32, '\n'));
  EXPECT_TRUE(config.ace.as_hint.cnonce_optional);
  EXPECT_EQ(config.ace.authentication_timeout, absl::Seconds(11));
  EXPECT_EQ(config.ace.reauthentication_grace, absl::Seconds(12));
  EXPECT_TRUE(config.ace.hide_topics);
  EXPECT_TRUE(config.ace.v5_username_token);
  EXPECT_TRUE(config.ace.bind_client_id);
  EXPECT_EQ(config.limits.max_connections, 1000u);
  EXPECT_EQ(config.limits.max_packet_size, 65536u);
  EXPECT_EQ(config.limits.max_queued_bytes, 16384u);
  EXPECT_EQ(config.limits.handshake_timeout, absl::Seconds(13));
  EXPECT_EQ(config.limits.connect_timeout, absl::Seconds(14));
  EXPECT_EQ(config.limits.connections_per_second, 15u);
  EXPECT_EQ(config.limits.authz_info_per_second, 0u);
  EXPECT_EQ(config.limits.denials_per_second, 16u);
  EXPECT_EQ(config.limits.max_pending_connections, 17u);
  EXPECT_EQ(config.limits.max_anonymous_connections, 0u);
  EXPECT_EQ(config.admin->ToString(), "127.0.0.1:9901");
  EXPECT_EQ(config.workers, 3u);
  EXPECT_EQ(config.drain_time, absl::ZeroDuration());
  EXPECT_EQ(config.event_coalescing, absl::Microseconds(100));
  EXPECT_EQ(config.log.level, LogLevel::kDebug);
  EXPECT_EQ(config.log.format, LogFormat::kText);
  EXPECT_EQ(config.log.audit_file, dir_.path() + "/audit.log");
  EXPECT_EQ(config.log.audit_sample, 0.5);
}

TEST_F(ConfigTest, ReadsTheEmbeddedPolicy) {
  dir_.Write("policy.yaml",
             "audience: broker\n"
             "public_topics:\n- {filter: 'public/#', permissions: [sub]}\n");
  const std::string yaml =
      absl::StrReplaceAll(kMinimal, {{"policy: {address: 127.0.0.1:50051}",
                                      "policy: {embedded: policy.yaml}"}});
  const Config config = MustLoad(yaml);
  EXPECT_FALSE(config.policy.address.has_value());
  EXPECT_EQ(config.policy.embedded_file, dir_.path() + "/policy.yaml");
  ASSERT_TRUE(config.policy.embedded.has_value());
  EXPECT_EQ(config.policy.embedded->public_topics.size(), 1u);

  dir_.Write("policy.yaml", "isuers: []\n");
  EXPECT_EQ(Error(yaml),
            "policy.yaml:1: isuers: unknown field; did you mean \"issuers\"?");
}

TEST_F(ConfigTest, WarnsOfAPolicyServiceElsewhereInPlainText) {
  const auto warnings = [this](const char* address, const char* more) {
    return MustLoad(absl::StrReplaceAll(
                        kMinimal,
                        {{"address: 127.0.0.1:50051",
                          absl::StrCat("address: '", address, "'", more)}}))
        .warnings;
  };
  for (const char* local :
       {"127.0.0.1:1", "localhost:1", "[::1]:1", "unix:/run/policy.sock"}) {
    EXPECT_TRUE(warnings(local, "").empty()) << local;
  }
  for (const char* remote : {"policy.example:1", "192.0.2.1:1"}) {
    const std::vector<std::string> said = warnings(remote, "");
    ASSERT_EQ(said.size(), 1u) << remote;
    EXPECT_EQ(said[0],
              absl::StrCat("policy.address: whoever is on the way to ", remote,
                           " reads tokens, and may make up what clients are "
                           "allowed; policy.tls would keep them from it"));
    EXPECT_TRUE(warnings(remote, ", tls: {ca: server.crt}").empty());
  }
}

struct ErrorCase {
  // What is put in the place of `from` in the minimal configuration.
  const char* from;
  const char* to;
  const char* message;
};

TEST(FieldChecksTest, ASocketFileIsRelativeToTheConfiguration) {
  const config::Locations locations("/etc/sluice/proxy.yaml");
  std::vector<std::string> warnings;
  const FieldChecks checks(locations, &warnings);
  Address address;
  for (const auto& [text, path] :
       {std::pair("unix:run/a.sock", "/etc/sluice/run/a.sock"),
        std::pair("unix:/run/a.sock", "/run/a.sock")}) {
    ASSERT_TRUE(checks
                    .CheckAddress("upstream.address", text, Unix::kAllowed,
                                  AnyPort::kRefused, &address)
                    .ok());
    EXPECT_EQ(address.unix_path, path);
  }
  EXPECT_FALSE(checks
                   .CheckAddress("upstream.address",
                                 "unix:" + std::string(100, 'x'),
                                 Unix::kAllowed, AnyPort::kRefused, &address)
                   .ok());
}

TEST_F(ConfigTest, SaysWhatIsWrongAndWhere) {
  dir_.Write("empty", "\n");
  dir_.Write("password", "p");
  dir_.Write("k31", std::string(31, 'k'));
  dir_.Write("placeholder", "${nonsense}");
  const char kTls[] = "tls: {certificate: server.crt, private_key: server.key}";
  const char kUpstream[] = "{address: 127.0.0.1:1883}";
  const char kPolicy[] = "policy: {address: 127.0.0.1:50051}\n";
  const char kSameAddress[] =
      "- name: b\n  address: 127.0.0.1:8883\n  "
      "tls: {certificate: server.crt, private_key: server.key}\nupstream:";
  const char kAllAddresses[] =
      "- name: b\n  address: '[::]:8883'\n  "
      "tls: {certificate: server.crt, private_key: server.key}\nupstream:";
  const ErrorCase kCases[] = {
      // Listeners.
      {"- name: mqtts\n ", "-",
       "proxy.yaml:2: listeners[0].name: required, and missing or empty"},
      {"upstream:", "- name: mqtts\n  address: 127.0.0.1:0\nupstream:",
       "proxy.yaml:5: listeners[1].name: taken by another listener; give each "
       "its own"},
      {"  address: 127.0.0.1:8883\n", "",
       "proxy.yaml:2: listeners[0].address: required, and missing or empty"},
      {"address: 127.0.0.1:8883", "address: 127.0.0.1",
       "proxy.yaml:3: listeners[0].address: expected HOST:PORT (an IPv6 "
       "address in brackets)"},
      {"address: 127.0.0.1:8883", "address: '*:8883'",
       "proxy.yaml:3: listeners[0].address: \"*\" is no address; use 0.0.0.0 "
       "or [::]"},
      {"upstream:", kSameAddress,
       "proxy.yaml:6: listeners[1].address: overlaps with that of listener "
       "mqtts, 127.0.0.1:8883; give each a port, or an address, of its own"},
      {"upstream:", "admin: {address: '0.0.0.0:8883'}\nupstream:",
       "proxy.yaml:5: admin.address: overlaps with that of listener mqtts, "
       "127.0.0.1:8883; give each a port, or an address, of its own"},
      {"upstream:", kAllAddresses,
       "proxy.yaml:6: listeners[1].address: overlaps with that of listener "
       "mqtts, 127.0.0.1:8883; give each a port, or an address, of its own"},
      {"address: 127.0.0.1:8883", "address: 127.0.0.1:65536",
       "proxy.yaml:3: listeners[0].address: expected a port from 0 to 65535"},
      {"address: 127.0.0.1:8883", "address: unix:/tmp/x",
       "proxy.yaml:3: listeners[0].address: expected HOST:PORT; a socket file "
       "won't do here"},
      {kTls, "",
       "proxy.yaml:2: listeners[0].tls.certificate: required, and missing or "
       "empty"},
      {kTls, "tls: {certificate: server.crt}",
       "proxy.yaml:4: listeners[0].tls.private_key: required, and missing or "
       "empty"},
      {kTls, "tls: {certificate: none.crt, private_key: server.key}",
       "proxy.yaml:4: listeners[0].tls.certificate: cannot read none.crt: No "
       "such file or directory"},
      {kTls,
       "tls: {certificate: server.crt, private_key: server.key, psk: true, "
       "min_version: 1.3}",
       "proxy.yaml:4: listeners[0].tls.psk: pre-shared keys are for TLS 1.2; "
       "set min_version to 1.2, or psk to false"},
      {kTls,
       "tls: {certificate: server.crt, private_key: server.key, min_version: "
       "1.1}",
       "proxy.yaml:4: listeners[0].tls.min_version: expected one of 1.2, 1.3, "
       "found \"1.1\""},
      {"upstream:", "  protocols: []\nupstream:",
       "proxy.yaml:5: listeners[0].protocols: is empty; name a protocol, or "
       "leave the field out"},
      {"upstream:", "  protocols: [v5, v5]\nupstream:",
       "proxy.yaml:5: listeners[0].protocols[1]: stands here twice"},
      {"upstream:", "  protocols: [v3.1]\nupstream:",
       "proxy.yaml:5: listeners[0].protocols[0]: expected one of v3.1.1, v5, "
       "found \"v3.1\""},
      // Upstream.
      {kUpstream, "{}",
       "proxy.yaml:5: upstream.address: required, and missing or empty"},
      {kUpstream, "{address: 'unix:'}",
       "proxy.yaml:5: upstream.address: expected a path behind \"unix:\""},
      {kUpstream, "{address: broker:0}",
       "proxy.yaml:5: upstream.address: port 0 can't be connected to; name the "
       "port"},
      {kUpstream, "{address: 'a:1', refused_topic_characters: '.+'}",
       "proxy.yaml:5: upstream.refused_topic_characters: expected printable "
       "ASCII characters, and not '/', '+' or '#', which MQTT gives a meaning"},
      {kUpstream, "{address: 'a:1', username: u, password_file: none}",
       "proxy.yaml:5: upstream.password_file: cannot read none: No such file "
       "or directory"},
      {kUpstream, "{address: 'a:1', username: u, password_file: empty}",
       "proxy.yaml:5: upstream.password_file: empty: holds no secret"},
      {kUpstream,
       "{address: 'a:1', username: u, password: p,\n password_file: f}",
       "proxy.yaml:6: upstream.password_file: cannot stand beside "
       "\"password\"; keep one of the two"},
      {kUpstream, "{address: 'a:1', password: s3cret}",
       "proxy.yaml:5: upstream.password: needs upstream.username beside it"},
      {kUpstream, "{address: 'a:1', password_file: password}",
       "proxy.yaml:5: upstream.password_file: needs upstream.username beside "
       "it"},
      {kUpstream, "{address: 'a:1', username: 'x${client}'}",
       "proxy.yaml:5: upstream.username: only ${subject}, ${client_id} and "
       "${issuer} can be filled in"},
      {kUpstream, "{address: 'a:1', username: '${subject'}",
       "proxy.yaml:5: upstream.username: only ${subject}, ${client_id} and "
       "${issuer} can be filled in"},
      {kUpstream, "{address: 'a:1', username: u, password_file: placeholder}",
       "proxy.yaml:5: upstream.password_file: only ${subject}, ${client_id} "
       "and ${issuer} can be filled in"},
      {kUpstream, "{address: 'a:1', proxy_protocol: v1}",
       "proxy.yaml:5: upstream.proxy_protocol: expected one of none, v2, found "
       "\"v1\""},
      {kUpstream, "{address: 'a:1', connect_timeout: 0s}",
       "proxy.yaml:5: upstream.connect_timeout: must be longer than 0s"},
      {kUpstream, "{address: 'a:1', connect_timeout: 25h}",
       "proxy.yaml:5: upstream.connect_timeout: must not be longer than 24h"},
      // Policy.
      {kPolicy, "",
       "proxy.yaml:1: policy: one of address and embedded is required"},
      {kPolicy, "policy: {address: 'a:1', embedded: b.yaml}\n",
       "proxy.yaml:6: policy.embedded: cannot stand beside \"address\"; keep "
       "one of the two"},
      {kPolicy, "policy: {embedded: ''}\n",
       "proxy.yaml:6: policy.embedded: required, and missing or empty"},
      {kPolicy, "policy: {embedded: none.yaml}\n",
       "proxy.yaml:6: policy.embedded: none.yaml: cannot open: No such file or "
       "directory"},
      {kPolicy, "policy: {embedded: p.yaml, tls: {ca: server.crt}}\n",
       "proxy.yaml:6: policy.tls: an embedded policy service is not reached "
       "over TLS; remove the field"},
      {kPolicy, "policy: {address: 'a:1', tls: {certificate: server.crt}}\n",
       "proxy.yaml:6: policy.tls.private_key: required, and missing or empty"},
      {kPolicy, "policy: {address: 'a:1', tls: {private_key: server.key}}\n",
       "proxy.yaml:6: policy.tls.certificate: required, and missing or empty"},
      {kPolicy, "policy: {address: 'a:1', timeout: 0s}\n",
       "proxy.yaml:6: policy.timeout: must be longer than 0s"},
      {kPolicy, "policy: {address: 'a:1', on_outage: wait}\n",
       "proxy.yaml:6: policy.on_outage: expected one of keep, disconnect, "
       "found \"wait\""},
      // The rest.
      {"upstream:", "ace: {authz_info_topic: a/+}\nupstream:",
       "proxy.yaml:5: ace.authz_info_topic: not a topic name; wildcards are "
       "not allowed"},
      {"upstream:", "ace: {as_hint: {audience: a}}\nupstream:",
       "proxy.yaml:5: ace.as_hint.as: required, and missing or empty"},
      {"upstream:", "ace: {as_hint: {as: not a uri}}\nupstream:",
       "proxy.yaml:5: ace.as_hint.as: expected an absolute URI, such as "
       "https://as.example/token"},
      {"upstream:",
       "ace: {as_hint: {as: 'a:b', cnonce_optional: true}}\nupstream:",
       "proxy.yaml:5: ace.as_hint.cnonce_optional: needs "
       "ace.as_hint.cnonce_key_file beside it"},
      {"upstream:",
       "ace: {as_hint: {as: 'a:b', cnonce_key_file: ''}}\nupstream:",
       "proxy.yaml:5: ace.as_hint.cnonce_key_file: required, and missing or "
       "empty"},
      {"upstream:",
       "ace: {as_hint: {as: 'a:b', cnonce_key_file: k31}}\nupstream:",
       "proxy.yaml:5: ace.as_hint.cnonce_key_file: the file holds less than "
       "32 bytes; fill it with random ones"},
      {"upstream:", "ace: {authentication_timeout: 0s}\nupstream:",
       "proxy.yaml:5: ace.authentication_timeout: must be longer than 0s"},
      {"upstream:", "ace: {reauthentication_grace: 48h}\nupstream:",
       "proxy.yaml:5: ace.reauthentication_grace: must not be longer than "
       "24h"},
      {"upstream:", "limits: {max_packet_size: 0}\nupstream:",
       "proxy.yaml:5: limits.max_packet_size: expected 1 to 268435455"},
      {"upstream:", "limits: {max_packet_size: 268435456}\nupstream:",
       "proxy.yaml:5: limits.max_packet_size: expected 1 to 268435455"},
      {"upstream:", "limits: {max_queued_bytes: 16383}\nupstream:",
       "proxy.yaml:5: limits.max_queued_bytes: expected 16384 to 1073741824"},
      {"upstream:", "limits: {max_queued_bytes: 1073741825}\nupstream:",
       "proxy.yaml:5: limits.max_queued_bytes: expected 16384 to 1073741824"},
      {"upstream:", "limits: {handshake_timeout: 0s}\nupstream:",
       "proxy.yaml:5: limits.handshake_timeout: must be longer than 0s"},
      {"upstream:", "limits: {connect_timeout: 0s}\nupstream:",
       "proxy.yaml:5: limits.connect_timeout: must be longer than 0s"},
      {"upstream:", "limits: {max_connections: -1}\nupstream:",
       "proxy.yaml:5: limits.max_connections: expected a whole number from 0 "
       "to 4294967295, found \"-1\""},
      {"upstream:", "admin: {}\nupstream:",
       "proxy.yaml:5: admin.address: required, and missing or empty"},
      {"upstream:", "admin: {address: unix:/x}\nupstream:",
       "proxy.yaml:5: admin.address: expected HOST:PORT; a socket file won't "
       "do here"},
      {"upstream:", "event_coalescing: 11ms\nupstream:",
       "proxy.yaml:5: event_coalescing: more than 10ms"},
      {"upstream:", "workers: 257\nupstream:",
       "proxy.yaml:5: workers: expected 0 to 256"},
      {"upstream:", "log: {audit_sample: -0.1}\nupstream:",
       "proxy.yaml:5: log.audit_sample: expected 0 to 1"},
      {"upstream:", "log: {audit_sample: 1.1}\nupstream:",
       "proxy.yaml:5: log.audit_sample: expected 0 to 1"},
      {"upstream:", "log: {level: trace}\nupstream:",
       "proxy.yaml:5: log.level: expected one of debug, info, warning, error, "
       "found \"trace\""},
      {"upstream:", "log: {format: xml}\nupstream:",
       "proxy.yaml:5: log.format: expected one of json, text, found \"xml\""},
  };
  for (const ErrorCase& c : kCases) {
    EXPECT_EQ(Error(absl::StrReplaceAll(kMinimal, {{c.from, c.to}})),
              c.message);
  }
  EXPECT_EQ(Error(""),
            "proxy.yaml:1: listeners: required; name at least one listener");
}

TEST_F(ConfigTest, WarnsOfCertificatesThatAreNotValidForLong) {
  CertificateOptions options;
  options.not_before = -absl::Hours(48);
  options.not_after = -absl::Hours(1);
  const TestCertificate expired = TestCertificate::SelfSigned(options);
  dir_.Write("server.crt", expired.certificate_pem());
  dir_.Write("server.key", expired.private_key_pem());
  const Config config = MustLoad(absl::StrReplaceAll(
      kMinimal, {{"{address: 127.0.0.1:50051}",
                  "{address: 'a:1', tls: {ca: server.crt, certificate: "
                  "server.crt, private_key: server.key}}"}}));
  ASSERT_EQ(config.warnings.size(), 3u);
  const char* const kFields[] = {"listeners[0].tls.certificate",
                                 "policy.tls.ca", "policy.tls.certificate"};
  for (size_t i = 0; i < config.warnings.size(); ++i) {
    EXPECT_EQ(config.warnings[i].rfind(
                  absl::StrCat(kFields[i], ": ", dir_.path(),
                               "/server.crt: certificate 1 has expired, at "),
                  0),
              0u)
        << config.warnings[i];
  }
}

TEST_F(ConfigTest, RefusesCredentialsThatNoConnectHasRoomFor) {
  const auto with = [](const std::string& upstream) {
    return absl::StrReplaceAll(
        kMinimal, {{"127.0.0.1:1883}", "127.0.0.1:1883, " + upstream + "}"}});
  };
  const std::string most(65535, 'a');
  MustLoad(with("username: " + most + ", password: " + most));
  MustLoad(with("username: \"${subject}${client_id}${issuer}" + most + "\""));
  const std::string kTooLong =
      ": longer than the 65535 bytes that MQTT has for it, so that no client "
      "could be let in";
  EXPECT_EQ(Error(with("username: b" + most)),
            "proxy.yaml:5: upstream.username" + kTooLong);
  EXPECT_EQ(Error(with("username: u, password: b" + most)),
            "proxy.yaml:5: upstream.password" + kTooLong);
  dir_.Write("long", "b" + most + "\n");
  EXPECT_EQ(Error(with("username: u, password_file: long")),
            "proxy.yaml:5: upstream.password_file" + kTooLong);
}

TEST_F(ConfigTest, RefusesForThePolicyServiceWhatOpenSslFindsTooWeak) {
  CertificateOptions options;
  options.key = CertificateOptions::Key::kRsa1024;
  const TestCertificate weak = TestCertificate::SelfSigned(options);
  dir_.Write("weak.crt", weak.certificate_pem());
  dir_.Write("weak.key", weak.private_key_pem());
  const auto error_with = [this](absl::string_view tls) {
    return Error(absl::StrReplaceAll(
        kMinimal, {{"{address: 127.0.0.1:50051}",
                    absl::StrCat("{address: 'a:1', tls: {", tls, "}}")}}));
  };
  EXPECT_EQ(error_with("certificate: weak.crt, private_key: weak.key"),
            "proxy.yaml:6: policy.tls.certificate: weak.crt: certificate 1 is "
            "too weak for OpenSSL (security level 2), so that no TLS handshake "
            "would succeed: its RSA key has 1024 bits, and needs 2048 or more; "
            "replace it");
  EXPECT_EQ(error_with("ca: weak.crt")
                .rfind("proxy.yaml:6: policy.tls.ca: weak.crt: certificate 1 "
                       "is too weak",
                       0),
            0u);
  // It is up to MQTT clients what they take.
  MustLoad(absl::StrReplaceAll(
      kMinimal, {{"server.crt", "weak.crt"}, {"server.key", "weak.key"}}));
}

TEST_F(ConfigTest, RefusesACertificateAndAKeyThatDoNotBelongTogether) {
  const std::string error =
      Error(absl::StrReplaceAll(kMinimal, {{"server.key", "other.key"}}));
  EXPECT_EQ(error,
            "proxy.yaml:4: listeners[0].tls.private_key: other.key: does not "
            "belong to the certificate");
  EXPECT_EQ(error.find("BEGIN"), std::string::npos);
  const std::string swapped = Error(absl::StrReplaceAll(
      kMinimal, {{"certificate: server.crt", "certificate: server.key"}}));
  EXPECT_EQ(swapped.find("proxy.yaml:4: listeners[0].tls.certificate: "), 0u)
      << swapped;
}

// covers: ACE-POP-9
TEST_F(ConfigTest, TakesMoreCertificatesOfAListener) {
  const TestCertificate second = TestCertificate::SelfSigned({});
  dir_.Write("second.crt", second.certificate_pem());
  dir_.Write("second.key", second.private_key_pem());
  const auto with = [](absl::string_view pair) {
    return absl::StrReplaceAll(
        kMinimal,
        {{"private_key: server.key}", absl::StrCat("private_key: server.key, "
                                                   "additional_certificates: [",
                                                   pair, "]}")}});
  };
  const Config config =
      MustLoad(with("{certificate: second.crt, private_key: second.key}"));
  const auto& pairs = config.listeners[0].certificates;
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0].certificate, dir_.path() + "/server.crt");
  EXPECT_EQ(pairs[1].certificate, dir_.path() + "/second.crt");
  EXPECT_EQ(pairs[1].private_key, dir_.path() + "/second.key");

  const std::string kPath =
      "proxy.yaml:4: listeners[0].tls.additional_certificates[0].";
  EXPECT_EQ(Error(with("{certificate: second.crt}")),
            kPath + "private_key: required, and missing or empty");
  EXPECT_EQ(Error(with("{certificate: second.crt, private_key: server.key}")),
            kPath +
                "private_key: server.key: does not belong to the "
                "certificate");
  // Nobody would ever be shown it.
  CertificateOptions options;
  options.dns_names.clear();
  const TestCertificate nameless = TestCertificate::SelfSigned(options);
  dir_.Write("nameless.crt", nameless.certificate_pem());
  dir_.Write("nameless.key", nameless.private_key_pem());
  EXPECT_EQ(
      Error(with("{certificate: nameless.crt, private_key: nameless.key}")),
      kPath +
          "certificate: nameless.crt: has no DNS name in its "
          "subjectAltName, by which a client could ask for it");
}

TEST_F(ConfigTest, NeverShowsAPassword) {
  const std::string error = Error(absl::StrReplaceAll(
      kMinimal, {{"{address: 127.0.0.1:1883}",
                  "{address: 'a:1', username: u, password: '${s3cret}'}"}}));
  EXPECT_EQ(error.find("s3cret"), std::string::npos) << error;
}

TEST_F(ConfigTest, TellsWhatAReloadTakesOver) {
  const Config running = MustLoad(kMinimal);
  const auto fields_of = [&](const std::string& yaml) {
    return absl::StrJoin(FieldsForRestart(running, MustLoad(yaml)), ", ");
  };
  EXPECT_EQ(fields_of(kMinimal), "");
  for (const char* added :
       {"log: {level: debug}\n", "ace: {hide_topics: true}\n",
        "limits: {max_packet_size: 1000, connect_timeout: 1s}\n",
        "limits: {max_queued_bytes: 20000}\n", "drain_time: 1s\n"}) {
    EXPECT_EQ(fields_of(absl::StrCat(kMinimal, added)), "") << added;
  }
  EXPECT_EQ(fields_of(absl::StrReplaceAll(kMinimal,
                                          {{"127.0.0.1:1883", "broker:1883"}})),
            "");
  for (const auto& [added, field] :
       std::vector<std::pair<const char*, const char*>>{
           {"log: {format: text}\n", "log.format"},
           {"workers: 2\n", "workers"},
           {"event_coalescing: 1ms\n", "event_coalescing"},
           {"admin: {address: 'a:1'}\n", "admin"},
           {"limits: {max_connections: 1}\n", "limits.max_connections"},
           {"limits: {denials_per_second: 1}\n", "limits.denials_per_second"},
           {"limits: {max_pending_connections: 1}\n",
            "limits.max_pending_connections"},
           {"limits: {max_anonymous_connections: 1}\n",
            "limits.max_anonymous_connections"}}) {
    EXPECT_EQ(fields_of(absl::StrCat(kMinimal, added)), field);
  }
  EXPECT_EQ(fields_of(absl::StrReplaceAll(
                kMinimal, {{"127.0.0.1:50051",
                            "127.0.0.1:50051, on_outage: disconnect"}})),
            "policy.on_outage");
  EXPECT_EQ(fields_of(absl::StrReplaceAll(
                kMinimal, {{"127.0.0.1:8883", "127.0.0.1:8884"}})),
            "listeners[0].address");
  EXPECT_EQ(
      fields_of(absl::StrReplaceAll(
          kMinimal, {{"upstream:",
                      "- {name: two, address: 'a:1', tls: {certificate: "
                      "server.crt, private_key: server.key}}\nupstream:"}})),
      "listeners[1]");
}

TEST_F(ConfigTest, AnAuthorizationServerHasAnAbsoluteUri) {
  const auto is_taken = [&](const std::string& uri) {
    return Load(absl::StrCat(kMinimal, "ace: {as_hint: {as: \"", uri, "\"}}\n"))
        .ok();
  };
  for (const char* uri : {"https://as.example/token", "coaps://[::1]:5684",
                          "urn:x", "a+b-c.1:x?y#z"}) {
    EXPECT_TRUE(is_taken(uri)) << uri;
  }
  for (const char* uri :
       {"as.example", "//as.example", "https:", ":x", "1a:x", "a_b:x",
        "https://as.example/a b", "https://as.example/\\t",
        "https://as.example/\\x7f", "https://as.example/\u00e9"}) {
    EXPECT_FALSE(is_taken(uri)) << uri;
  }
}

TEST_F(ConfigTest, AReloadKnowsListenersByTheirNames) {
  const auto with = [](const std::vector<const char*>& listeners) {
    std::string yaml = "listeners:\n";
    for (const char* listener : listeners) {
      absl::StrAppend(&yaml, "- {", listener,
                      ", tls: {certificate: server.crt, private_key: "
                      "server.key}}\n");
    }
    return absl::StrCat(yaml,
                        "upstream: {address: 127.0.0.1:1883}\n"
                        "policy: {address: 127.0.0.1:50051}\n");
  };
  constexpr char kOne[] = "name: one, address: 'a:1'";
  constexpr char kTwo[] = "name: two, address: 'a:2'";
  constexpr char kTwoElsewhere[] = "name: two, address: 'a:3'";
  constexpr char kThree[] = "name: three, address: 'a:3'";
  const Config running = MustLoad(with({kOne, kTwo}));
  const auto fields_of = [&](const std::vector<const char*>& listeners) {
    return absl::StrJoin(FieldsForRestart(running, MustLoad(with(listeners))),
                         ", ");
  };
  EXPECT_EQ(fields_of({kTwo, kOne}), "");
  EXPECT_EQ(fields_of({kTwoElsewhere, kOne}), "listeners[0].address");
  EXPECT_EQ(fields_of({kThree, kOne, kTwo}), "listeners[0]");
  EXPECT_EQ(fields_of({kTwo}), "listeners[0]");
  EXPECT_EQ(fields_of({kOne, kThree}), "listeners[1]");
}

}  // namespace
}  // namespace sluice::server
