#ifndef POLICY_SERVER_TLS_RELOADER_H_
#define POLICY_SERVER_TLS_RELOADER_H_

#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer

#include "absl/time/time.h"
#include "policy/server/policy_server.h"
#include "policy/server/tls_config.h"
#include "proxy/base/file_watcher.h"
#include "proxy/base/log.h"

namespace sluice::policy {

// Has a server take over its certificates, key and client CA when the files
// change on the disk. Where they cannot be used, the old ones stay. In the log:
//
//   certificates_reloaded   info
//   certificates_rejected   warning, with the reason
class TlsReloader {
 public:
  // `files` are those of the server's TLS; without a certificate there is
  // nothing to do. `server` and `log` outlive this.
  TlsReloader(TlsFiles files, PolicyServer* server, Logger* log,
              absl::Duration interval = absl::Seconds(1));
  TlsReloader(const TlsReloader&) = delete;
  TlsReloader& operator=(const TlsReloader&) = delete;

  // Watches these from now on.
  void SetFiles(TlsFiles files);

 private:
  void Reload();

  PolicyServer& server_;
  Logger& log_;
  std::mutex mutex_;
  TlsFiles files_;
  FileWatcher watcher_;  // last: calls Reload()
};

}  // namespace sluice::policy

#endif  // POLICY_SERVER_TLS_RELOADER_H_
