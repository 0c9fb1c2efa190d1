#ifndef PROXY_SERVER_SHOWN_VALUE_H_
#define PROXY_SERVER_SHOWN_VALUE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace sluice::server {

// A value that a client or an authorization server chose, valid UTF-8, as it is
// recorded: cut short, with a sign that it is, where it is long.
std::string ShownValue(absl::string_view value);

// Whether that is the value as it is.
bool IsShownWhole(absl::string_view value);

}  // namespace sluice::server

#endif  // PROXY_SERVER_SHOWN_VALUE_H_
