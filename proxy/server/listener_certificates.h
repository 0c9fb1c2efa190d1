#ifndef PROXY_SERVER_LISTENER_CERTIFICATES_H_
#define PROXY_SERVER_LISTENER_CERTIFICATES_H_

#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "policy/tls/validity.h"
#include "proxy/base/log.h"
#include "proxy/server/certificate_expiry.h"
#include "proxy/server/config.h"

namespace sluice::server {

// The certificates that listeners show to clients, as they were taken over:
// what is in their files later may be refused. Any thread.
class ListenerCertificates {
 public:
  // `log` outlives this.
  explicit ListenerCertificates(Logger* log) : log_(*log) {}
  ListenerCertificates(const ListenerCertificates&) = delete;
  ListenerCertificates& operator=(const ListenerCertificates&) = delete;

  // The files that they, and their keys, are in.
  static std::vector<std::string> Files(const Config& config);

  // Reads those of `listeners`, which have just been taken over.
  void Remember(const std::vector<const MqttListenerConfig*>& listeners);

  // Says in the log which of them are not valid at `now`, or not for long:
  // config_warning.
  void WarnOfValidity(absl::Time now) const;

  // When the first of each listener expires.
  std::vector<CertificateExpiry> Expiries() const;

 private:
  Logger& log_;
  mutable std::mutex mutex_;
  std::vector<policy::CertificateInUse> in_use_;
  std::vector<CertificateExpiry> expiries_;
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_LISTENER_CERTIFICATES_H_
