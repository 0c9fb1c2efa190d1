#include "policy/server/tls_reloader.h"

#include <utility>

#include "absl/status/statusor.h"

namespace sluice::policy {

TlsReloader::TlsReloader(TlsFiles files, PolicyServer* server, Logger* log,
                         absl::Duration interval)
    : server_(*server),
      log_(*log),
      files_(std::move(files)),
      watcher_({interval, files_.Paths(), [this] { Reload(); }}) {}

void TlsReloader::SetFiles(TlsFiles files) {
  watcher_.SetFiles(files.Paths());
  std::lock_guard<std::mutex> lock(mutex_);
  files_ = std::move(files);
}

void TlsReloader::Reload() {
  TlsFiles files;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    files = files_;
  }
  if (files.certificate.empty()) return;
  absl::StatusOr<TlsConfig> tls = ReadTlsFiles(files);
  const absl::Status status =
      tls.ok() ? server_.ReplaceTls(*std::move(tls)) : tls.status();
  if (status.ok()) {
    log_.Info("certificates_reloaded");
  } else {
    log_.Warning("certificates_rejected", {{"detail", status.message()}});
  }
}

}  // namespace sluice::policy
