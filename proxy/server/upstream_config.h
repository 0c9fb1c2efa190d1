#ifndef PROXY_SERVER_UPSTREAM_CONFIG_H_
#define PROXY_SERVER_UPSTREAM_CONFIG_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "proto/sluice/config/v1/proxy.pb.h"
#include "proxy/base/address.h"
#include "proxy/base/secret_string.h"
#include "proxy/server/field_checks.h"

namespace sluice::server {

struct UpstreamConfig {
  Address address;
  std::string username;
  SecretString password;
  bool proxy_protocol_v2 = false;
  absl::Duration connect_timeout = absl::Seconds(5);
  std::string refused_topic_characters;
};

// Checks the section `upstream`, and reads its file.
absl::Status CheckUpstream(const config::v1::ProxyConfig::Upstream& upstream,
                           const FieldChecks& fields, UpstreamConfig* result);

}  // namespace sluice::server

#endif  // PROXY_SERVER_UPSTREAM_CONFIG_H_
