#ifndef PROXY_BASE_SANDBOX_H_
#define PROXY_BASE_SANDBOX_H_

#include "absl/status/status.h"

namespace sluice {

// Gives up, for this thread, those that it starts and for good, what a server
// does not need and whoever has taken it over would like to have:
//  - other programs and processes: execve and fork fail with EPERM, and so do
//    debugging, mounting, loading into the kernel, changing users, namespaces,
//    the clock, and io_uring, which would do these things past the filter;
//  - capabilities, where the process has any, but for binding to low ports and
//    reading and writing files of others.
// To be called while there is one thread. On failure some of it may have been
// given up; that is no reason not to serve, but one to be told.
absl::Status EnterSandbox();

}  // namespace sluice

#endif  // PROXY_BASE_SANDBOX_H_
