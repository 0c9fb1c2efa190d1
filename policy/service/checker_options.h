#ifndef POLICY_SERVICE_CHECKER_OPTIONS_H_
#define POLICY_SERVICE_CHECKER_OPTIONS_H_

#include <optional>
#include <string>

#include "absl/time/time.h"
#include "policy/tls/client_tls.h"

namespace sluice::policy {

// A program that serves CheckService, and how it is asked.
struct CheckerOptions {
  std::string name;
  std::string address;           // "HOST:PORT" or "unix:PATH"
  std::optional<ClientTls> tls;  // absent: plain text
  absl::Duration timeout = absl::Milliseconds(500);
  // The longest time for which an answer counts.
  absl::Duration healthy_ttl = absl::Seconds(60);
  // How long a question to a checker that could not be asked is not asked
  // again.
  absl::Duration unhealthy_ttl = absl::Seconds(5);
};

inline bool operator==(const CheckerOptions& a, const CheckerOptions& b) {
  return a.name == b.name && a.address == b.address && a.tls == b.tls &&
         a.timeout == b.timeout && a.healthy_ttl == b.healthy_ttl &&
         a.unhealthy_ttl == b.unhealthy_ttl;
}

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_CHECKER_OPTIONS_H_
