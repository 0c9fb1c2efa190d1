#ifndef POLICY_SERVICE_CHECKER_OPTIONS_H_
#define POLICY_SERVICE_CHECKER_OPTIONS_H_

#include <optional>
#include <string>

#include "absl/time/time.h"

namespace sluice::policy {

// A program that serves CheckService, and how it is asked.
struct CheckerOptions {
  // PEM texts. Without a CA, the system's; without a certificate, none is
  // shown.
  struct Tls {
    std::string ca;
    std::string certificate;
    std::string private_key;
  };

  std::string name;
  std::string address;     // "HOST:PORT" or "unix:PATH"
  std::optional<Tls> tls;  // absent: plain text
  absl::Duration timeout = absl::Milliseconds(500);
  // The longest time for which an answer counts.
  absl::Duration healthy_ttl = absl::Seconds(60);
  // How long a question to a checker that could not be asked is not asked
  // again.
  absl::Duration unhealthy_ttl = absl::Seconds(5);
};

inline bool operator==(const CheckerOptions::Tls& a,
                       const CheckerOptions::Tls& b) {
  return a.ca == b.ca && a.certificate == b.certificate &&
         a.private_key == b.private_key;
}

inline bool operator==(const CheckerOptions& a, const CheckerOptions& b) {
  return a.name == b.name && a.address == b.address && a.tls == b.tls &&
         a.timeout == b.timeout && a.healthy_ttl == b.healthy_ttl &&
         a.unhealthy_ttl == b.unhealthy_ttl;
}

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_CHECKER_OPTIONS_H_
