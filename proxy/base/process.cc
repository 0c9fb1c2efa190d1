#include "proxy/base/process.h"

#include <sys/prctl.h>

#include "absl/synchronization/mutex.h"

namespace sluice {

void ForbidLookingIntoMemory() { prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

void SkipDeadlockDetection() {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

}  // namespace sluice
