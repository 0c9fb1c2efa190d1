#ifndef PROXY_SERVER_CONNECTION_BOUNDS_H_
#define PROXY_SERVER_CONNECTION_BOUNDS_H_

#include <cstdint>
#include <limits>
#include <string>

#include "proxy/server/config.h"

namespace sluice::server {

// How many connections of a kind there may be, so that they leave room for
// others, whatever there is least of: for transport::ConnectionLimits, 0: no
// limit. `descriptors` is how many the process may have.

constexpr uint64_t kNoDescriptorLimit = std::numeric_limits<uint64_t>::max();

// Of this process.
uint64_t DescriptorLimit();

// What operators should know where max_connections is more than that allows;
// else empty.
std::string DescriptorWarning(const LimitsConfig& limits, uint64_t descriptors);

// Those that are not let in yet, which have a descriptor each.
uint64_t MaxPendingConnections(const LimitsConfig& limits,
                               uint64_t descriptors);

// Those that were let in without a token. A client that is in has one
// descriptor, and one for its connection to the broker.
uint64_t MaxAnonymousConnections(const LimitsConfig& limits,
                                 uint64_t descriptors);

}  // namespace sluice::server

#endif  // PROXY_SERVER_CONNECTION_BOUNDS_H_
