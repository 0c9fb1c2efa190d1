#ifndef PROXY_BASE_JSON_STRING_H_
#define PROXY_BASE_JSON_STRING_H_

#include <string>

#include "absl/strings/string_view.h"

namespace sluice {

// Appends `text` to `out` as a JSON string (RFC 8259 section 7), quotes
// included. The result is valid UTF-8 whatever `text` holds: each byte that is
// no part of well-formed UTF-8 becomes U+FFFD. Characters that would end a line
// or steer a terminal (controls, separators, changes of writing direction) are
// escaped.
void AppendJsonString(absl::string_view text, std::string* out);

}  // namespace sluice

#endif  // PROXY_BASE_JSON_STRING_H_
