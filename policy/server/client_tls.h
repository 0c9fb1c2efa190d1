#ifndef POLICY_SERVER_CLIENT_TLS_H_
#define POLICY_SERVER_CLIENT_TLS_H_

#include <string>

#include "absl/status/statusor.h"
#include "policy/tls/client_tls.h"
#include "proto/sluice/config/v1/policy.pb.h"
#include "proxy/config/locations.h"

namespace sluice::policy {

// Reads the files that the field at `path`, which is `schema`, names. Failures
// name file and field.
absl::StatusOr<ClientTls> ReadClientTls(
    const config::v1::PolicyConfig::ClientTls& schema, const std::string& path,
    const config::Locations& locations);

}  // namespace sluice::policy

#endif  // POLICY_SERVER_CLIENT_TLS_H_
