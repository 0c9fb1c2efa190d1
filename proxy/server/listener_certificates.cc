#include "proxy/server/listener_certificates.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "proxy/base/config_log.h"
#include "proxy/base/small_file.h"

namespace sluice::server {

std::vector<std::string> ListenerCertificates::Files(const Config& config) {
  std::vector<std::string> files;
  for (const MqttListenerConfig& listener : config.listeners) {
    for (const transport::CertificateFiles& pair : listener.certificates) {
      files.push_back(pair.certificate);
      files.push_back(pair.private_key);
    }
  }
  return files;
}

void ListenerCertificates::Remember(
    const std::vector<const MqttListenerConfig*>& listeners) {
  std::vector<policy::CertificateInUse> in_use;
  std::vector<CertificateExpiry> expiries;
  for (const MqttListenerConfig* listener : listeners) {
    absl::Time first_expiry = absl::InfiniteFuture();
    for (const transport::CertificateFiles& pair : listener->certificates) {
      absl::StatusOr<std::string> pem = ReadSmallFile(pair.certificate);
      if (!pem.ok()) continue;
      first_expiry = std::min(first_expiry, policy::FirstExpiry(*pem));
      in_use.push_back({pair.certificate, *std::move(pem),
                        policy::CertificateUse::kMqttListener});
    }
    if (first_expiry == absl::InfiniteFuture()) continue;
    expiries.push_back({listener->name, "", first_expiry});
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  in_use_ = std::move(in_use);
  expiries_ = std::move(expiries);
}

void ListenerCertificates::WarnOfValidity(absl::Time now) const {
  std::vector<policy::CertificateInUse> in_use;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    in_use = in_use_;
  }
  LogConfigWarnings(policy::ValidityWarnings(in_use, now), log_);
}

std::vector<CertificateExpiry> ListenerCertificates::Expiries() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return expiries_;
}

}  // namespace sluice::server
