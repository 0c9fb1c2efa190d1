#include "proxy/base/json_string.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/strings/str_format.h"

namespace sluice {
namespace {

struct Decoded {
  char32_t character;
  size_t length;  // 0: not well-formed
};

// The first character of `text`, which is not empty (Unicode 15 table 3-7).
Decoded DecodeUtf8(absl::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  if (first < 0x80) return {first, 1};
  const size_t length = first < 0xC2   ? 0
                        : first < 0xE0 ? 2
                        : first < 0xF0 ? 3
                        : first < 0xF5 ? 4
                                       : 0;
  if (length == 0 || text.size() < length) return {0, 0};
  char32_t character = first & (0x7F >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {0, 0};
    character = character << 6 | (byte(i) & 0x3F);
  }
  const bool overlong = (length == 3 && character < 0x800) ||
                        (length == 4 && character < 0x10000);
  const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
  if (overlong || surrogate || character > 0x10FFFF) return {0, 0};
  return {character, length};
}

bool MustEscape(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) ||  // C0, DEL, C1
         (c >= 0x2028 && c <= 0x202E) ||          // separators, directions
         (c >= 0x2066 && c <= 0x2069);            // directions
}

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
    const Decoded decoded = DecodeUtf8(text);
    const size_t length = decoded.length == 0 ? 1 : decoded.length;
    if (decoded.length == 0) {
      out->append("\xEF\xBF\xBD");
    } else if (decoded.character == '"' || decoded.character == '\\') {
      out->push_back('\\');
      out->push_back(text[0]);
    } else if (decoded.character == '\n') {
      out->append("\\n");
    } else if (MustEscape(decoded.character)) {
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
