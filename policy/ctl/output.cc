#include "policy/ctl/output.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "google/protobuf/util/json_util.h"
#include "proxy/base/utc_time.h"
#include "proxy/base/utf8.h"

namespace sluice::ctl {
namespace {

constexpr char kTable[] = "table";
constexpr char kJson[] = "json";

std::string FormatOf(const Options& options) {
  return options.Find("output").value_or(kTable);
}

// `text` with what `replacement` has for each of its characters; nullopt leaves
// one as it is. Of bytes that are none the length is 0.
template <typename Replacement>
std::string Replaced(absl::string_view text, Replacement replacement) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Utf8Character next = DecodeUtf8(text);
    const size_t length = std::max<size_t>(next.length, 1);
    const std::optional<std::string> other = replacement(next);
    if (other.has_value()) {
      result += *other;
    } else {
      result.append(text.data(), length);
    }
    text.remove_prefix(length);
  }
  return result;
}

// Escapes what the JSON `text` has left as it is and steers a terminal, which
// stands in strings only; but for line breaks, which do not.
std::string EscapeRest(absl::string_view text) {
  return Replaced(
      text, [](const Utf8Character& next) -> std::optional<std::string> {
        if (next.length == 0) return "\xEF\xBF\xBD";
        if (next.character == '\n' || !SteersTerminal(next.character)) {
          return std::nullopt;
        }
        return absl::StrFormat("\\u%04x",
                               static_cast<uint32_t>(next.character));
      });
}

absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message,
                                   bool add_whitespace) {
  google::protobuf::util::JsonPrintOptions format;
  format.add_whitespace = add_whitespace;
  // A false that is left out, or a list without members, is an answer too.
  format.always_print_primitive_fields = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text, format)
           .ok()) {
    return absl::InternalError("cannot write the answer as JSON");
  }
  return EscapeRest(text);
}

}  // namespace

std::string Printable(absl::string_view text) {
  return Replaced(text,
                  [](const Utf8Character& next) -> std::optional<std::string> {
                    if (next.length > 0 && !SteersTerminal(next.character)) {
                      return std::nullopt;
                    }
                    return "?";
                  });
}

std::string Shown(absl::string_view value) {
  return value.empty() ? "-" : Printable(value);
}

void Table::Print(std::ostream& out) const {
  std::vector<size_t> widths(rows_.front().size(), 0);
  for (const std::vector<std::string>& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], Shown(row[i]).size());
    }
  }
  for (const std::vector<std::string>& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string cell = Shown(row[i]);
      line += cell;
      if (i + 1 < row.size()) line.append(widths[i] - cell.size() + 2, ' ');
    }
    out << line << "\n";
  }
}

absl::Status CheckOutput(const Options& options) {
  const std::string format = FormatOf(options);
  if (format == kTable || format == kJson) return absl::OkStatus();
  return absl::InvalidArgumentError("--output is neither table nor json");
}

absl::Status Print(const google::protobuf::Message& message, const Table& table,
                   const Options& options, const Environment& environment) {
  if (!WantsJson(options)) {
    table.Print(environment.out);
    return absl::OkStatus();
  }
  const absl::StatusOr<std::string> text =
      ToJson(message, /*add_whitespace=*/true);
  if (text.ok()) environment.out << *text;
  return text.status();
}

absl::Status PrintNothing(const absl::Status& done, const Options& options,
                          const Environment& environment) {
  if (done.ok() && WantsJson(options)) environment.out << "{}\n";
  return done;
}

bool WantsJson(const Options& options) { return FormatOf(options) == kJson; }

absl::StatusOr<std::string> JsonLine(const google::protobuf::Message& message) {
  absl::StatusOr<std::string> text = ToJson(message, /*add_whitespace=*/false);
  if (text.ok()) *text += '\n';
  return text;
}

const char* PermissionsText(bool publish, bool subscribe) {
  if (publish) return subscribe ? "pub,sub" : "pub";
  return subscribe ? "sub" : "";
}

std::string TimeText(const google::protobuf::Timestamp& timestamp) {
  if (timestamp.seconds() == 0) return "";
  return UtcTime(absl::FromUnixSeconds(timestamp.seconds()), 0);
}

}  // namespace sluice::ctl
