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

void ListenerCertificates::Remember(const MqttListenerConfig& listener) {
  Shown shown;
  for (const transport::CertificateFiles& pair : listener.certificates) {
    absl::StatusOr<std::string> pem = ReadSmallFile(pair.certificate);
    if (!pem.ok()) continue;
    shown.first_expiry =
        std::min(shown.first_expiry, policy::FirstExpiry(*pem));
    shown.certificates.push_back({pair.certificate, *std::move(pem),
                                  policy::CertificateUse::kMqttListener});
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  shown_[listener.name] = std::move(shown);
}

void ListenerCertificates::WarnOfValidity(absl::Time now) const {
  std::vector<policy::CertificateInUse> in_use;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [name, shown] : shown_) {
      in_use.insert(in_use.end(), shown.certificates.begin(),
                    shown.certificates.end());
    }
  }
  LogConfigWarnings(policy::ValidityWarnings(in_use, now), log_);
}

std::vector<CertificateExpiry> ListenerCertificates::Expiries() const {
  std::vector<CertificateExpiry> expiries;
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const auto& [name, shown] : shown_) {
    if (shown.first_expiry == absl::InfiniteFuture()) continue;
    expiries.push_back({name, "", shown.first_expiry});
  }
  return expiries;
}

}  // namespace sluice::server
