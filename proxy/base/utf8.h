#ifndef PROXY_BASE_UTF8_H_
#define PROXY_BASE_UTF8_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace sluice {

struct Utf8Character {
  char32_t character;
  size_t length;  // in bytes; 0: not well-formed
};

// The first character of `text`, which is not empty (Unicode 15 table 3-7).
Utf8Character DecodeUtf8(absl::string_view text);

// Whether all of `text` is well-formed.
bool IsUtf8(absl::string_view text);

// Whether `character` would end a line or steer a terminal: controls (C0, DEL
// and C1), separators of lines, changes of writing direction.
bool SteersTerminal(char32_t character);

}  // namespace sluice

#endif  // PROXY_BASE_UTF8_H_
