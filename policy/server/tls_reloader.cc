#include "policy/server/tls_reloader.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "policy/tls/validity.h"
#include "proxy/base/config_log.h"

namespace sluice::policy {
namespace {

// What a server of `running` files takes from the files of a configuration:
// whether TLS is spoken, and clients need certificates, waits for a restart.
TlsFiles Merge(const TlsFiles& running, const TlsFiles& configured) {
  if (running.certificate.empty() || configured.certificate.empty()) {
    return running;
  }
  TlsFiles merged = configured;
  if (running.client_ca.empty() != configured.client_ca.empty()) {
    merged.client_ca = running.client_ca;
  }
  return merged;
}

}  // namespace

std::vector<FileWatcher::State> TlsReloader::Read(LoadedConfig* config) {
  std::vector<FileWatcher::State> known =
      FileWatcher::Look(config->tls_files.Paths());
  if (config->tls.has_value()) {
    absl::StatusOr<TlsConfig> tls = ReadTlsFiles(config->tls_files);
    if (!tls.ok()) return {};
    config->tls = *std::move(tls);
  }
  return known;
}

TlsReloader::TlsReloader(TlsFiles files, std::vector<FileWatcher::State> known,
                         PolicyServer* server, Logger* log,
                         absl::Duration interval, absl::Duration remind_every)
    : server_(*server),
      log_(*log),
      files_(std::move(files)),
      watcher_(
          {interval, files_.Paths(), std::move(known), [this] { Reload(); }}),
      reminder_(remind_every, [this] { Remind(); }) {}

void TlsReloader::ReloadServer(LoadedConfig config) {
  const std::lock_guard<std::mutex> lock(mutex_);
  TlsFiles files = Merge(files_, config.tls_files);
  if (files == config.tls_files) {
    files_ = std::move(files);
    watcher_.SetFiles(files_.Paths(), Read(&config));
  } else if (!(files == files_)) {
    // The server takes no TLS of another shape out of `config`: the watcher
    // has them read, as files that it does not know.
    files_ = std::move(files);
    watcher_.SetFiles(files_.Paths(), {});
  }
  server_.Reload(std::move(config));
}

void TlsReloader::Warn(const TlsConfig& tls) {
  const CertificateInUse in_use[] = {
      {files_.certificate, tls.certificate, CertificateUse::kShown},
      {files_.client_ca, tls.client_ca, CertificateUse::kTrusted}};
  LogConfigWarnings(ValidityWarnings(in_use, absl::Now()), log_);
}

// Where the files cannot be used, that was said when they came to be so.
void TlsReloader::Remind() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (files_.certificate.empty()) return;
  const absl::StatusOr<TlsConfig> tls = ReadTlsFiles(files_);
  if (tls.ok()) Warn(*tls);
}

void TlsReloader::Reload() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (files_.certificate.empty()) return;
  const absl::StatusOr<TlsConfig> tls = ReadTlsFiles(files_);
  const absl::Status status =
      tls.ok() ? server_.ReplaceTls(*tls) : tls.status();
  if (status.ok()) {
    log_.Info("certificates_reloaded");
    Warn(*tls);
  } else {
    log_.Error("certificates_rejected", {{"detail", status.message()}});
  }
}

}  // namespace sluice::policy
