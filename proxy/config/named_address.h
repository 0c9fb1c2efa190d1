#ifndef PROXY_CONFIG_NAMED_ADDRESS_H_
#define PROXY_CONFIG_NAMED_ADDRESS_H_

#include <string>

#include "absl/status/statusor.h"
#include "proxy/base/address.h"
#include "proxy/config/locations.h"

namespace sluice::config {

// What an address in a configuration may be. Any port (port 0) is for what is
// listened at.
enum class Unix { kAllowed, kRefused };
enum class AnyPort { kAllowed, kRefused };

// The address `text` of the field at `path`, which is required. A socket file's
// path is relative to the configuration file. Failures are for the user.
absl::StatusOr<Address> ReadNamedAddress(const Locations& locations,
                                         const std::string& path,
                                         const std::string& text,
                                         Unix unix_socket, AnyPort any_port);

}  // namespace sluice::config

#endif  // PROXY_CONFIG_NAMED_ADDRESS_H_
