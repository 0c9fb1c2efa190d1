#ifndef PROXY_SERVER_POLICY_TLS_H_
#define PROXY_SERVER_POLICY_TLS_H_

#include <memory>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "policy/tls/tls_material.h"
#include "policy/tls/validity.h"
#include "proxy/base/file_watcher.h"
#include "proxy/base/log.h"
#include "proxy/server/certificate_expiry.h"
#include "proxy/server/policy_source_config.h"

namespace sluice::server {

// What the proxy has for TLS to the policy service, `policy.tls`. When the
// files change on the disk they are taken over, if all can be used and fit each
// other; else the old ones stay. In the log, with `of` policy.tls:
//
//   certificates_reloaded   info
//   certificates_rejected   error, with the reason
//
// And config_warning, of one that is not valid for long, when it is taken over
// and whenever WarnOfValidity() is called. Any thread.
class PolicyTls {
 public:
  // Reads the files; an error names field and file. `log` outlives this.
  static absl::StatusOr<std::unique_ptr<PolicyTls>> Create(
      PolicyTlsConfig files, Logger* log,
      absl::Duration interval = absl::Seconds(1));
  PolicyTls(const PolicyTls&) = delete;
  PolicyTls& operator=(const PolicyTls&) = delete;

  // For channels that this outlives.
  const policy::TlsMaterial& material() const { return *material_; }

  // Says in the log what of that in use is not valid at `now`, or not for long.
  void WarnOfValidity(absl::Time now) const;
  // What of that in use keeps connections from coming about at `now`: "field:
  // file: what is wrong", or empty.
  std::string Problem(absl::Time now) const;
  // When what is in use expires, and is not the system's.
  std::vector<CertificateExpiry> Expiries() const;

 private:
  PolicyTls(PolicyTlsConfig files, Logger* log)
      : files_(std::move(files)), log_(*log) {}

  absl::StatusOr<policy::TlsTexts> Read() const;
  // On the watcher's thread.
  void Reload();
  void Remember(const policy::TlsTexts& texts);
  std::vector<policy::CertificateInUse> in_use() const;

  const PolicyTlsConfig files_;
  Logger& log_;
  std::unique_ptr<policy::TlsMaterial> material_;
  mutable std::mutex mutex_;
  // With mutex_ held.
  std::vector<policy::CertificateInUse> in_use_;
  std::vector<CertificateExpiry> expiries_;
  std::unique_ptr<FileWatcher> watcher_;  // last: calls Reload()
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_POLICY_TLS_H_
