#include "proxy/server/config.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "policy/tls/pem.h"
#include "policy/tls/validity.h"
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
#include "proxy/session/rewrite.h"

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
constexpr char kTooLongForConnect[] =
    "longer than the 65535 bytes that MQTT has for it, so that no client could "
    "be let in";

// Turns the message that was read into a Config, a section a function;
// `locations` words the errors.
class ConfigReader {
 public:
  ConfigReader(const Schema& schema, const config::Locations& locations)
      : schema_(schema), locations_(locations), fields_(locations) {}

  absl::StatusOr<Config> Check();

 private:
  absl::Status CheckListener(int index);
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
  // Of `pem`, the certificates in `file`, which have been checked.
  void WarnOfValidity(const std::string& path, const std::string& file,
                      const std::string& pem, policy::CertificateUse use);
  absl::Status CheckUpstream();
  absl::Status CheckPolicy();
  absl::Status CheckPolicyTls();
  void WarnOfPlainText();
  absl::Status CheckAce();
  absl::Status CheckLimits();
  absl::Status CheckAdminAndWorkers();
  absl::Status CheckLog();

  absl::Status Error(absl::string_view path, absl::string_view problem) const {
    return locations_.Error(path, problem);
  }

  const Schema& schema_;
  const config::Locations& locations_;
  const FieldChecks fields_;
  absl::flat_hash_set<std::string> listener_names_;
  Config config_;
};

absl::StatusOr<Config> ConfigReader::Check() {
  if (schema_.listeners().empty()) {
    return Error("listeners", "required; name at least one listener");
  }
  for (int i = 0; i < schema_.listeners_size(); ++i) {
    if (absl::Status s = CheckListener(i); !s.ok()) return s;
  }
  if (absl::Status s = CheckUpstream(); !s.ok()) return s;
  if (absl::Status s = CheckPolicy(); !s.ok()) return s;
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
  s = CheckListenerTls(listener.tls(), FieldPath(path, "tls"), &result);
  if (!s.ok()) return s;
  s = CheckProtocols(listener, FieldPath(path, "protocols"), &result);
  if (!s.ok()) return s;
  config_.listeners.push_back(std::move(result));
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
  WarnOfValidity(FieldPath(path, "certificate"), files.certificate, *pem, kUse);
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

void ConfigReader::WarnOfValidity(const std::string& path,
                                  const std::string& file,
                                  const std::string& pem,
                                  policy::CertificateUse use) {
  const std::string warning = policy::ValidityWarning(pem, use, absl::Now());
  if (warning.empty()) return;
  config_.warnings.push_back(absl::StrCat(path, ": ", file, ": ", warning));
}

// Whether something in `text` looks like what is filled in, and is not.
bool HasUnknownPlaceholder(absl::string_view text) {
  return absl::StrContains(session::FillTemplate(text, "_", "_", "_"), "${");
}

// Whether `text` fits into a field of CONNECT before anything is filled in
// (MQTT 5.0 section 1.5.4).
bool FitsIntoConnect(absl::string_view text) {
  constexpr size_t kMaxBytes = 65535;
  return session::FillTemplate(text, "", "", "").size() <= kMaxBytes;
}

absl::Status ConfigReader::CheckUpstream() {
  const Schema::Upstream& upstream = schema_.upstream();
  UpstreamConfig& result = config_.upstream;
  absl::Status s =
      fields_.CheckAddress("upstream.address", upstream.address(),
                           Unix::kAllowed, AnyPort::kRefused, &result.address);
  if (!s.ok()) return s;
  result.username = upstream.username();
  result.password = SecretString(upstream.password());
  std::string password_path = "upstream.password";
  if (upstream.has_password_file()) {
    password_path = "upstream.password_file";
    absl::StatusOr<SecretString> secret = config::ReadNamedSecret(
        locations_, password_path, upstream.password_file());
    if (!secret.ok()) return secret.status();
    result.password = *std::move(secret);
  }
  // MQTT 3.1.1 section 3.1.2.9.
  if (!result.password.empty() && result.username.empty()) {
    return Error(password_path, "needs upstream.username beside it");
  }
  if (HasUnknownPlaceholder(result.username)) {
    return Error(
        "upstream.username",
        "only ${subject}, ${client_id} and ${issuer} can be filled in");
  }
  if (HasUnknownPlaceholder(result.password.str())) {
    return Error(
        password_path,
        "only ${subject}, ${client_id} and ${issuer} can be filled in");
  }
  if (!FitsIntoConnect(result.username)) {
    return Error("upstream.username", kTooLongForConnect);
  }
  if (!FitsIntoConnect(result.password.str())) {
    return Error(password_path, kTooLongForConnect);
  }
  result.refused_topic_characters = upstream.refused_topic_characters();
  for (const char c : result.refused_topic_characters) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c)) ||
        absl::StrContains("/+#", c)) {
      return Error("upstream.refused_topic_characters",
                   "expected printable ASCII characters, and not '/', '+' or "
                   "'#', which MQTT gives a meaning");
    }
  }
  result.proxy_protocol_v2 =
      upstream.proxy_protocol() == Schema::Upstream::PROXY_PROTOCOL_V2;
  return fields_.CheckTime(
      "upstream.connect_timeout", upstream.has_connect_timeout(),
      upstream.connect_timeout(), Zero::kRefused, &result.connect_timeout);
}

absl::Status ConfigReader::CheckPolicy() {
  const Schema::PolicySource& policy = schema_.policy();
  PolicySourceConfig& result = config_.policy;
  absl::Status s =
      fields_.CheckTime("policy.timeout", policy.has_timeout(),
                        policy.timeout(), Zero::kRefused, &result.timeout);
  if (!s.ok()) return s;
  if (policy.on_outage() == Schema::PolicySource::ON_OUTAGE_DISCONNECT) {
    result.on_outage = OnOutage::kDisconnect;
  }
  switch (policy.service_case()) {
    case Schema::PolicySource::SERVICE_NOT_SET:
      return Error("policy", "one of address and embedded is required");
    case Schema::PolicySource::kAddress:
      result.address.emplace();
      s = fields_.CheckAddress("policy.address", policy.address(),
                               Unix::kAllowed, AnyPort::kRefused,
                               &*result.address);
      if (s.ok()) s = CheckPolicyTls();
      if (s.ok()) WarnOfPlainText();
      return s;
    case Schema::PolicySource::kEmbedded:
      break;
  }
  if (policy.embedded().empty()) return Error("policy.embedded", kRequired);
  if (policy.has_tls()) {
    return Error("policy.tls",
                 "an embedded policy service is not reached over TLS; remove "
                 "the field");
  }
  result.embedded_file = ResolvePath(locations_.file(), policy.embedded());
  absl::StatusOr<policy::LoadedConfig> embedded =
      policy::LoadConfig(result.embedded_file, policy::Hosting::kEmbedded);
  if (absl::IsInvalidArgument(embedded.status())) return embedded.status();
  if (!embedded.ok()) {
    return Error("policy.embedded", embedded.status().message());
  }
  config_.warnings.insert(config_.warnings.end(), embedded->warnings.begin(),
                          embedded->warnings.end());
  result.embedded = *std::move(embedded);
  return absl::OkStatus();
}

void ConfigReader::WarnOfPlainText() {
  const Address& address = *config_.policy.address;
  if (config_.policy.tls.has_value() || address.is_local()) return;
  config_.warnings.push_back(absl::StrCat(
      "policy.address: whoever is on the way to ", address.ToString(),
      " reads tokens, and may make up what clients are allowed; "
      "policy.tls would keep them from it"));
}

absl::Status ConfigReader::CheckPolicyTls() {
  if (!schema_.policy().has_tls()) return absl::OkStatus();
  const Schema::PolicySource::Tls& tls = schema_.policy().tls();
  PolicyTlsConfig& result = config_.policy.tls.emplace();
  if (!tls.ca().empty()) {
    constexpr auto kUse = policy::CertificateUse::kTrusted;
    const absl::StatusOr<std::string> pem = fields_.CheckCertificate(
        "policy.tls.ca", tls.ca(), kUse, &result.ca_file);
    if (!pem.ok()) return pem.status();
    WarnOfValidity("policy.tls.ca", result.ca_file, *pem, kUse);
  }
  if (tls.certificate().empty() && tls.private_key().empty()) {
    return absl::OkStatus();
  }
  constexpr auto kUse = policy::CertificateUse::kShown;
  const absl::StatusOr<std::string> pem =
      fields_.CheckKeyPair("policy.tls", tls.certificate(), tls.private_key(),
                           kUse, &result.key_pair);
  if (!pem.ok()) return pem.status();
  WarnOfValidity("policy.tls.certificate", result.key_pair.certificate, *pem,
                 kUse);
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
