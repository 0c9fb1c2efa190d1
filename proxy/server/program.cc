#include "proxy/server/program.h"

#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "policy/server/config.h"
#include "policy/server/grpc_log.h"
#include "proxy/base/config_log.h"
#include "proxy/base/log.h"
#include "proxy/base/process.h"
#include "proxy/base/queued_log_sink.h"
#include "proxy/base/sandbox.h"
#include "proxy/base/signals.h"
#include "proxy/base/version.h"
#include "proxy/server/config.h"
#include "proxy/server/line_writer.h"
#include "proxy/server/server.h"

namespace sluice::server {
namespace {

// How long clients may take to leave once they have been told to.
constexpr absl::Duration kDrainGrace = absl::Seconds(10);

void LogReady(const Server& server, Logger& log) {
  std::vector<LogField> listeners;
  for (const Server::Listening& listener : server.listeners()) {
    listeners.emplace_back(listener.name, listener.address);
  }
  std::vector<LogField> fields = {
      {"program", "sluice-proxy"},
      {"version", kVersion},
      {"listeners", absl::Span<const LogField>(listeners)}};
  const std::string admin = server.admin_address();
  if (!admin.empty()) fields.emplace_back("admin", admin);
  log.Announce("ready", fields);
}

// A configuration that cannot be used changes nothing.
void ReloadConfig(const std::string& file, Server& server, Logger& log) {
  // Whatever becomes of the rest: the file may have been renamed.
  server.ReopenAuditLog();
  absl::StatusOr<Config> config = LoadConfig(file);
  if (!config.ok()) {
    log.Error("reload_failed", {{"detail", config.status().message()}});
    return;
  }
  LogConfigWarnings(config->warnings, log);
  const absl::Status status = server.Reload(*std::move(config));
  if (!status.ok()) {
    log.Error("reload_failed", {{"detail", status.message()}});
    return;
  }
  log.Info("reloaded", {{"config", file}});
}

// Memory from this size on is the system's, each piece apart, so that what
// grows (transport::HeldBytes) is moved and not copied, and what is freed goes
// back. By itself glibc raises the size to that of the largest piece freed.
constexpr int kOwnMapping = 256 * 1024;

int Serve(const std::string& file, Config config, const sigset_t& signals) {
  mallopt(M_MMAP_THRESHOLD, kOwnMapping);
  const absl::Status sandboxed = EnterSandbox();  // while there is one thread
  QueuedLogSink sink(STDERR_FILENO, config.log.format);
  Logger log(&sink, config.log.level, config.log.format);
  const policy::ScopedGrpcLog grpc_log(&log);
  if (!sandboxed.ok()) {
    log.Warning("not_sandboxed", {{"detail", sandboxed.message()}});
  }
  LogConfigWarnings(config.warnings, log);
  absl::StatusOr<std::unique_ptr<Server>> started =
      Server::Start(std::move(config), &log);
  if (!started.ok()) {
    log.Error("start_failed", {{"detail", started.status().message()}});
    return kExitFailure;
  }
  Server& server = **started;
  LogReady(server, log);
  for (;;) {
    int number = 0;
    if (sigwait(&signals, &number) != 0) continue;
    if (number != SIGHUP) break;
    ReloadConfig(file, server, log);
  }
  QuitAtNextSignal();
  log.Info("draining");
  if (!server.Drain(kDrainGrace)) {
    log.Warning("drain_incomplete",
                {{"detail", "connections are left, and broken off"}});
  }
  started->reset();
  log.Info("stopped");
  return kExitSuccess;
}

}  // namespace

int RunProgram(const ProgramOptions& options) {
  const sigset_t signals = BlockSignals();
  PrepareProcess();
  absl::StatusOr<Config> config = LoadConfig(options.config);
  if (!config.ok()) {
    std::cerr << config.status().message() << "\n";
    return kExitFailure;
  }
  if (options.check) {
    for (const std::string& warning : config->warnings) {
      std::cerr << "warning: " << warning << "\n";
    }
    if (!config->log.audit_file.empty()) {
      if (absl::Status s = LineWriter::CheckCanOpen(config->log.audit_file);
          !s.ok()) {
        std::cerr << config->log.audit_place << s.message() << "\n";
        return kExitFailure;
      }
    }
    if (config->policy.embedded.has_value()) {
      if (absl::Status s = policy::ExamineStoreOf(*config->policy.embedded);
          !s.ok()) {
        std::cerr << s.message() << "\n";
        return kExitFailure;
      }
    }
    return kExitSuccess;
  }
  return Serve(options.config, *std::move(config), signals);
}

}  // namespace sluice::server
