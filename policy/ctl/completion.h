#ifndef POLICY_CTL_COMPLETION_H_
#define POLICY_CTL_COMPLETION_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "policy/ctl/command.h"

namespace sluice::ctl {

// A script that makes bash complete `program`'s commands, their options, and
// the files that some of these take. With `leading`, the options that may stand
// before a command.
std::string BashCompletion(absl::string_view program,
                           absl::Span<const Command> commands,
                           absl::Span<const OptionSpec> leading);

// The same for zsh, by its emulation of bash's completion.
std::string ZshCompletion(absl::string_view program,
                          absl::Span<const Command> commands,
                          absl::Span<const OptionSpec> leading);

}  // namespace sluice::ctl

#endif  // POLICY_CTL_COMPLETION_H_
