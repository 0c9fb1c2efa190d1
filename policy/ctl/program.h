#ifndef POLICY_CTL_PROGRAM_H_
#define POLICY_CTL_PROGRAM_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/ctl/command.h"

namespace sluice::ctl {

// Runs the command that `arguments`, without the program's name, ask for and
// returns the exit status: 0 done, 1 the command failed, 2 wrong usage, which
// is told in one line and a hint. `--help` (at any depth) and `--version` are
// answered on `environment.out`.
int RunProgram(absl::Span<const absl::string_view> arguments,
               const Environment& environment);

}  // namespace sluice::ctl

#endif  // POLICY_CTL_PROGRAM_H_
