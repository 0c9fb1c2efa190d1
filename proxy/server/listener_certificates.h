#ifndef PROXY_SERVER_LISTENER_CERTIFICATES_H_
#define PROXY_SERVER_LISTENER_CERTIFICATES_H_

#include <map>
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

  // Reads those of `listener`, which have just been taken over.
  void Remember(const MqttListenerConfig& listener);

  // Says in the log which of them are not valid at `now`, or not for long:
  // config_warning.
  void WarnOfValidity(absl::Time now) const;

  // When the first of each listener expires.
  std::vector<CertificateExpiry> Expiries() const;

 private:
  struct Shown {
    std::vector<policy::CertificateInUse> certificates;
    absl::Time first_expiry = absl::InfiniteFuture();
  };

  Logger& log_;
  mutable std::mutex mutex_;
  std::map<std::string, Shown> shown_;  // by listener
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_LISTENER_CERTIFICATES_H_
