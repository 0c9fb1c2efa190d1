#include "policy/server/program.h"

#include <signal.h>
#include <unistd.h>

#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "policy/server/config.h"
#include "policy/server/grpc_log.h"
#include "policy/server/policy_metrics.h"
#include "policy/server/policy_server.h"
#include "policy/server/tls_reloader.h"
#include "proxy/admin_http/admin_server.h"
#include "proxy/base/config_log.h"
#include "proxy/base/log.h"
#include "proxy/base/process.h"
#include "proxy/base/queued_log_sink.h"
#include "proxy/base/sandbox.h"
#include "proxy/base/signals.h"
#include "proxy/base/version.h"

namespace sluice::policy {
namespace {

// How long calls under way may take once the program is told to stop.
constexpr absl::Duration kDrainTime = absl::Seconds(10);

// A configuration that cannot be used changes nothing.
void ReloadConfig(const std::string& file,
                  const std::optional<Address>& admin_address,
                  PolicyServer& server, TlsReloader& tls, Logger& log) {
  absl::StatusOr<LoadedConfig> config = LoadConfig(file, Hosting::kStandalone);
  if (!config.ok()) {
    log.Error("reload_failed", {{"detail", config.status().message()}});
    return;
  }
  LogConfigWarnings(config->warnings, log);
  std::vector<std::string> unchanged = server.FieldsForRestart(*config);
  if (!(config->admin == admin_address)) unchanged.push_back("admin");
  LogNeedsRestart("", unchanged, log);
  tls.ReloadServer(*std::move(config));
  log.Info("reloaded", {{"config", file}});
}

absl::StatusOr<std::unique_ptr<AdminServer>> StartAdmin(
    const Address& address, const PolicyServer& server) {
  return AdminServer::Start(
      address, {[&server] { return server.Missing(); },
                [sources = server.metric_sources(), start_time = absl::Now()] {
                  return PolicyMetricsText(sources, start_time);
                }});
}

void LogReady(const PolicyServer& server, const AdminServer* admin,
              Logger& log) {
  std::vector<LogField> fields = {{"program", "sluice-policy"},
                                  {"version", kVersion},
                                  {"address", server.address()}};
  const std::string admin_address =
      admin == nullptr ? "" : admin->address().ToString();
  if (admin != nullptr) fields.emplace_back("admin", admin_address);
  log.Announce("ready", fields);
}

int Serve(const std::string& file, LoadedConfig config,
          const sigset_t& signals) {
  const absl::Status sandboxed = EnterSandbox();  // while there is one thread
  QueuedLogSink sink(STDERR_FILENO, LogFormat::kJson);
  Logger log(&sink, LogLevel::kInfo, LogFormat::kJson);
  const ScopedGrpcLog grpc_log(&log);
  if (!sandboxed.ok()) {
    log.Warning("not_sandboxed", {{"detail", sandboxed.message()}});
  }
  LogConfigWarnings(config.warnings, log);
  const std::optional<Address> admin_address = config.admin;
  const TlsFiles tls_files = config.tls_files;
  std::vector<FileWatcher::State> known = TlsReloader::Read(&config);
  PolicyServer server(
      std::move(config), [] { return absl::Now(); }, &log);
  if (absl::Status s = server.Listen(); !s.ok()) {
    log.Error("start_failed", {{"detail", s.message()}});
    return kExitFailure;
  }
  std::unique_ptr<AdminServer> admin;
  if (admin_address.has_value()) {
    absl::StatusOr<std::unique_ptr<AdminServer>> started =
        StartAdmin(*admin_address, server);
    if (!started.ok()) {
      log.Error("start_failed", {{"detail", started.status().message()}});
      return kExitFailure;
    }
    admin = *std::move(started);
  }
  LogReady(server, admin.get(), log);
  TlsReloader tls(tls_files, std::move(known), &server, &log);
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) break;
    ReloadConfig(file, admin_address, server, tls, log);
  }
  QuitAtNextSignal();
  log.Info("draining");
  server.Shutdown(kDrainTime);
  log.Info("stopped");
  return kExitSuccess;
}

}  // namespace

int RunProgram(const ProgramOptions& options) {
  const sigset_t signals = BlockSignals();
  PrepareProcess();
  absl::StatusOr<LoadedConfig> config =
      LoadConfig(options.config, Hosting::kStandalone);
  if (!config.ok()) {
    std::cerr << config.status().message() << "\n";
    return kExitFailure;
  }
  if (options.check) {
    for (const std::string& warning : config->warnings) {
      std::cerr << "warning: " << warning << "\n";
    }
    if (absl::Status s = ExamineStoreOf(*config); !s.ok()) {
      std::cerr << s.message() << "\n";
      return kExitFailure;
    }
    return kExitSuccess;
  }
  return Serve(options.config, *std::move(config), signals);
}

}  // namespace sluice::policy
