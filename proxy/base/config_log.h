#ifndef PROXY_BASE_CONFIG_LOG_H_
#define PROXY_BASE_CONFIG_LOG_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "proxy/base/log.h"

namespace sluice {

// What the servers log of their configurations.

// config_warning, one for each.
void LogConfigWarnings(absl::Span<const std::string> warnings, Logger& log);

// reload_incomplete, unless `fields`, which are those that a running program
// cannot take over, are none. `within` says what they are fields of:
// "policy.embedded: "; empty: the program's own file.
void LogNeedsRestart(absl::string_view within,
                     absl::Span<const std::string> fields, Logger& log);

}  // namespace sluice

#endif  // PROXY_BASE_CONFIG_LOG_H_
