#include "policy/server/grpc_log.h"

#include <atomic>
#include <mutex>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "grpc/support/log.h"
#include "proxy/base/limited_event.h"

namespace sluice::policy {
namespace {

// gRPC's hook takes no context, so that this is the one global pointer to a
// logger. The mutex lets no thread of gRPC use it beyond its life.
struct Target {
  std::mutex mutex;
  Logger* log = nullptr;
  absl::Time (*now)() = nullptr;
  std::atomic<uint64_t> suppressed{0};
  LimitedEvent lines{"grpc", &suppressed};
};

Target& GlobalTarget() {
  static Target* const target = new Target;  // for threads that outlive main()
  return *target;
}

LogLevel LevelOf(gpr_log_severity severity) {
  switch (severity) {
    case GPR_LOG_SEVERITY_DEBUG:
      return LogLevel::kDebug;
    case GPR_LOG_SEVERITY_INFO:
      return LogLevel::kInfo;
    case GPR_LOG_SEVERITY_ERROR:
      break;
  }
  // An error to gRPC is at most a failed connection to us.
  return LogLevel::kWarning;
}

void Log(gpr_log_func_args* args) {
  Target& target = GlobalTarget();
  std::lock_guard<std::mutex> lock(target.mutex);
  if (target.log == nullptr || !target.log->Enabled(LevelOf(args->severity))) {
    return;
  }
  // GPR_ASSERT: it aborts the process next.
  const bool is_last = absl::StartsWith(args->message, "assertion failed");
  if (!is_last && !target.lines.Take(target.now(), *target.log)) return;
  absl::string_view file = args->file;
  file.remove_prefix(file.rfind('/') + 1);  // npos + 1 is 0
  target.log->Log(
      LevelOf(args->severity), "grpc",
      {{"detail", args->message}, {"file", file}, {"line", args->line}});
  if (is_last) target.log->Flush();
}

}  // namespace

ScopedGrpcLog::ScopedGrpcLog(Logger* log, absl::Time (*now)()) {
  Target& target = GlobalTarget();
  std::lock_guard<std::mutex> lock(target.mutex);
  target.log = log;
  target.now = now;
  gpr_set_log_function(Log);
}

ScopedGrpcLog::~ScopedGrpcLog() {
  Target& target = GlobalTarget();
  std::lock_guard<std::mutex> lock(target.mutex);
  target.lines.TellRest(*target.log);
  target.log = nullptr;
  gpr_set_log_function(nullptr);
}

uint64_t ScopedGrpcLog::suppressed() { return GlobalTarget().suppressed; }

}  // namespace sluice::policy
