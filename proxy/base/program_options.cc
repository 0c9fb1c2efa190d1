#include "proxy/base/program_options.h"

#include <ostream>

#include "absl/strings/strip.h"
#include "proxy/base/version.h"

namespace sluice {
namespace {

constexpr char kOptionsHelp[] = R"(
  --config FILE  the configuration, YAML; SIGHUP reads it anew
  --check        check the configuration, print the first error with file,
                 line and field, and exit with 0 or 1
  --version      print the version and exit
  --help         print this and exit

SIGTERM and SIGINT drain; a second one quits at once. Exit status: 0 done,
1 the configuration is bad or the program failed, 2 wrong usage.
)";

void PrintUsage(const ProgramDescription& program, std::ostream& stream) {
  stream << "usage: " << program.name << " --config FILE [--check]\n";
}

ParsedProgramOptions Exit(int status) {
  ParsedProgramOptions result;
  result.exit_status = status;
  return result;
}

// Prints what is wrong and how it goes right.
ParsedProgramOptions WrongUsage(const ProgramDescription& program,
                                std::ostream& err, absl::string_view problem,
                                absl::string_view argument = "") {
  err << program.name << ": " << problem << argument << "\n";
  PrintUsage(program, err);
  return Exit(kExitUsage);
}

}  // namespace

ParsedProgramOptions ParseProgramOptions(const ProgramDescription& program,
                                         int argc, const char* const* argv,
                                         std::ostream& out, std::ostream& err) {
  ProgramOptions options;
  bool has_config = false;
  for (int i = 1; i < argc; ++i) {
    const absl::string_view argument = argv[i];
    absl::string_view value = argument;
    if (argument == "--help" || argument == "-h") {
      PrintUsage(program, out);
      out << "\n" << program.summary << "\n" << kOptionsHelp;
      return Exit(kExitSuccess);
    }
    if (argument == "--version") {
      out << program.name << " " << kVersion << "\n";
      return Exit(kExitSuccess);
    }
    if (argument == "--check") {
      options.check = true;
      continue;
    }
    if (argument == "--config") {
      if (++i == argc) {
        return WrongUsage(program, err, "--config needs a file");
      }
      value = argv[i];
    } else if (!absl::ConsumePrefix(&value, "--config=")) {
      return WrongUsage(program, err, "unknown argument: ", argument);
    }
    if (has_config) return WrongUsage(program, err, "--config is repeated");
    if (value.empty()) {
      return WrongUsage(program, err, "--config needs a file");
    }
    options.config = std::string(value);
    has_config = true;
  }
  if (!has_config) return WrongUsage(program, err, "--config FILE is missing");
  ParsedProgramOptions result;
  result.options = std::move(options);
  return result;
}

}  // namespace sluice
