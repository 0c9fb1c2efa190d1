#ifndef POLICY_CTL_COMMAND_H_
#define POLICY_CTL_COMMAND_H_

#include <iosfwd>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/ctl/options.h"

namespace sluice::ctl {

// What a command runs in.
struct Environment {
  // What was asked for, and nothing else, goes here.
  std::ostream& out;
  std::ostream& err;
  absl::Time now;
  // Of the variable SLUICE_SERVER; empty where it is not set.
  std::string server = {};
};

// One thing that the program does:
// `sluicectl GROUP NAME ARGUMENT --option value ...`. A group's commands are
// listed in that group's file.
struct Command {
  absl::string_view group;
  // Empty: the group is the command.
  absl::string_view name;
  // One line for the list of commands.
  absl::string_view summary;
  // Sentences for the command's own help; may be empty.
  absl::string_view details;
  std::vector<OptionSpec> options;
  // InvalidArgument says that an option's value is wrong, which is wrong usage;
  // any other status that the command failed; one without a message, that the
  // output says so already.
  absl::Status (*run)(const Options& options, const Environment& environment);
  std::vector<ArgumentSpec> arguments = {};
  // Asks a server: takes the options of connection.h as well, whose --output is
  // checked before it runs.
  bool remote = false;
  // What the program exits with when the command has failed and the output does
  // not say so. 1 where that cannot be taken for an answer.
  int failure_status = 1;
};

}  // namespace sluice::ctl

#endif  // POLICY_CTL_COMMAND_H_
