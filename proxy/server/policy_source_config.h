#ifndef PROXY_SERVER_POLICY_SOURCE_CONFIG_H_
#define PROXY_SERVER_POLICY_SOURCE_CONFIG_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "policy/server/config.h"
#include "proto/sluice/config/v1/proxy.pb.h"
#include "proxy/base/address.h"
#include "proxy/server/field_checks.h"
#include "proxy/transport/certificate_files.h"

namespace sluice::server {

// TLS to the policy service: PEM files, which have been checked. Without `ca`
// the system's authorities are trusted.
struct PolicyTlsConfig {
  std::string ca_file;
  transport::CertificateFiles key_pair;  // empty paths: it shows none
};

// What becomes of connected clients when the policy service is away.
enum class OnOutage { kKeep, kDisconnect };

// A policy service elsewhere or in this process: `address` or `embedded`.
struct PolicySourceConfig {
  std::optional<Address> address;
  std::optional<PolicyTlsConfig> tls;
  std::string embedded_file;
  std::optional<policy::LoadedConfig> embedded;
  absl::Duration timeout = absl::Seconds(2);
  OnOutage on_outage = OnOutage::kKeep;
};

// Checks the section `policy`, and reads the files that it names.
absl::Status CheckPolicySource(
    const config::v1::ProxyConfig::PolicySource& policy,
    const FieldChecks& fields, PolicySourceConfig* result);

}  // namespace sluice::server

#endif  // PROXY_SERVER_POLICY_SOURCE_CONFIG_H_
