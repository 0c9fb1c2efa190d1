#ifndef PROXY_SERVER_CONFIG_H_
#define PROXY_SERVER_CONFIG_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/sluice/config/v1/proxy.pb.h"
#include "proxy/base/address.h"
#include "proxy/base/log.h"
#include "proxy/mqtt/unframer.h"
#include "proxy/server/as_hint.h"
#include "proxy/server/policy_source_config.h"
#include "proxy/server/upstream_config.h"
#include "proxy/transport/certificate_files.h"

namespace sluice::server {

struct MqttListenerConfig {
  std::string name;
  Address address;  // TCP
  // The first is for clients that name no server, or one that none of the
  // others is for.
  std::vector<transport::CertificateFiles> certificates;
  bool tls13_only = false;
  bool request_client_certificate = false;
  bool take_pre_shared_keys = false;
  bool allow_v311 = true;
  bool allow_v5 = true;
};

struct AceConfig {
  std::string authz_info_topic = "authz-info";  // empty: off
  AsHintConfig as_hint;
  absl::Duration authentication_timeout = absl::Seconds(10);
  absl::Duration reauthentication_grace = absl::ZeroDuration();
  bool hide_topics = false;
  bool v5_username_token = false;
  bool bind_client_id = false;
};

struct LimitsConfig {
  uint32_t max_connections = 0;                   // 0: no limit
  size_t max_packet_size = mqtt::kMaxPacketSize;  // which is no limit
  size_t max_queued_bytes = 262144;
  absl::Duration handshake_timeout = absl::Seconds(10);
  absl::Duration connect_timeout = absl::Seconds(10);
  uint32_t connections_per_second = 0;      // 0: no limit
  uint32_t authz_info_per_second = 10;      // 0: no limit
  uint32_t denials_per_second = 100;        // 0: no limit
  uint32_t max_pending_connections = 1024;  // 0: no limit
  // 0: no limit. Without one see MaxAnonymousConnections().
  std::optional<uint32_t> max_anonymous_connections;
};

struct LogConfig {
  LogLevel level = LogLevel::kInfo;
  LogFormat format = LogFormat::kJson;
  std::string audit_file;      // "-": standard output; empty: no audit log
  std::string audit_place;     // "FILE:LINE: log.audit: ", for its errors
  double audit_sample = 0.01;  // from 0 to 1
};

// A configuration that has been read and checked, with the files that it names.
struct Config {
  std::vector<MqttListenerConfig> listeners;  // at least one
  UpstreamConfig upstream;
  PolicySourceConfig policy;
  AceConfig ace;
  LimitsConfig limits;
  std::optional<Address> admin;  // TCP
  uint32_t workers = 0;          // 0: one a core
  absl::Duration drain_time = absl::Seconds(10);
  absl::Duration event_coalescing = absl::Microseconds(500);  // 0: never
  LogConfig log;
  // What the operator should know though it is no error; for the log.
  std::vector<std::string> warnings;
  // What was read, but for the upstream's password.
  config::v1::ProxyConfig source;
};

// Reads the configuration file `path` (schema: proto/sluice/config/v1/
// proxy.proto), and the policy service's where it is embedded. The message of a
// failure is for the user: "FILE:LINE: field: what is wrong"; it is the first
// thing found and holds no secret.
absl::StatusOr<Config> LoadConfig(const std::string& path);

}  // namespace sluice::server

#endif  // PROXY_SERVER_CONFIG_H_
