#include "proxy/base/process.h"

#include <sys/prctl.h>

namespace sluice {

void ForbidLookingIntoMemory() { prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

}  // namespace sluice
