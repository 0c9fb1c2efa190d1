#include "policy/server/grpc_log.h"

#include <google/protobuf/stubs/logging.h>

#include <atomic>
#include <mutex>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "grpc/support/log.h"
#include "proxy/base/limited_event.h"

namespace sluice::policy {
namespace {

using ProtobufLevel = google::protobuf::LogLevel;

// The hooks take no context, so that this is the one global pointer to a
// logger. The mutex lets no thread of gRPC use it beyond its life.
struct Target {
  std::mutex mutex;
  Logger* log = nullptr;
  absl::Time (*now)() = nullptr;
  std::atomic<uint64_t> suppressed{0};
  LimitedEvent lines{"grpc", &suppressed};
  google::protobuf::LogHandler* protobuf_handler = nullptr;  // the former
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

LogLevel LevelOf(ProtobufLevel level) {
  return level == ProtobufLevel::LOGLEVEL_INFO ? LogLevel::kInfo
                                               : LogLevel::kWarning;
}

// `is_last`: the process is aborted next.
void Log(LogLevel level, absl::string_view message, absl::string_view file,
         int line, bool is_last) {
  Target& target = GlobalTarget();
  std::lock_guard<std::mutex> lock(target.mutex);
  if (target.log == nullptr || !target.log->Enabled(level)) return;
  if (!is_last && !target.lines.Take(target.now(), *target.log)) return;
  file.remove_prefix(file.rfind('/') + 1);  // npos + 1 is 0
  target.log->Log(level, "grpc",
                  {{"detail", message}, {"file", file}, {"line", line}});
  if (is_last) target.log->Flush();
}

void LogOfGrpc(gpr_log_func_args* args) {
  Log(LevelOf(args->severity), args->message, args->file, args->line,
      absl::StartsWith(args->message, "assertion failed"));  // GPR_ASSERT
}

void LogOfProtobuf(ProtobufLevel level, const char* file, int line,
                   const std::string& message) {
  Log(LevelOf(level), message, file, line,
      level == ProtobufLevel::LOGLEVEL_FATAL);
}

}  // namespace

ScopedGrpcLog::ScopedGrpcLog(Logger* log, absl::Time (*now)()) {
  Target& target = GlobalTarget();
  std::lock_guard<std::mutex> lock(target.mutex);
  target.log = log;
  target.now = now;
  gpr_set_log_function(LogOfGrpc);
  target.protobuf_handler = google::protobuf::SetLogHandler(LogOfProtobuf);
}

ScopedGrpcLog::~ScopedGrpcLog() {
  Target& target = GlobalTarget();
  std::lock_guard<std::mutex> lock(target.mutex);
  target.lines.TellRest(*target.log);
  target.log = nullptr;
  gpr_set_log_function(nullptr);
  google::protobuf::SetLogHandler(target.protobuf_handler);
}

uint64_t ScopedGrpcLog::suppressed() { return GlobalTarget().suppressed; }

}  // namespace sluice::policy
