#ifndef PROXY_MQTT_UTF8_H_
#define PROXY_MQTT_UTF8_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace sluice::mqtt {

// The longest string that MQTT can carry (MQTT 5.0 section 1.5.4).
inline constexpr size_t kMaxStringSize = 65535;

// What one pass over a string tells.
struct Utf8Scan {
  // UTF-8 as MQTT 5.0 section 1.5.4 wants it; see IsValidUtf8().
  bool valid = false;
  // Holds `+` or `#` somewhere; meaningful when `valid`.
  bool has_wildcard = false;
};

// Does not allocate. Eight bytes a step where the text is ASCII.
Utf8Scan ScanUtf8(absl::string_view text);

// UTF-8 as MQTT 5.0 section 1.5.4 wants it: well formed, shortest form, no
// surrogates, no U+0000. Control characters and non-characters are let through
// ("may" close); at most 65,535 bytes.
inline bool IsValidUtf8(absl::string_view text) { return ScanUtf8(text).valid; }

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_UTF8_H_
