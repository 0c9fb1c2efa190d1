#ifndef PROXY_SERVER_RELOAD_H_
#define PROXY_SERVER_RELOAD_H_

#include <string>
#include <vector>

#include "proxy/server/config.h"

namespace sluice::server {

// In which fields `changed` differs from `running` that a running proxy cannot
// take over, as paths: "limits.denials_per_second". Listeners are told apart by
// their names, and called by their places in `changed`, or in `running` where
// they are gone. Holds no values, which may be secret. What an embedded policy
// service has is not looked at.
std::vector<std::string> FieldsForRestart(const Config& running,
                                          const Config& changed);

}  // namespace sluice::server

#endif  // PROXY_SERVER_RELOAD_H_
