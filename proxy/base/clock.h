#ifndef PROXY_BASE_CLOCK_H_
#define PROXY_BASE_CLOCK_H_

#include <functional>

#include "absl/time/time.h"

namespace sluice {

// What time it is: the system's, or a test's. Called on any thread.
using Clock = std::function<absl::Time()>;

}  // namespace sluice

#endif  // PROXY_BASE_CLOCK_H_
