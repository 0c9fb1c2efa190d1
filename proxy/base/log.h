#ifndef PROXY_BASE_LOG_H_
#define PROXY_BASE_LOG_H_

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <type_traits>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "absl/types/variant.h"

namespace sluice {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError };

enum class LogFormat : uint8_t {
  // {"time":"2026-01-31T12:00:00.123Z","level":"info","event":"ready","n":1}
  kJson,
  // 2026-01-31T12:00:00.123Z INFO ready n=1
  kText,
};

// One fact of an event. Views live as long as the call that logs them.
class LogField {
 public:
  using Value = absl::variant<bool, int64_t, uint64_t, double,
                              absl::string_view, absl::Span<const LogField>>;

  // `key` is a literal in snake_case, other than time, level and event.
  LogField(absl::string_view key, absl::string_view value)
      : key_(key), value_(value) {}
  LogField(absl::string_view key, const std::string& value)
      : LogField(key, absl::string_view(value)) {}
  LogField(absl::string_view key, const char* value)
      : LogField(key, absl::string_view(value)) {}
  // A group: {"key":{"a":1,"b":2}}, or key.a=1 key.b=2. Its keys may be any
  // text.
  LogField(absl::string_view key, absl::Span<const LogField> group)
      : key_(key), value_(group) {}
  LogField(absl::string_view key, bool value) : key_(key), value_(value) {}
  LogField(absl::string_view key, double value) : key_(key), value_(value) {}
  template <typename T, std::enable_if_t<std::is_integral<T>::value, int> = 0>
  LogField(absl::string_view key, T value)
      : key_(key),
        value_(static_cast<
               std::conditional_t<std::is_signed<T>::value, int64_t, uint64_t>>(
            value)) {}

  absl::string_view key() const { return key_; }
  const Value& value() const { return value_; }

 private:
  absl::string_view key_;
  Value value_;
};

// The line of an event, with the line break at its end: see Logger.
std::string FormatLogLine(LogFormat format, absl::Time time, LogLevel level,
                          absl::string_view event,
                          absl::Span<const LogField> fields);

// Where finished lines go. Thread-safe.
class LogSinkInterface {
 public:
  virtual ~LogSinkInterface() = default;
  // `line` ends with the only line break in it. Returns without waiting for
  // whoever reads it: event loops log.
  virtual void Write(absl::string_view line) = 0;
  // Waits, within a bound, until the lines are where they go: for whoever ends
  // the process without unwinding.
  virtual void Flush() {}
  // Lines that were not written, and will not be.
  virtual uint64_t dropped() const { return 0; }
};

// A structured log: one event, one line. An event is a short constant name in
// snake_case, what varies is in the fields; callers pass no secrets.
//
// Values are escaped so that no input can end a line, or pose as a field, or
// steer a terminal: ill-formed UTF-8 becomes U+FFFD, and control characters
// become escapes in both formats.
//
// Thread-safe. There is no global logger: who logs is given one.
class Logger {
 public:
  // `sink` outlives the logger. `now` gives the time of an event.
  Logger(LogSinkInterface* sink, LogLevel level, LogFormat format,
         absl::Time (*now)() = absl::Now)
      : sink_(*sink), format_(format), now_(now), level_(level) {}
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  // Whether events of `level` are written; for callers that have to compute
  // what they log.
  bool Enabled(LogLevel level) const {
    return level >= level_.load(std::memory_order_relaxed);
  }

  // May be called while others log.
  void SetLevel(LogLevel level) {
    level_.store(level, std::memory_order_relaxed);
  }

  void Log(LogLevel level, absl::string_view event,
           absl::Span<const LogField> fields);
  void Log(LogLevel level, absl::string_view event,
           std::initializer_list<LogField> fields = {}) {
    Log(level, event, absl::MakeConstSpan(fields.begin(), fields.size()));
  }

  // Logs at kInfo, but whatever the level is: what somebody waits for.
  void Announce(absl::string_view event, absl::Span<const LogField> fields);

  // The sink's.
  void Flush() { sink_.Flush(); }
  uint64_t dropped() const { return sink_.dropped(); }

  void Info(absl::string_view event,
            std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kInfo, event, fields);
  }
  void Warning(absl::string_view event,
               std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kWarning, event, fields);
  }
  void Error(absl::string_view event,
             std::initializer_list<LogField> fields = {}) {
    Log(LogLevel::kError, event, fields);
  }

 private:
  LogSinkInterface& sink_;
  const LogFormat format_;
  absl::Time (*const now_)();
  std::atomic<LogLevel> level_;
};

}  // namespace sluice

#endif  // PROXY_BASE_LOG_H_
