#include <iostream>

#include "proxy/base/program_options.h"
#include "proxy/server/program.h"

int main(int argc, char** argv) {
  const sluice::ParsedProgramOptions parsed = sluice::ParseProgramOptions(
      {"sluice-proxy",
       "Lets MQTT clients through to a broker as far as their access tokens\n"
       "allow: ends TLS, checks proofs of possession, judges every packet."},
      argc, argv, std::cout, std::cerr);
  if (!parsed.options.has_value()) return parsed.exit_status;
  return sluice::server::RunProgram(*parsed.options);
}
