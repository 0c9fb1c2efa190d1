#include "proxy/server/connection_bounds.h"

#include <sys/resource.h>

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace sluice::server {
namespace {

// Of so few connections in all none are kept back: `max_connections` means what
// it says, whoever comes.
constexpr uint64_t kFew = 16;

// Its own, and that of its connection to the broker.
constexpr uint64_t kDescriptorsPerClient = 2;

bool LeavesRoom(const LimitsConfig& limits) {
  return limits.max_connections > kFew;
}

}  // namespace

uint64_t DescriptorLimit() {
  rlimit files{};
  return getrlimit(RLIMIT_NOFILE, &files) == 0 &&
                 files.rlim_cur != RLIM_INFINITY
             ? files.rlim_cur
             : kNoDescriptorLimit;
}

std::string DescriptorWarning(const LimitsConfig& limits,
                              uint64_t descriptors) {
  if (limits.max_connections <= descriptors / kDescriptorsPerClient) return "";
  return absl::StrCat("limits.max_connections: so many clients need ",
                      kDescriptorsPerClient * limits.max_connections,
                      " file descriptors, and the process may have ",
                      descriptors, " (ulimit -n, LimitNOFILE)");
}

uint64_t MaxPendingConnections(const LimitsConfig& limits,
                               uint64_t descriptors) {
  uint64_t result = limits.max_pending_connections;
  if (result == 0) return 0;
  if (LeavesRoom(limits)) {
    result = std::min<uint64_t>(result, limits.max_connections / 2);
  }
  return std::max<uint64_t>(std::min(result, descriptors / 4), 1);
}

uint64_t MaxAnonymousConnections(const LimitsConfig& limits,
                                 uint64_t descriptors) {
  if (limits.max_anonymous_connections.has_value()) {
    return *limits.max_anonymous_connections;
  }
  if (!LeavesRoom(limits) && descriptors == kNoDescriptorLimit) {
    return 0;
  }
  uint64_t clients = descriptors / kDescriptorsPerClient;
  if (LeavesRoom(limits)) {
    clients = std::min<uint64_t>(clients, limits.max_connections);
  }
  return std::max<uint64_t>(clients / 4, 1);
}

}  // namespace sluice::server
