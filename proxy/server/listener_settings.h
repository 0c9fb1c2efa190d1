#ifndef PROXY_SERVER_LISTENER_SETTINGS_H_
#define PROXY_SERVER_LISTENER_SETTINGS_H_

#include <memory>

#include "absl/status/statusor.h"
#include "proxy/server/config.h"
#include "proxy/session/settings.h"
#include "proxy/transport/listener_config.h"

namespace sluice::server {

// What sessions of `listener` go by.
session::Settings MakeSessionSettings(const Config& config,
                                      const MqttListenerConfig& listener);

// How clients of `listener` are served; reads its certificate and key. An error
// names the file.
absl::StatusOr<std::shared_ptr<const transport::ListenerConfig>>
MakeTransportConfig(const Config& config, const MqttListenerConfig& listener);

}  // namespace sluice::server

#endif  // PROXY_SERVER_LISTENER_SETTINGS_H_
