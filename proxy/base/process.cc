#include "proxy/base/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/synchronization/mutex.h"

namespace sluice {

bool FillStandardDescriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    // Of those that are free open() takes the lowest.
    if (open("/dev/null", O_RDWR) != fd) return false;
  }
  return true;
}

void ForbidLookingIntoMemory() { prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

void SkipDeadlockDetection() {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

void ForgetTracing() {
  for (const char* name : {"SSLKEYLOGFILE", "GRPC_TRACE", "GRPC_VERBOSITY"}) {
    unsetenv(name);
  }
}

void RaiseDescriptorLimit() {
  rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return;
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

void PrepareProcess() {
  ForbidLookingIntoMemory();
  SkipDeadlockDetection();
  ForgetTracing();
  RaiseDescriptorLimit();
}

}  // namespace sluice
