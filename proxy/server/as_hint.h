#ifndef PROXY_SERVER_AS_HINT_H_
#define PROXY_SERVER_AS_HINT_H_

#include <string>

#include "absl/status/status.h"
#include "proto/sluice/config/v1/proxy.pb.h"
#include "proxy/base/secret_string.h"
#include "proxy/config/locations.h"

namespace sluice::server {

// What refused clients are told about the authorization server (ACE-CON-2).
struct AsHintConfig {
  std::string json;  // the object, without `cnonce`; empty: no hint
  // A secret. Empty: hints carry no `cnonce`, and those in tokens do not
  // matter.
  SecretString cnonce_key;
  bool cnonce_optional = false;
};

// Checks the field `ace.as_hint`, which is there, and reads its file.
absl::Status CheckAsHint(const config::v1::ProxyConfig::Ace::AsHint& hint,
                         const config::Locations& locations,
                         AsHintConfig* result);

}  // namespace sluice::server

#endif  // PROXY_SERVER_AS_HINT_H_
