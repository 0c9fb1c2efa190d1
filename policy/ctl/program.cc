#include "policy/ctl/program.h"

#include <algorithm>
#include <cstddef>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "policy/ctl/check_command.h"
#include "policy/ctl/completion.h"
#include "policy/ctl/connection.h"
#include "policy/ctl/decision_commands.h"
#include "policy/ctl/dev_commands.h"
#include "policy/ctl/issuer_commands.h"
#include "policy/ctl/output.h"
#include "policy/ctl/public_topic_commands.h"
#include "policy/ctl/revocation_commands.h"
#include "policy/ctl/rule_commands.h"
#include "policy/ctl/session_commands.h"
#include "policy/ctl/token_commands.h"
#include "proxy/base/program_options.h"
#include "proxy/base/version.h"

namespace sluice::ctl {
namespace {

constexpr absl::string_view kName = "sluicectl";

std::vector<Command> CompletionCommands();

// Every command of the program. A new group adds its list here.
std::vector<Command> AllCommands() {
  std::vector<Command> all;
  for (std::vector<Command> group :
       {CheckCommand(), RevocationCommands(), SessionCommands(),
        TokenCommands(), DecisionCommands(), IssuerCommands(),
        PublicTopicCommands(), RuleCommands(), CompletionCommands(),
        DevCommands()}) {
    for (Command& command : group) {
      if (command.remote) {
        const std::vector<OptionSpec> options = ConnectionOptions();
        command.options.insert(command.options.end(), options.begin(),
                               options.end());
      }
      all.push_back(std::move(command));
    }
  }
  return all;
}

// They speak of all commands, and so belong here.
std::vector<Command> CompletionCommands() {
  const auto bash = [](const Options&, const Environment& environment) {
    environment.out << BashCompletion(kName, AllCommands(),
                                      ConnectionOptions());
    return absl::OkStatus();
  };
  const auto zsh = [](const Options&, const Environment& environment) {
    environment.out << ZshCompletion(kName, AllCommands(), ConnectionOptions());
    return absl::OkStatus();
  };
  return {
      {"completion",
       "bash",
       "Print a script that makes bash complete commands and options",
       "For instance in ~/.bashrc: source <(sluicectl completion bash)\n",
       {},
       bash},
      {"completion",
       "zsh",
       "Print a script that makes zsh complete commands and options",
       "For instance in ~/.zshrc: source <(sluicectl completion zsh)\n",
       {},
       zsh},
  };
}

std::string PathOf(const Command& command) {
  if (command.name.empty()) return std::string(command.group);
  return absl::StrCat(command.group, " ", command.name);
}

std::string UsageOf(const OptionSpec& option) {
  return absl::StrCat("--", option.name, option.value.empty() ? "" : " ",
                      option.value);
}

void PrintOptions(const std::vector<OptionSpec>& options, std::ostream& out) {
  for (const OptionSpec& option : options) {
    out << absl::StreamFormat("  %-28s %s\n", UsageOf(option),
                              option.repeatable
                                  ? absl::StrCat(option.help, "; repeatable")
                                  : std::string(option.help));
  }
}

// Lists the commands of `group`; of every group where it is empty.
void PrintCommands(const std::vector<Command>& commands,
                   absl::string_view group, std::ostream& out) {
  out << "usage: " << kName << " [--OPTION VALUE]... "
      << (group.empty() ? "GROUP" : group)
      << " COMMAND [ARGUMENT] [--OPTION VALUE]...\n\ncommands:\n";
  bool any_remote = false;
  for (const Command& command : commands) {
    if (!group.empty() && command.group != group) continue;
    any_remote |= command.remote;
    out << absl::StreamFormat("  %-19s %s\n", PathOf(command), command.summary);
  }
  if (any_remote) {
    out << "\nAll but completion and dev ask a policy service, and take, "
           "before or behind the "
           "command:\n";
    PrintOptions(ConnectionOptions(), out);
  }
  out << "\n--help behind a command explains it; --version prints the "
         "version.\nExit status: 0 done, 1 the command failed, 2 wrong "
         "usage. Of check: 0 yes, 1 no,\n3 no answer.\n";
}

void PrintCommand(const Command& command, std::ostream& out) {
  const auto optional = [](absl::string_view usage, bool required) {
    return required ? std::string(usage) : absl::StrCat("[", usage, "]");
  };
  out << "usage: " << kName << " " << PathOf(command);
  for (const ArgumentSpec& argument : command.arguments) {
    out << " " << optional(argument.name, argument.required);
  }
  for (const OptionSpec& option : command.options) {
    out << " " << optional(UsageOf(option), option.required)
        << (option.repeatable ? "..." : "");
  }
  out << "\n\n" << command.summary << ".\n" << command.details << "\n";
  for (const ArgumentSpec& argument : command.arguments) {
    out << absl::StreamFormat("  %-28s %s\n", argument.name, argument.help);
  }
  PrintOptions(command.options, out);
}

// What is said of a failure may have several lines. It may quote what clients
// or a server have chosen.
std::string PrintableLines(absl::string_view text) {
  std::vector<std::string> lines;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    lines.push_back(Printable(line));
  }
  return absl::StrJoin(lines, "\n");
}

// `path` is the command as far as it is known.
int WrongUsage(absl::string_view problem, absl::string_view path,
               const Environment& environment) {
  const absl::string_view space = path.empty() ? "" : " ";
  environment.err << kName << ": " << path << (path.empty() ? "" : ": ")
                  << PrintableLines(problem) << "\ntry: " << kName << space
                  << path << " --help\n";
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
      Options::Parse(command.options, command.arguments, arguments);
  absl::Status status = options.status();
  if (status.ok() && command.remote) status = CheckOutput(*options);
  if (status.ok()) status = command.run(*options, environment);
  if (absl::IsInvalidArgument(status)) {
    return WrongUsage(status.message(), PathOf(command), environment);
  }
  if (!status.ok() && !status.message().empty()) {
    environment.err << kName << ": " << PathOf(command) << ": "
                    << PrintableLines(status.message()) << "\n";
    const std::string hint = command.remote ? TlsHint(*options, status) : "";
    if (!hint.empty()) environment.err << "  " << hint << "\n";
  }
  environment.out.flush();
  if (!environment.out) {
    environment.err << kName << ": cannot write the output\n";
    return command.failure_status;
  }
  if (status.ok()) return kExitSuccess;
  return status.message().empty() ? kExitFailure : command.failure_status;
}

// Takes the options that stand before the command, with their values, off the
// front of `arguments`.
std::vector<absl::string_view> TakeLeadingOptions(
    absl::Span<const absl::string_view>* arguments) {
  std::vector<absl::string_view> taken;
  const auto take = [&] {
    taken.push_back(arguments->front());
    arguments->remove_prefix(1);
  };
  for (;;) {
    const auto starts_with = [&](const OptionSpec& option) {
      if (arguments->empty()) return false;
      absl::string_view name = arguments->front();
      return absl::ConsumePrefix(&name, "--") &&
             absl::ConsumePrefix(&name, option.name) &&
             (name.empty() || name.front() == '=');
    };
    if (absl::c_none_of(ConnectionOptions(), starts_with)) return taken;
    const bool has_value = absl::StrContains(arguments->front(), "=");
    take();
    if (!has_value && !arguments->empty()) take();
  }
}

}  // namespace

int RunProgram(absl::Span<const absl::string_view> arguments,
               const Environment& environment) {
  const std::vector<Command> commands = AllCommands();
  std::vector<absl::string_view> options = TakeLeadingOptions(&arguments);
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
  arguments.remove_prefix(1);
  const auto run = [&](const Command& command) {
    // The others work offline, and have no use for them.
    if (!command.remote) options.clear();
    options.insert(options.end(), arguments.begin(), arguments.end());
    return RunCommand(command, options, environment);
  };
  const auto only = absl::c_find_if(commands, in_group);
  if (only->name.empty()) return run(*only);
  if (arguments.empty()) return WrongUsage("no command", group, environment);
  const absl::string_view name = arguments[0];
  if (name == "--help") {
    PrintCommands(commands, group, environment.out);
    return kExitSuccess;
  }
  const auto command = absl::c_find_if(commands, [&](const Command& command) {
    return in_group(command) && command.name == name;
  });
  if (command == commands.end()) {
    return WrongUsage(absl::StrCat("unknown command \"", name, "\""), group,
                      environment);
  }
  arguments.remove_prefix(1);
  return run(*command);
}

}  // namespace sluice::ctl
