#ifndef PROXY_SERVER_PROGRAM_H_
#define PROXY_SERVER_PROGRAM_H_

#include "proxy/base/program_options.h"

namespace sluice::server {

// The program sluice-proxy behind its command line: checks the configuration or
// serves it until a signal ends it. Logs to standard error. Returns the exit
// status.
//
// Owns the process: takes SIGTERM, SIGINT and SIGHUP, ignores SIGPIPE and
// prepares the process (see PrepareProcess()). Call it on the main thread,
// before any other thread is there.
int RunProgram(const ProgramOptions& options);

}  // namespace sluice::server

#endif  // PROXY_SERVER_PROGRAM_H_
