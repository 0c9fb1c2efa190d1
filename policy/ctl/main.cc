#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "policy/ctl/program.h"
#include "proxy/base/process.h"

int main(int argc, char** argv) {
  sluice::SkipDeadlockDetection();
  const std::vector<absl::string_view> arguments(argv + (argc > 0 ? 1 : 0),
                                                 argv + argc);
  const char* server = std::getenv("SLUICE_SERVER");
  return sluice::ctl::RunProgram(
      arguments, {std::cout, std::cerr, absl::Now(),
                  server == nullptr ? std::string() : std::string(server)});
}
