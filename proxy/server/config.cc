#include "proxy/server/config.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/tls/pem.h"
#include "proxy/base/secret_string.h"
#include "proxy/config/files.h"
#include "proxy/config/locations.h"
#include "proxy/config/named_address.h"
#include "proxy/config/named_file.h"
#include "proxy/config/yaml_message.h"
#include "proxy/mqtt/topic.h"
#include "proxy/mqtt/unframer.h"
#include "proxy/mqtt/varint.h"
#include "proxy/server/as_hint.h"
#include "proxy/server/field_checks.h"

namespace sluice::server {
namespace {

using Schema = ::sluice::config::v1::ProxyConfig;
using ::sluice::config::AnyPort;
using ::sluice::config::ElementPath;
using ::sluice::config::FieldPath;
using ::sluice::config::kRequired;
using ::sluice::config::ResolvePath;
using ::sluice::config::Unix;

// What a TLS record holds; and what a machine may have.
constexpr size_t kMinQueuedBytes = 16384;
constexpr size_t kMaxQueuedBytes = 1073741824;
constexpr absl::Duration kMaxEventCoalescing = absl::Milliseconds(10);
constexpr uint32_t kMaxWorkers = 256;

// Turns the message that was read into a Config, a section a function;
// `locations` words the errors.
class ConfigReader {
 public:
  ConfigReader(const Schema& schema, const config::Locations& locations)
      : schema_(schema),
        locations_(locations),
        fields_(locations, &config_.warnings) {}

  absl::StatusOr<Config> Check();

 private:
  absl::Status CheckListener(int index);
  // That no listener before it is there already.
  absl::Status CheckOverlap(const std::string& path,
                            const Address& address) const;
  absl::Status CheckListenerTls(const Schema::Listener::Tls& tls,
                                const std::string& path,
                                MqttListenerConfig* listener);
  // Returns its PEM.
  absl::StatusOr<std::string> AddListenerCertificate(
      const std::string& path, const std::string& certificate,
      const std::string& private_key,
      std::vector<transport::CertificateFiles>* certificates);
  absl::Status CheckProtocols(const Schema::Listener& listener,
                              const std::string& path,
                              MqttListenerConfig* result) const;
  absl::Status CheckAce();
  absl::Status CheckLimits();
  absl::Status CheckAdminAndWorkers();
  absl::Status CheckLog();

  absl::Status Error(absl::string_view path, absl::string_view problem) const {
    return locations_.Error(path, problem);
  }

  const Schema& schema_;
  const config::Locations& locations_;
  Config config_;
  const FieldChecks fields_;
  absl::flat_hash_set<std::string> listener_names_;
};

absl::StatusOr<Config> ConfigReader::Check() {
  if (schema_.listeners().empty()) {
    return Error("listeners", "required; name at least one listener");
  }
  for (int i = 0; i < schema_.listeners_size(); ++i) {
    if (absl::Status s = CheckListener(i); !s.ok()) return s;
  }
  if (absl::Status s =
          CheckUpstream(schema_.upstream(), fields_, &config_.upstream);
      !s.ok()) {
    return s;
  }
  if (absl::Status s =
          CheckPolicySource(schema_.policy(), fields_, &config_.policy);
      !s.ok()) {
    return s;
  }
  if (absl::Status s = CheckAce(); !s.ok()) return s;
  if (absl::Status s = CheckLimits(); !s.ok()) return s;
  if (absl::Status s = CheckAdminAndWorkers(); !s.ok()) return s;
  if (absl::Status s = CheckLog(); !s.ok()) return s;
  config_.source = schema_;
  if (config_.source.upstream().has_password()) {
    SecretString::Wipe(config_.source.mutable_upstream()->mutable_password());
  }
  return std::move(config_);
}

absl::Status ConfigReader::CheckListener(int index) {
  const Schema::Listener& listener = schema_.listeners(index);
  const std::string path = ElementPath("listeners", index);
  MqttListenerConfig result;
  if (listener.name().empty()) return Error(FieldPath(path, "name"), kRequired);
  if (!listener_names_.insert(listener.name()).second) {
    return Error(FieldPath(path, "name"),
                 "taken by another listener; give each its own");
  }
  result.name = listener.name();
  absl::Status s =
      fields_.CheckAddress(FieldPath(path, "address"), listener.address(),
                           Unix::kRefused, AnyPort::kAllowed, &result.address);
  if (!s.ok()) return s;
  s = CheckOverlap(FieldPath(path, "address"), result.address);
  if (!s.ok()) return s;
  s = CheckListenerTls(listener.tls(), FieldPath(path, "tls"), &result);
  if (!s.ok()) return s;
  s = CheckProtocols(listener, FieldPath(path, "protocols"), &result);
  if (!s.ok()) return s;
  config_.listeners.push_back(std::move(result));
  return absl::OkStatus();
}

absl::Status ConfigReader::CheckOverlap(const std::string& path,
                                        const Address& address) const {
  for (const MqttListenerConfig& other : config_.listeners) {
    if (!address.Overlaps(other.address)) continue;
    return Error(
        path, absl::StrCat("overlaps with that of listener ", other.name, ", ",
                           other.address.ToString(),
                           "; give each a port, or an address, of its own"));
  }
  return absl::OkStatus();
}

absl::Status ConfigReader::CheckListenerTls(const Schema::Listener::Tls& tls,
                                            const std::string& path,
                                            MqttListenerConfig* listener) {
  absl::StatusOr<std::string> pem = AddListenerCertificate(
      path, tls.certificate(), tls.private_key(), &listener->certificates);
  if (!pem.ok()) return pem.status();
  const std::string additional = FieldPath(path, "additional_certificates");
  for (int i = 0; i < tls.additional_certificates_size(); ++i) {
    const Schema::Listener::KeyPair& pair = tls.additional_certificates(i);
    const std::string pair_path = ElementPath(additional, i);
    pem = AddListenerCertificate(pair_path, pair.certificate(),
                                 pair.private_key(), &listener->certificates);
    if (!pem.ok()) return pem.status();
    if (!policy::HasDnsName(*pem)) {
      return Error(FieldPath(pair_path, "certificate"),
                   absl::StrCat(pair.certificate(),
                                ": has no DNS name in its subjectAltName, by "
                                "which a client could ask for it"));
    }
  }
  listener->request_client_certificate =
      tls.client_certificate() == Schema::Listener::CLIENT_CERTIFICATE_REQUEST;
  listener->tls13_only = tls.min_version() == Schema::Listener::VERSION_TLS_1_3;
  listener->take_pre_shared_keys = tls.psk();
  if (tls.psk() && listener->tls13_only) {
    return Error(FieldPath(path, "psk"),
                 "pre-shared keys are for TLS 1.2; set min_version to 1.2, or "
                 "psk to false");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ConfigReader::AddListenerCertificate(
    const std::string& path, const std::string& certificate,
    const std::string& private_key,
    std::vector<transport::CertificateFiles>* certificates) {
  constexpr auto kUse = policy::CertificateUse::kMqttListener;
  transport::CertificateFiles files;
  absl::StatusOr<std::string> pem =
      fields_.CheckKeyPair(path, certificate, private_key, kUse, &files);
  if (!pem.ok()) return pem;
  certificates->push_back(std::move(files));
  return pem;
}

absl::Status ConfigReader::CheckProtocols(const Schema::Listener& listener,
                                          const std::string& path,
                                          MqttListenerConfig* result) const {
  if (listener.protocols().empty()) {
    if (!locations_.Contains(path)) return absl::OkStatus();
    return Error(path, "is empty; name a protocol, or leave the field out");
  }
  result->allow_v311 = false;
  result->allow_v5 = false;
  for (int i = 0; i < listener.protocols_size(); ++i) {
    bool* allowed = listener.protocols(i) == Schema::Listener::PROTOCOL_MQTT_5
                        ? &result->allow_v5
                        : &result->allow_v311;
    if (*allowed) return Error(ElementPath(path, i), "stands here twice");
    *allowed = true;
  }
  return absl::OkStatus();
}

absl::Status ConfigReader::CheckAce() {
  const Schema::Ace& ace = schema_.ace();
  AceConfig& result = config_.ace;
  result.bind_client_id = ace.client_id() == Schema::Ace::CLIENT_ID_BOUND;
  if (ace.has_authz_info_topic()) {
    result.authz_info_topic = ace.authz_info_topic();
    if (!result.authz_info_topic.empty() &&
        !mqtt::IsValidTopicName(result.authz_info_topic)) {
      return Error("ace.authz_info_topic",
                   "not a topic name; wildcards are not allowed");
    }
  }
  if (ace.has_as_hint()) {
    absl::Status s = CheckAsHint(ace.as_hint(), locations_, &result.as_hint);
    if (!s.ok()) return s;
  }
  result.hide_topics = ace.hide_topics();
  result.v5_username_token = ace.v5_username_token();
  absl::Status s = fields_.CheckTime(
      "ace.authentication_timeout", ace.has_authentication_timeout(),
      ace.authentication_timeout(), Zero::kRefused,
      &result.authentication_timeout);
  if (!s.ok()) return s;
  return fields_.CheckTime("ace.reauthentication_grace",
                           ace.has_reauthentication_grace(),
                           ace.reauthentication_grace(), Zero::kAllowed,
                           &result.reauthentication_grace);
}

absl::Status ConfigReader::CheckLimits() {
  const Schema::Limits& limits = schema_.limits();
  LimitsConfig& result = config_.limits;
  result.max_connections = limits.max_connections();
  result.connections_per_second = limits.connections_per_second();
  if (limits.has_authz_info_per_second()) {
    result.authz_info_per_second = limits.authz_info_per_second();
  }
  if (limits.has_denials_per_second()) {
    result.denials_per_second = limits.denials_per_second();
  }
  if (limits.has_max_pending_connections()) {
    result.max_pending_connections = limits.max_pending_connections();
  }
  if (limits.has_max_anonymous_connections()) {
    result.max_anonymous_connections = limits.max_anonymous_connections();
  }
  if (limits.has_max_packet_size()) {
    result.max_packet_size = limits.max_packet_size();
    if (result.max_packet_size == 0 ||
        result.max_packet_size > mqtt::kMaxVarint) {
      return Error("limits.max_packet_size",
                   absl::StrCat("expected 1 to ", mqtt::kMaxVarint));
    }
    // The largest Remaining Length stands for the largest packet.
    if (result.max_packet_size == mqtt::kMaxVarint) {
      result.max_packet_size = mqtt::kMaxPacketSize;
    }
  }
  if (limits.has_max_queued_bytes()) {
    result.max_queued_bytes = limits.max_queued_bytes();
    if (result.max_queued_bytes < kMinQueuedBytes ||
        result.max_queued_bytes > kMaxQueuedBytes) {
      return Error(
          "limits.max_queued_bytes",
          absl::StrCat("expected ", kMinQueuedBytes, " to ", kMaxQueuedBytes));
    }
  }
  absl::Status s = fields_.CheckTime(
      "limits.handshake_timeout", limits.has_handshake_timeout(),
      limits.handshake_timeout(), Zero::kRefused, &result.handshake_timeout);
  if (!s.ok()) return s;
  return fields_.CheckTime(
      "limits.connect_timeout", limits.has_connect_timeout(),
      limits.connect_timeout(), Zero::kRefused, &result.connect_timeout);
}

absl::Status ConfigReader::CheckAdminAndWorkers() {
  if (schema_.has_admin()) {
    config_.admin.emplace();
    absl::Status s = fields_.CheckAddress(
        "admin.address", schema_.admin().address(), Unix::kRefused,
        AnyPort::kAllowed, &*config_.admin);
    if (s.ok()) s = CheckOverlap("admin.address", *config_.admin);
    if (!s.ok()) return s;
  }
  if (schema_.workers() > kMaxWorkers) {
    return Error("workers", absl::StrCat("expected 0 to ", kMaxWorkers));
  }
  config_.workers = schema_.workers();
  if (absl::Status s = fields_.CheckTime("drain_time", schema_.has_drain_time(),
                                         schema_.drain_time(), Zero::kAllowed,
                                         &config_.drain_time);
      !s.ok()) {
    return s;
  }
  if (absl::Status s =
          fields_.CheckTime("event_coalescing", schema_.has_event_coalescing(),
                            schema_.event_coalescing(), Zero::kAllowed,
                            &config_.event_coalescing);
      !s.ok()) {
    return s;
  }
  if (config_.event_coalescing > kMaxEventCoalescing) {
    return Error("event_coalescing", "more than 10ms");
  }
  return absl::OkStatus();
}

absl::Status ConfigReader::CheckLog() {
  const Schema::Log& log = schema_.log();
  if (log.audit() == "-") {
    config_.log.audit_file = log.audit();
  } else if (!log.audit().empty()) {
    config_.log.audit_file = ResolvePath(locations_.file(), log.audit());
  }
  config_.log.audit_place =
      std::string(locations_.Error("log.audit", "").message());
  if (log.has_audit_sample()) {
    if (!(log.audit_sample() >= 0 && log.audit_sample() <= 1)) {
      return Error("log.audit_sample", "expected 0 to 1");
    }
    config_.log.audit_sample = log.audit_sample();
  }
  switch (log.level()) {
    case Schema::Log::LEVEL_DEBUG:
      config_.log.level = LogLevel::kDebug;
      break;
    case Schema::Log::LEVEL_WARNING:
      config_.log.level = LogLevel::kWarning;
      break;
    case Schema::Log::LEVEL_ERROR:
      config_.log.level = LogLevel::kError;
      break;
    default:
      config_.log.level = LogLevel::kInfo;
      break;
  }
  config_.log.format = log.format() == Schema::Log::FORMAT_TEXT
                           ? LogFormat::kText
                           : LogFormat::kJson;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Config> LoadConfig(const std::string& path) {
  Schema schema;
  absl::StatusOr<config::Locations> locations =
      config::LoadYamlFile(path, &schema);
  if (!locations.ok()) return locations.status();
  absl::StatusOr<Config> config = ConfigReader(schema, *locations).Check();
  if (schema.upstream().has_password()) {
    SecretString::Wipe(schema.mutable_upstream()->mutable_password());
  }
  return config;
}

}  // namespace sluice::server
