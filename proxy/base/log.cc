#include "proxy/base/log.h"

#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "proxy/base/json_string.h"
#include "proxy/base/utc_time.h"

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

// Text, quoted where it could be mistaken for something else.
void AppendText(absl::string_view text, std::string* out) {
  if (IsBareWord(text)) {
    absl::StrAppend(out, text);
  } else {
    AppendJsonString(text, out);
  }
}

// What both formats write alike.
struct NumberWriter {
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
};

void AppendJsonField(const LogField& field, std::string* out);

struct JsonWriter : NumberWriter {
  using NumberWriter::operator();
  void operator()(absl::string_view value) { AppendJsonString(value, out); }
  void operator()(absl::Span<const LogField> group) {
    out->push_back('{');
    for (const LogField& field : group) {
      if (out->back() != '{') out->push_back(',');
      AppendJsonField(field, out);
    }
    out->push_back('}');
  }
};

void AppendJsonField(const LogField& field, std::string* out) {
  AppendJsonString(field.key(), out);
  out->push_back(':');
  absl::visit(JsonWriter{{out}}, field.value());
}

// Writes " KEY=VALUE", or the fields of a group with "KEY." before their keys.
struct TextWriter : NumberWriter {
  std::string key;

  template <typename Number>
  void operator()(Number value) {
    absl::StrAppend(out, " ", key, "=");
    NumberWriter::operator()(value);
  }
  void operator()(absl::string_view value) {
    absl::StrAppend(out, " ", key, "=");
    AppendText(value, out);
  }
  void operator()(absl::Span<const LogField> group) {
    for (const LogField& field : group) {
      std::string inner = key + ".";
      AppendText(field.key(), &inner);
      absl::visit(TextWriter{{out}, std::move(inner)}, field.value());
    }
  }
};

}  // namespace

std::string FormatLogLine(LogFormat format, absl::Time time, LogLevel level,
                          absl::string_view event,
                          absl::Span<const LogField> fields) {
  const bool json = format == LogFormat::kJson;
  const std::string when = UtcTime(time, 3);
  std::string line =
      json ? absl::StrCat("{\"time\":\"", when, "\",\"level\":\"",
                          LevelName(level), "\",\"event\":\"", event, "\"")
           : absl::StrCat(when, " ", absl::AsciiStrToUpper(LevelName(level)),
                          " ", event);
  for (const LogField& field : fields) {
    if (json) {
      line.push_back(',');
      AppendJsonField(field, &line);
    } else {
      absl::visit(TextWriter{{&line}, std::string(field.key())}, field.value());
    }
  }
  line.append(json ? "}\n" : "\n");
  return line;
}

void Logger::Log(LogLevel level, absl::string_view event,
                 absl::Span<const LogField> fields) {
  if (!Enabled(level)) return;
  sink_.Write(FormatLogLine(format_, now_(), level, event, fields));
}

void Logger::Announce(absl::string_view event,
                      absl::Span<const LogField> fields) {
  sink_.Write(FormatLogLine(format_, now_(), LogLevel::kInfo, event, fields));
}

}  // namespace sluice
