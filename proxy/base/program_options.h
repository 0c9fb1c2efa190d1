#ifndef PROXY_BASE_PROGRAM_OPTIONS_H_
#define PROXY_BASE_PROGRAM_OPTIONS_H_

#include <iosfwd>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace sluice {

// Exit statuses of every program.
inline constexpr int kExitSuccess = 0;
inline constexpr int kExitFailure = 1;  // a bad configuration included
inline constexpr int kExitUsage = 2;

// The command line of the long-running programs.
struct ProgramOptions {
  // Path of the configuration file; never empty.
  std::string config;
  // Only check the configuration, then exit.
  bool check = false;
};

// What `--help` and `--version` say.
struct ProgramDescription {
  absl::string_view name;     // "sluice-proxy"
  absl::string_view summary;  // one sentence, printed below the usage line
};

struct ParsedProgramOptions {
  // Absent when the program should exit at once with `exit_status`.
  std::optional<ProgramOptions> options;
  int exit_status = kExitSuccess;
};

// Reads `--config FILE` (also `--config=FILE`), `--check`, `--help` and
// `--version`. The texts asked for go to `out`, with kExitSuccess; a complaint
// about the usage (unknown, repeated or missing flag, stray argument) goes to
// `err`, with kExitUsage. `--help` and `--version` win over anything behind
// them. Touches neither files nor global state.
ParsedProgramOptions ParseProgramOptions(const ProgramDescription& program,
                                         int argc, const char* const* argv,
                                         std::ostream& out, std::ostream& err);

}  // namespace sluice

#endif  // PROXY_BASE_PROGRAM_OPTIONS_H_
