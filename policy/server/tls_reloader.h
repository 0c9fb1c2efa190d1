#ifndef POLICY_SERVER_TLS_RELOADER_H_
#define POLICY_SERVER_TLS_RELOADER_H_

#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <vector>

#include "absl/time/time.h"
#include "policy/server/config.h"
#include "policy/server/policy_server.h"
#include "policy/server/tls_config.h"
#include "proxy/base/file_watcher.h"
#include "proxy/base/log.h"
#include "proxy/base/reminder.h"

namespace sluice::policy {

// Has a server take over its certificates, key and client CA when the files
// change on the disk. Where they cannot be used, the old ones stay. In the log:
//
//   certificates_reloaded   info
//   certificates_rejected   error, with the reason
//   config_warning          warning, of one that is not valid for long, then
//                           and once an interval
class TlsReloader {
 public:
  // How the files of a configuration are, which are then read again into it, so
  // that no change between reading and watching is missed. What cannot be read
  // then stays as it was read, and is not known.
  static std::vector<FileWatcher::State> Read(LoadedConfig* config);

  // `files` are those of the server's TLS, known as Read() said; without a
  // certificate there is nothing to do. `server` and `log` outlive this.
  TlsReloader(TlsFiles files, std::vector<FileWatcher::State> known,
              PolicyServer* server, Logger* log,
              absl::Duration interval = absl::Seconds(1),
              absl::Duration remind_every = absl::Hours(24));
  TlsReloader(const TlsReloader&) = delete;
  TlsReloader& operator=(const TlsReloader&) = delete;

  // Has the server take over `config`, and watches its files from now on. What
  // was read before does not come after it. Where TLS or the client CA comes or
  // goes, which the server leaves to a restart, what it has is still followed:
  // its client CA, and of the other files those of `config`.
  void ReloadServer(LoadedConfig config);

 private:
  void Reload();
  void Remind();
  // With mutex_ held: of what is not valid for long.
  void Warn(const TlsConfig& tls);

  PolicyServer& server_;
  Logger& log_;
  std::mutex mutex_;  // held while the server takes something over
  TlsFiles files_;
  // Last: these call Reload() and Remind().
  FileWatcher watcher_;
  Reminder reminder_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVER_TLS_RELOADER_H_
