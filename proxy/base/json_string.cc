#include "proxy/base/json_string.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/str_format.h"
#include "proxy/base/utf8.h"

namespace sluice {
namespace {

constexpr std::array<bool, 256> kIsPlain = [] {
  std::array<bool, 256> plain{};
  for (size_t c = 0x20; c < 0x7F; ++c) plain[c] = c != '"' && c != '\\';
  return plain;
}();

// How many of the first characters are ASCII and stand for themselves; most of
// what is written is nothing else.
size_t PlainLength(absl::string_view text) {
  size_t length = 0;
  while (length < text.size() && kIsPlain[static_cast<uint8_t>(text[length])]) {
    ++length;
  }
  return length;
}

}  // namespace

void AppendJsonString(absl::string_view text, std::string* out) {
  out->push_back('"');
  for (;;) {
    const size_t plain = PlainLength(text);
    out->append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const Utf8Character decoded = DecodeUtf8(text);
    const size_t length = decoded.length == 0 ? 1 : decoded.length;
    if (decoded.length == 0) {
      out->append("\xEF\xBF\xBD");
    } else if (decoded.character == '"' || decoded.character == '\\') {
      out->push_back('\\');
      out->push_back(text[0]);
    } else if (decoded.character == '\n') {
      out->append("\\n");
    } else if (SteersTerminal(decoded.character)) {
      absl::StrAppendFormat(out, "\\u%04x",
                            static_cast<uint32_t>(decoded.character));
    } else {
      out->append(text.data(), length);
    }
    text.remove_prefix(length);
  }
  out->push_back('"');
}

}  // namespace sluice
