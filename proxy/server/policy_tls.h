#ifndef PROXY_SERVER_POLICY_TLS_H_
#define PROXY_SERVER_POLICY_TLS_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "proxy/base/file_watcher.h"
#include "proxy/base/log.h"
#include "proxy/policy_client/tls_material.h"
#include "proxy/server/config.h"

namespace sluice::server {

// What the proxy has for TLS to the policy service, `policy.tls`. When the
// files change on the disk they are taken over, if all can be used and fit each
// other; else the old ones stay. In the log, with `of` policy.tls:
//
//   certificates_reloaded   info
//   certificates_rejected   error, with the reason
//
// And config_warning, of one that is not valid for long.
class PolicyTls {
 public:
  // Reads the files; an error names field and file. `log` outlives this.
  static absl::StatusOr<std::unique_ptr<PolicyTls>> Create(
      PolicyTlsConfig files, Logger* log,
      absl::Duration interval = absl::Seconds(1));
  PolicyTls(const PolicyTls&) = delete;
  PolicyTls& operator=(const PolicyTls&) = delete;

  // For channels that this outlives.
  const policy_client::TlsMaterial& material() const { return *material_; }

 private:
  PolicyTls(PolicyTlsConfig files, Logger* log)
      : files_(std::move(files)), log_(*log) {}

  absl::StatusOr<policy_client::TlsTexts> Read() const;
  // On the watcher's thread.
  void Reload();
  void Warn(absl::string_view field, const std::string& file,
            const std::string& warning);

  const PolicyTlsConfig files_;
  Logger& log_;
  std::unique_ptr<policy_client::TlsMaterial> material_;
  std::unique_ptr<FileWatcher> watcher_;  // last: calls Reload()
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_POLICY_TLS_H_
