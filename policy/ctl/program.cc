#include "policy/ctl/program.h"

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "policy/ctl/dev_commands.h"
#include "proxy/base/program_options.h"
#include "proxy/base/version.h"

namespace sluice::ctl {
namespace {

constexpr absl::string_view kName = "sluicectl";

// Every command of the program. A new group adds its list here.
std::vector<Command> AllCommands() { return DevCommands(); }

std::string PathOf(const Command& command) {
  return absl::StrCat(command.group, " ", command.name);
}

// Lists the commands of `group`; of every group where it is empty.
void PrintCommands(const std::vector<Command>& commands,
                   absl::string_view group, std::ostream& out) {
  out << "usage: " << kName << " " << (group.empty() ? "GROUP" : group)
      << " COMMAND [--OPTION VALUE]...\n\ncommands:\n";
  for (const Command& command : commands) {
    if (!group.empty() && command.group != group) continue;
    out << absl::StreamFormat("  %-14s %s\n", PathOf(command), command.summary);
  }
  out << "\n--help behind a command explains it; --version prints the "
         "version.\nExit status: 0 done, 1 the command failed, 2 wrong "
         "usage.\n";
}

void PrintCommand(const Command& command, std::ostream& out) {
  out << "usage: " << kName << " " << PathOf(command);
  for (const OptionSpec& option : command.options) {
    const std::string usage =
        absl::StrCat("--", option.name, " ", option.value);
    out << " " << (option.required ? usage : absl::StrCat("[", usage, "]"));
  }
  out << "\n\n" << command.summary << ".\n" << command.details << "\n";
  for (const OptionSpec& option : command.options) {
    out << absl::StreamFormat(
        "  %-26s %s\n", absl::StrCat("--", option.name, " ", option.value),
        option.help);
  }
}

// `path` is the command as far as it is known.
int WrongUsage(absl::string_view problem, absl::string_view path,
               const Environment& environment) {
  const absl::string_view space = path.empty() ? "" : " ";
  environment.err << kName << ": " << path << (path.empty() ? "" : ": ")
                  << problem << "\ntry: " << kName << space << path
                  << " --help\n";
  return kExitUsage;
}

int RunCommand(const Command& command,
               absl::Span<const absl::string_view> arguments,
               const Environment& environment) {
  if (absl::c_linear_search(arguments, "--help")) {
    PrintCommand(command, environment.out);
    return kExitSuccess;
  }
  const absl::StatusOr<Options> options =
      Options::Parse(command.options, arguments);
  absl::Status status = options.status();
  if (status.ok()) status = command.run(*options, environment);
  if (absl::IsInvalidArgument(status)) {
    return WrongUsage(status.message(), PathOf(command), environment);
  }
  if (!status.ok()) {
    environment.err << kName << ": " << PathOf(command) << ": "
                    << status.message() << "\n";
    return kExitFailure;
  }
  environment.out.flush();
  if (!environment.out) {
    environment.err << kName << ": cannot write the output\n";
    return kExitFailure;
  }
  return kExitSuccess;
}

}  // namespace

int RunProgram(absl::Span<const absl::string_view> arguments,
               const Environment& environment) {
  const std::vector<Command> commands = AllCommands();
  if (arguments.empty()) return WrongUsage("no command", "", environment);
  const absl::string_view group = arguments[0];
  if (group == "--help") {
    PrintCommands(commands, "", environment.out);
    return kExitSuccess;
  }
  if (group == "--version") {
    environment.out << kName << " " << kVersion << "\n";
    return kExitSuccess;
  }
  const auto in_group = [group](const Command& c) { return c.group == group; };
  if (absl::c_none_of(commands, in_group)) {
    return WrongUsage(absl::StrCat("unknown command \"", group, "\""), "",
                      environment);
  }
  if (arguments.size() == 1) {
    return WrongUsage("no command", group, environment);
  }
  if (arguments[1] == "--help") {
    PrintCommands(commands, group, environment.out);
    return kExitSuccess;
  }
  const auto is_asked_for = [&](const Command& command) {
    return in_group(command) && command.name == arguments[1];
  };
  const auto command = absl::c_find_if(commands, is_asked_for);
  if (command == commands.end()) {
    return WrongUsage(absl::StrCat("unknown command \"", arguments[1], "\""),
                      group, environment);
  }
  return RunCommand(*command, arguments.subspan(2), environment);
}

}  // namespace sluice::ctl
