#include "proxy/base/config_log.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace sluice {

void LogConfigWarnings(absl::Span<const std::string> warnings, Logger& log) {
  for (const std::string& warning : warnings) {
    log.Warning("config_warning", {{"detail", warning}});
  }
}

void LogNeedsRestart(absl::string_view within,
                     absl::Span<const std::string> fields, Logger& log) {
  if (fields.empty()) return;
  log.Warning("reload_incomplete",
              {{"detail", absl::StrCat(within, "only a restart takes over: ",
                                       absl::StrJoin(fields, ", "))}});
}

}  // namespace sluice
