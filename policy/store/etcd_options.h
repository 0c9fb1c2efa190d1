#ifndef POLICY_STORE_ETCD_OPTIONS_H_
#define POLICY_STORE_ETCD_OPTIONS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "policy/tls/client_tls.h"
#include "proxy/base/secret_string.h"

namespace sluice::policy {

// An etcd cluster, and what of it is ours.
struct EtcdOptions {
  // "HOST:PORT" of the members; at least one.
  std::vector<std::string> endpoints;
  // What all our keys begin with; with a '/' between.
  std::string prefix;
  std::optional<ClientTls> tls;  // absent: plain text
  // Without a name, nobody logs in.
  std::string username;
  SecretString password;
  // How long a call may take.
  absl::Duration timeout = absl::Milliseconds(1500);
};

inline bool operator==(const EtcdOptions& a, const EtcdOptions& b) {
  return a.endpoints == b.endpoints && a.prefix == b.prefix && a.tls == b.tls &&
         a.username == b.username && a.password == b.password &&
         a.timeout == b.timeout;
}

}  // namespace sluice::policy

#endif  // POLICY_STORE_ETCD_OPTIONS_H_
