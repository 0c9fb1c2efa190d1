#include "policy/server/program.h"

#include <signal.h>
#include <unistd.h>

#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "policy/server/config.h"
#include "policy/server/grpc_log.h"
#include "policy/server/health_server.h"
#include "policy/server/policy_server.h"
#include "policy/server/tls_reloader.h"
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

void LogWarnings(const LoadedConfig& config, Logger& log) {
  for (const std::string& warning : config.warnings) {
    log.Warning("config_warning", {{"detail", warning}});
  }
}

// A configuration that cannot be used changes nothing.
void ReloadConfig(const std::string& file,
                  const std::optional<ListenAddress>& health_address,
                  PolicyServer& server, TlsReloader& tls, Logger& log) {
  absl::StatusOr<LoadedConfig> config = LoadConfig(file, Hosting::kStandalone);
  if (!config.ok()) {
    log.Error("reload_failed", {{"detail", config.status().message()}});
    return;
  }
  LogWarnings(*config, log);
  std::vector<std::string> unchanged = server.FieldsForRestart(*config);
  if (!(config->health_address == health_address)) {
    unchanged.push_back("health_address");
  }
  if (!unchanged.empty()) {
    log.Warning("reload_incomplete",
                {{"detail", absl::StrCat("only a restart takes over: ",
                                         absl::StrJoin(unchanged, ", "))}});
  }
  tls.ReloadServer(*std::move(config));
  log.Info("reloaded", {{"config", file}});
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
  LogWarnings(config, log);
  const std::optional<ListenAddress> health_address = config.health_address;
  const TlsFiles tls_files = config.tls_files;
  std::vector<FileWatcher::State> known = TlsReloader::Read(&config);
  HealthServer health;  // told of by the server
  PolicyServer server(
      std::move(config), [] { return absl::Now(); }, &log);
  if (absl::Status s = server.Listen(); !s.ok()) {
    log.Error("start_failed", {{"detail", s.message()}});
    return kExitFailure;
  }
  if (health_address.has_value()) {
    if (absl::Status s = health.Start(*health_address); !s.ok()) {
      log.Error("start_failed", {{"detail", s.message()}});
      return kExitFailure;
    }
    server.TellHealth(health.service());
  }
  log.Info("ready", {{"program", "sluice-policy"},
                     {"version", kVersion},
                     {"address", server.address()},
                     {"health", health.address()}});
  TlsReloader tls(tls_files, std::move(known), &server, &log);
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (signal != SIGHUP) break;
    ReloadConfig(file, health_address, server, tls, log);
  }
  QuitAtNextSignal();
  log.Info("draining");
  health.SetDraining();
  server.Shutdown(kDrainTime);
  log.Info("stopped");
  return kExitSuccess;
}

}  // namespace

int RunProgram(const ProgramOptions& options) {
  const sigset_t signals = BlockSignals();
  ForbidLookingIntoMemory();
  SkipDeadlockDetection();
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
    return kExitSuccess;
  }
  return Serve(options.config, *std::move(config), signals);
}

}  // namespace sluice::policy
