#ifndef TEST_PROXY_ADMIN_HTTP_HTTP_EXCHANGE_H_
#define TEST_PROXY_ADMIN_HTTP_HTTP_EXCHANGE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "proxy/base/address.h"
#include "proxy/base/unique_fd.h"

namespace sluice {

// A connection to `address`, a numeric one of IPv4.
UniqueFd Connect(const Address& address);

// Sends `request` over a connection of its own and returns what comes until the
// server hangs up.
std::string Exchange(const Address& address, absl::string_view request);

// The answer to a GET of `path`.
std::string Get(const Address& address, absl::string_view path);

}  // namespace sluice

#endif  // TEST_PROXY_ADMIN_HTTP_HTTP_EXCHANGE_H_
