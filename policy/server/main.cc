#include <iostream>

#include "policy/server/program.h"
#include "proxy/base/program_options.h"

int main(int argc, char** argv) {
  const sluice::ParsedProgramOptions parsed = sluice::ParseProgramOptions(
      {"sluice-policy",
       "The policy service of Sluice: verifies access tokens and proofs of\n"
       "possession, and tells proxies over gRPC what a client may do."},
      argc, argv, std::cout, std::cerr);
  if (!parsed.options.has_value()) return parsed.exit_status;
  return sluice::policy::RunProgram(*parsed.options);
}
