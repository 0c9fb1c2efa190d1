#include "proxy/base/log.h"

#include <unistd.h>

#include <cerrno>
#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "proxy/base/json_string.h"

namespace sluice {
namespace {

absl::string_view LevelName(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "unknown";
}

// Whether a value of the text format can stand without quotes.
bool IsBareWord(absl::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    if (!absl::ascii_isgraph(c) || c == '"' || c == '=' || c == '\\') {
      return false;
    }
  }
  return true;
}

// Writes a field's value in either format.
struct ValueWriter {
  LogFormat format;
  std::string* out;

  void operator()(bool value) { out->append(value ? "true" : "false"); }
  void operator()(int64_t value) { absl::StrAppend(out, value); }
  void operator()(uint64_t value) { absl::StrAppend(out, value); }
  void operator()(double value) {
    // JSON has no word for infinity and not-a-number.
    if (std::isfinite(value)) {
      absl::StrAppend(out, value);
    } else {
      out->append("null");
    }
  }
  void operator()(absl::string_view value) {
    if (format == LogFormat::kText && IsBareWord(value)) {
      absl::StrAppend(out, value);
    } else {
      AppendJsonString(value, out);
    }
  }
};

std::string FormatLine(LogFormat format, absl::Time time, LogLevel level,
                       absl::string_view event,
                       absl::Span<const LogField> fields) {
  const bool json = format == LogFormat::kJson;
  const std::string when =
      absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", time, absl::UTCTimeZone());
  std::string line =
      json ? absl::StrCat("{\"time\":\"", when, "\",\"level\":\"",
                          LevelName(level), "\",\"event\":\"", event, "\"")
           : absl::StrCat(when, " ", absl::AsciiStrToUpper(LevelName(level)),
                          " ", event);
  for (const LogField& field : fields) {
    if (json) {
      absl::StrAppend(&line, ",\"", field.key(), "\":");
    } else {
      absl::StrAppend(&line, " ", field.key(), "=");
    }
    absl::visit(ValueWriter{format, &line}, field.value());
  }
  line.append(json ? "}\n" : "\n");
  return line;
}

}  // namespace

void FdLogSink::Write(absl::string_view line) {
  std::lock_guard<std::mutex> lock(mutex_);
  while (!line.empty()) {
    const ssize_t written = write(fd_, line.data(), line.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return;
    }
    line.remove_prefix(static_cast<size_t>(written));
  }
}

void Logger::Log(LogLevel level, absl::string_view event,
                 absl::Span<const LogField> fields) {
  if (!Enabled(level)) return;
  sink_.Write(FormatLine(format_, now_(), level, event, fields));
}

}  // namespace sluice
